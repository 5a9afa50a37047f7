/** Opens the JWE of a push message (contract section 8): ECDH-ES with A256GCM (RFC 7516, RFC 7518 section 4.6) through the key store. */
import { decodeBase64Url, decodeUtf8, encodeUtf8 } from './base64url.ts';
import { VerihubError } from './errors.ts';
import { isRecord } from './reply-guards.ts';
import type { KeyStore } from './key-store.ts';
import type { PromptView, PublicJwk } from './protocol.ts';
import { isPromptView } from './wire-guards.ts';

/** Throws when the message is not for this device, was altered, or is no prompt. */
export async function openPrompt(keys: KeyStore, jwe: string): Promise<PromptView> {
  const parts = jwe.split('.');
  const [header = '', encryptedKey = '', iv = '', ciphertext = '', tag = ''] = parts;
  if (parts.length !== 5 || encryptedKey !== '') throw unreadable('not a compact ECDH-ES JWE');
  const { epk, apu, apv } = readHeader(header);
  const contentKey = await deriveKey(await keys.agree(epk), apu, apv);
  const sealed = join(decodeBase64Url(ciphertext), decodeBase64Url(tag));
  const parameters = { name: 'AES-GCM', iv: decodeBase64Url(iv), additionalData: encodeUtf8(header), tagLength: 128 };
  const plain = await globalThis.crypto.subtle.decrypt(parameters, contentKey, sealed);
  const prompt: unknown = JSON.parse(decodeUtf8(new Uint8Array(plain)));
  if (!isPromptView(prompt)) throw unreadable('the content is not a prompt');
  return prompt;
}

/** Only the one algorithm pair of the contract: anything else (compression, PBES2, `crit`) is refused before any work is done. */
function readHeader(encoded: string): { epk: PublicJwk; apu: Uint8Array; apv: Uint8Array } {
  const header: unknown = JSON.parse(decodeUtf8(decodeBase64Url(encoded)));
  if (!isRecord(header) || header['alg'] !== 'ECDH-ES' || header['enc'] !== 'A256GCM')
    throw unreadable('not ECDH-ES with A256GCM');
  if (header['zip'] !== undefined || header['crit'] !== undefined) throw unreadable('unexpected header');
  const epk = header['epk'];
  if (!isRecord(epk) || epk['kty'] !== 'EC' || epk['crv'] !== 'P-256') throw unreadable('no P-256 key');
  const { x, y } = epk;
  if (typeof x !== 'string' || typeof y !== 'string') throw unreadable('no P-256 key');
  return { epk: { kty: 'EC', crv: 'P-256', x, y }, apu: partyInfo(header['apu']), apv: partyInfo(header['apv']) };
}

function partyInfo(value: unknown): Uint8Array {
  return typeof value === 'string' ? decodeBase64Url(value) : new Uint8Array();
}

/** Concat KDF, one round of SHA-256 (RFC 7518 section 4.6.2; NIST SP 800-56A section 5.8.1). */
async function deriveKey(shared: Uint8Array, apu: Uint8Array, apv: Uint8Array): Promise<CryptoKey> {
  const algorithm = encodeUtf8('A256GCM');
  const input = join(
    uint32(1),
    shared,
    uint32(algorithm.length),
    algorithm,
    uint32(apu.length),
    apu,
    uint32(apv.length),
    apv,
    uint32(256),
  );
  const digest = await globalThis.crypto.subtle.digest('SHA-256', input);
  return globalThis.crypto.subtle.importKey('raw', digest, 'AES-GCM', false, ['decrypt']);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function unreadable(detail: string): VerihubError {
  return new VerihubError('bad-response', { detail });
}
