// The hub's own signed tokens (contract sections 3 and 4): who waits for a verification, and how one ended.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { HubKeysRecord } from '../ports/records.ts';
import type { ResultClaims, Tokens } from '../ports/security.ts';
import type { Timestamp } from '../core/verification.ts';
import { readCompactJws, signEs256, verifyEs256 } from './compact-jws.ts';
import { privateJwk, publicHalf } from './hub-keys.ts';
import { importPublicKey } from './p256-key.ts';

/** Seconds a waiter token outlives its verification, so that a page can still read how it ended (contract section 3). */
const waiterReserve = 300;
/** Seconds a result token is good for (contract section 4). */
const resultLifetime = 60;

const waiterType = 'waiter+jwt';
const resultType = 'result+jwt';

export interface TokensOptions {
  hubKeys: HubKeysRecord;
  /** The hub origin: issuer of all tokens, audience of waiter tokens. */
  origin: string;
}

/** @throws Error when the hub's keys are damaged or there is none */
export function createTokens({ hubKeys, origin }: TokensOptions): Tokens {
  const signer = newestKey(hubKeys);
  const checkers = new Map(hubKeys.signingKeys.map(({ kid, jwk }) => [kid, importPublicKey(publicHalf(jwk))]));
  const published = hubKeys.signingKeys.map(({ kid, jwk }) => ({ ...publicHalf(jwk), kid, alg: 'ES256', use: 'sig' }));
  const mint = (typ: string, claims: Record<string, unknown>): string =>
    signEs256({ typ, kid: signer.kid }, claims, signer.key);

  return {
    mintWaiter: async (verificationId, expiresAt, now) => {
      const exp = Math.ceil(expiresAt / 1_000) + waiterReserve;
      return mint(waiterType, { iss: origin, aud: origin, sub: verificationId, iat: seconds(now), exp });
    },
    checkWaiter: async (token, now) => checkWaiter(token, checkers, origin, now),
    mintResult: async (result, now) => mint(resultType, resultPayload(result, origin, seconds(now))),
    jwks: () => ({ keys: published.map((key) => ({ ...key })) }),
  };
}

function seconds(time: Timestamp): number {
  return Math.floor(time / 1_000);
}

function newestKey({ signingKeys }: HubKeysRecord): { kid: string; key: KeyObject } {
  const [newest] = signingKeys;
  if (newest === undefined) throw new Error('The hub-keys record holds no signing key; restore it.');
  return { kid: newest.kid, key: createPrivateKey({ key: privateJwk(newest.jwk), format: 'jwk' }) };
}

function resultPayload(result: ResultClaims, origin: string, iat: number): Record<string, unknown> {
  const { applicationId, userId, verificationId, status, method, amr } = result;
  const claims = { iss: origin, aud: applicationId, sub: userId, jti: verificationId, status, amr };
  return { ...claims, ...(method === undefined ? {} : { method }), iat, exp: iat + resultLifetime };
}

function checkWaiter(token: string, keys: Map<string, KeyObject>, origin: string, now: Timestamp): string | undefined {
  const reading = readCompactJws(token, waiterType);
  if (!reading.ok) return undefined;
  const { kid, payload } = reading.jws;
  const key = kid === undefined ? undefined : keys.get(kid);
  if (key === undefined || !verifyEs256(reading.jws, key)) return undefined;
  const { iss, aud, sub, exp } = payload;
  if (iss !== origin || aud !== origin) return undefined;
  if (typeof exp !== 'number' || now >= exp * 1_000) return undefined;
  return typeof sub === 'string' && sub !== '' ? sub : undefined;
}
