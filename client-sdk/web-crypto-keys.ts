/** The two P-256 key pairs of a device in WebCrypto: shared by the IndexedDB and the memory key store. */
import { VerihubError } from './errors.ts';
import type { DevicePublicKeys } from './key-store.ts';
import type { PublicJwk } from './protocol.ts';

export interface DeviceKeyPairs {
  signing: CryptoKeyPair;
  encryption: CryptoKeyPair;
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' };
const ecdh = { name: 'ECDH', namedCurve: 'P-256' };

function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle;
  // Browsers hide it outside secure contexts (https, localhost).
  if (found === undefined)
    throw new VerihubError('unsupported-platform', {
      detail: 'crypto.subtle is missing: not a secure context, or an engine without WebCrypto',
    });
  return found;
}

export async function generateDeviceKeys(extractable: boolean): Promise<DeviceKeyPairs> {
  const [signing, encryption] = await Promise.all([
    subtle().generateKey(ecdsa, extractable, ['sign', 'verify']),
    subtle().generateKey(ecdh, extractable, ['deriveBits']),
  ]);
  return { signing, encryption };
}

export async function exportPublicKeys(keys: DeviceKeyPairs): Promise<DevicePublicKeys> {
  const [signing, encryption] = await Promise.all([
    publicJwk(keys.signing.publicKey),
    publicJwk(keys.encryption.publicKey),
  ]);
  return { signing, encryption };
}

export async function signWith(keys: DeviceKeyPairs, data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(
    await subtle().sign({ name: 'ECDSA', hash: 'SHA-256' }, keys.signing.privateKey, new Uint8Array(data)),
  );
}

export async function agreeWith(keys: DeviceKeyPairs, peer: PublicJwk): Promise<Uint8Array> {
  const { kty, crv, x, y } = peer;
  const peerKey = await subtle().importKey('jwk', { kty, crv, x, y }, ecdh, false, []);
  return new Uint8Array(await subtle().deriveBits({ name: 'ECDH', public: peerKey }, keys.encryption.privateKey, 256));
}

export async function exportPrivateJwks(
  keys: DeviceKeyPairs,
): Promise<{ signing: JsonWebKey; encryption: JsonWebKey }> {
  const [signing, encryption] = await Promise.all([
    subtle().exportKey('jwk', keys.signing.privateKey),
    subtle().exportKey('jwk', keys.encryption.privateKey),
  ]);
  return { signing, encryption };
}

export async function importPrivateJwks(jwks: {
  signing: JsonWebKey;
  encryption: JsonWebKey;
}): Promise<DeviceKeyPairs> {
  const { signing, encryption } = jwks;
  return {
    signing: {
      privateKey: await subtle().importKey('jwk', coordinates(signing, true), ecdsa, true, ['sign']),
      publicKey: await subtle().importKey('jwk', coordinates(signing, false), ecdsa, true, ['verify']),
    },
    encryption: {
      privateKey: await subtle().importKey('jwk', coordinates(encryption, true), ecdh, true, ['deriveBits']),
      publicKey: await subtle().importKey('jwk', coordinates(encryption, false), ecdh, true, []),
    },
  };
}

function coordinates({ x, y, d }: JsonWebKey, secret: boolean): JsonWebKey {
  return {
    kty: 'EC',
    crv: 'P-256',
    ...(x === undefined ? {} : { x }),
    ...(y === undefined ? {} : { y }),
    ...(secret && d !== undefined ? { d } : {}),
  };
}

async function publicJwk(key: CryptoKey): Promise<PublicJwk> {
  const { x, y } = await subtle().exportKey('jwk', key);
  if (x === undefined || y === undefined)
    throw new VerihubError('key-store', { detail: 'the public key has no coordinates' });
  return { kty: 'EC', crv: 'P-256', x, y };
}
