// Hashes, codes and encrypted prompts: what the hub keeps or sends instead of a secret itself.
import { createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';
import { CompactEncrypt, importJWK } from 'jose';
import type { PublicKeyJwk } from '../ports/records.ts';
import type { Secrets } from '../ports/security.ts';
import { createBoundedCache } from './bounded-cache.ts';
import { deriveSmsCode } from './sms-code.ts';

/** Devices whose encryption key stays imported. */
const cachedKeys = 4_096;

const header = { alg: 'ECDH-ES', enc: 'A256GCM' };

type ImportedKey = Awaited<ReturnType<typeof importJWK>>;

/**
 * @param codeKey base64url, 32 bytes
 * @throws Error for a shorter one
 */
export function createSecrets({ codeKey }: { codeKey: string }): Secrets {
  const keyBytes = Buffer.from(codeKey, 'base64url');
  if (keyBytes.length < 32)
    throw new Error('The code key of the hub has less than 32 bytes; restore the hub-keys record.');
  const hmacKey = createSecretKey(keyBytes);
  return {
    hash: digest,
    matches: (secret, expected) => equalInConstantTime(digest(secret), expected),
    digestJson: (value) => {
      const text = canonicalize(value);
      if (text === undefined) throw new TypeError('This value has no JSON form.');
      return digest(text);
    },
    smsCode: (verificationId, salt) => deriveSmsCode(hmacKey, verificationId, salt),
    encryptFor: createEncryption(),
  };
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

function equalInConstantTime(actual: string, expected: string): boolean {
  const left = Buffer.from(actual);
  const right = Buffer.from(expected);
  // The length of a digest is no secret; timingSafeEqual throws when lengths differ.
  return left.length === right.length && timingSafeEqual(left, right);
}

function createEncryption(): Secrets['encryptFor'] {
  const keys = createBoundedCache<Promise<ImportedKey>>(cachedKeys);
  const imported = async ({ kty, crv, x, y }: PublicKeyJwk): Promise<ImportedKey> => {
    const name = `${x}.${y}`;
    try {
      return await keys.get(name, () => importJWK({ kty, crv, x, y }, header.alg));
    } catch (error) {
      keys.delete(name);
      throw error;
    }
  };
  return async (key, plaintext) =>
    new CompactEncrypt(new TextEncoder().encode(plaintext)).setProtectedHeader(header).encrypt(await imported(key));
}
