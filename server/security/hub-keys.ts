// The hub's own keys, made once at its first start and shared by all nodes through the store.
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import type { Timestamp } from '../core/verification.ts';
import type { HubKeysRecord, PublicKeyJwk } from '../ports/records.ts';
import type { Random } from '../ports/runtime.ts';
import { keyThumbprint } from './p256-key.ts';

export function generateHubKeys(random: Random, now: Timestamp): Required<HubKeysRecord> {
  return {
    id: 'hub',
    rev: 1,
    signingKeys: [generateSigningKey(now)],
    codeKey: random.secret(32),
    webhookSeeds: [{ seed: random.secret(32), createdAt: now }],
  };
}

/**
 * A key to add to `signingKeys`. Append it first, and move it to the front only when every node has read it:
 * a node checks with all keys but signs with the first.
 */
export function generateSigningKey(now: Timestamp): HubKeysRecord['signingKeys'][number] {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { d, x, y } = privateKey.export({ format: 'jwk' });
  if (d === undefined || x === undefined || y === undefined) throw new Error('OpenSSL exported an incomplete key');
  const publicKey = { kty: 'EC', crv: 'P-256', x, y } as const;
  return { kid: keyThumbprint(publicKey), jwk: { ...publicKey, d }, createdAt: now };
}

/** The public half of a stored signing key, and nothing else of it. @throws Error when the record is damaged */
export function publicHalf(jwk: Record<string, string>): PublicKeyJwk {
  const { kty, crv, x, y } = jwk;
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) {
    throw new Error('A signing key of the hub is not a P-256 key; restore the hub-keys record.');
  }
  return { kty, crv, x, y };
}

/** @throws Error when the record is damaged */
export function privateJwk(jwk: Record<string, string>): JsonWebKey {
  if (jwk['d'] === undefined)
    throw new Error('A signing key of the hub has no private part; restore the hub-keys record.');
  return { ...publicHalf(jwk), d: jwk['d'] };
}
