/** Which signatures of a webhook call hold (Standard Webhooks): `v1` under a shared secret, `v1a` under a public key. */
import { VerihubError } from './errors.ts';

type Bytes = Uint8Array<ArrayBuffer>;

interface Verifier {
  version: 'v1' | 'v1a';
  holds: (signature: Bytes, signed: Bytes) => Promise<boolean>;
}

/** The hub signs with a few keys at a time; a header with more is not from it. */
const mostSignatures = 16;

/** `header`: `<version>,<base64>` with blanks between them. `keys`: `whsec_…` and `whpk_…`; one that holds is enough. */
export async function anySignatureHolds(signed: Bytes, header: string, keys: readonly string[]): Promise<boolean> {
  const signatures = header
    .split(' ')
    .slice(0, mostSignatures)
    .map((part) => part.split(','));
  let held = false;
  for (const key of keys) {
    const { version, holds } = await verifierOf(key);
    for (const [name, encoded = ''] of signatures) {
      const bytes = name === version ? decodeBase64(encoded) : null;
      if (bytes !== null && (await holds(bytes, signed))) held = true;
    }
  }
  return held;
}

/** A public key only ever checks `v1a`: taken for a secret, anybody who knows it could make a `v1` that holds. */
function verifierOf(key: string): Promise<Verifier> {
  if (key.startsWith('whpk_')) return publicKeyVerifier(key.slice('whpk_'.length));
  const secret = key.startsWith('whsec_') ? key.slice('whsec_'.length) : key;
  if (/^wh[a-z]+_/.test(secret)) throw invalid('a webhook is checked with whsec_… or whpk_…');
  return secretVerifier(secret);
}

async function secretVerifier(encoded: string): Promise<Verifier> {
  const bytes = decodeBase64(encoded);
  if (bytes === null || bytes.length === 0) throw invalid('a webhook secret is whsec_ and base64');
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  // WebCrypto compares in constant time.
  return { version: 'v1', holds: (signature, signed) => subtle.verify('HMAC', key, signature, signed) };
}

async function publicKeyVerifier(encoded: string): Promise<Verifier> {
  const bytes = decodeBase64(encoded);
  if (bytes?.length !== 32) throw invalid('a webhook public key is whpk_ and 32 bytes in base64');
  const { subtle } = globalThis.crypto;
  const key = await importEd25519(bytes);
  return { version: 'v1a', holds: (signature, signed) => subtle.verify('Ed25519', key, signature, signed) };
}

async function importEd25519(bytes: Bytes): Promise<CryptoKey> {
  try {
    return await globalThis.crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify']);
  } catch (error) {
    throw new VerihubError('unsupported-platform', { detail: 'this engine has no Ed25519', cause: error });
  }
}

function invalid(detail: string): VerihubError {
  return new VerihubError('invalid-argument', { detail });
}

/** Null for anything else; base64url is taken too. */
function decodeBase64(text: string): Bytes | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null;
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  if (plain.length % 4 === 1) return null;
  return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
}
