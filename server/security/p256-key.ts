// P-256 public keys as devices send them: checked to be one point on the curve, named by thumbprint, imported once.
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { PublicKeyJwk } from '../ports/records.ts';
import { createBoundedCache } from './bounded-cache.ts';

const members = new Set(['kty', 'crv', 'x', 'y']);

/** What is wrong with a key that asks to be enrolled; undefined for a good one. */
export function publicKeyFault(jwk: PublicKeyJwk): string | undefined {
  // A private key (`d`) has no business here, and would end up in the store.
  if (Object.keys(jwk).some((name) => !members.has(name))) return 'a public key holds only kty, crv, x and y';
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256') return 'only EC keys on P-256 are accepted';
  if (!isCoordinate(jwk.x) || !isCoordinate(jwk.y))
    return 'x and y are 32 bytes each, base64url (RFC 7518 section 6.2.1)';
  try {
    importPublicKey(jwk);
    return undefined;
  } catch {
    return 'x and y are not a point on P-256';
  }
}

function isCoordinate(value: string): boolean {
  return value.length === 43 && Buffer.from(value, 'base64url').toString('base64url') === value;
}

/** OpenSSL refuses coordinates that are not on the curve or not reduced (SEC 1 section 3.2.2.1). @throws Error for these */
export function importPublicKey({ kty, crv, x, y }: PublicKeyJwk): KeyObject {
  return createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
}

/** RFC 7638: SHA-256 over the required members in lexicographic order, base64url. */
export function keyThumbprint({ crv, kty, x, y }: PublicKeyJwk): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}

/** Imports a key when it is first needed: an import costs about as much as a signature check. */
export function createKeyImporter(limit: number): (jwk: PublicKeyJwk) => KeyObject {
  const keys = createBoundedCache<KeyObject>(limit);
  return (jwk) => keys.get(`${jwk.x}.${jwk.y}`, () => importPublicKey(jwk));
}
