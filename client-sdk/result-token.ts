/** Checks a result token offline (contract section 4) against the hub's published keys. */
import { createLocalJWKSet, decodeProtectedHeader, errors as joseErrors, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { asVerihubError, VerihubError } from './errors.ts';
import type { HttpClient } from './http-client.ts';
import type { DecisionMethod, VerificationStatus } from './protocol.ts';
import { having } from './reply-guards.ts';
import type { SdkRuntime } from './runtime.ts';

export interface ResultClaims {
  verificationId: string;
  userId: string;
  applicationId: string;
  status: VerificationStatus;
  method: DecisionMethod | null;
  amr: string[];
  issuedAt: Date;
  expiresAt: Date;
}

export interface ResultKeys {
  find(kid: string | undefined): Promise<JSONWebKeySet>;
}

/** Unknown key ids may be forged at will: they cause at most one fetch in this time. */
const refetchPauseMs = 10_000;
/** Known keys are fetched anew this often, so that a withdrawn key stops working. */
const keyLifetimeMs = 600_000;

export function createResultKeys(http: HttpClient, runtime: SdkRuntime): ResultKeys {
  let cached: { keys: JSONWebKeySet; at: number } | null = null;
  let fetching: Promise<JSONWebKeySet> | null = null;

  function refetch(): Promise<JSONWebKeySet> {
    fetching ??= http
      .call({ method: 'GET', path: '/.well-known/jwks.json', read: having<JSONWebKeySet>('keys'), repeatable: true })
      .then((keys) => {
        cached = { keys, at: runtime.now() };
        return keys;
      })
      .finally(() => {
        fetching = null;
      });
    return fetching;
  }

  return {
    async find(kid) {
      const age = cached === null ? Number.POSITIVE_INFINITY : runtime.now() - cached.at;
      const known = cached?.keys.keys.some((key) => key.kid === kid) ?? false;
      if (cached !== null && (known ? age < keyLifetimeMs : age < refetchPauseMs)) return cached.keys;
      return refetch();
    },
  };
}

export interface ResultExpectation {
  issuer: string;
  applicationId: string;
  verificationId: string;
  now: Date;
}

/** Rejects with `result-invalid`, or with `result-not-approved` when everything is right but the status. */
export async function checkResultToken(
  token: string,
  keys: ResultKeys,
  expected: ResultExpectation,
): Promise<ResultClaims> {
  const { payload } = await verifySignature(token, keys, expected);
  if (payload.jti !== expected.verificationId)
    throw new VerihubError('result-invalid', { detail: 'jti is not this verification' });
  const { sub, status, method, amr, iat, exp } = payload;
  if (typeof sub !== 'string' || typeof status !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') {
    throw new VerihubError('result-invalid', { detail: 'sub, status, iat or exp is missing' });
  }
  if (status !== 'approved') throw new VerihubError('result-not-approved', { detail: `status is ${status}` });
  return {
    verificationId: expected.verificationId,
    userId: sub,
    applicationId: expected.applicationId,
    status,
    method: method === 'app' || method === 'sms-code' || method === 'trusted-browser' ? method : null,
    amr: Array.isArray(amr) ? amr.filter((value) => typeof value === 'string') : [],
    issuedAt: new Date(iat * 1_000),
    expiresAt: new Date(exp * 1_000),
  };
}

async function verifySignature(
  token: string,
  keys: ResultKeys,
  expected: ResultExpectation,
): Promise<Awaited<ReturnType<typeof jwtVerify>>> {
  try {
    const { kid } = decodeProtectedHeader(token);
    const set = createLocalJWKSet(await keys.find(kid));
    return await jwtVerify(token, set, {
      algorithms: ['ES256', 'EdDSA'],
      typ: 'result+jwt',
      issuer: expected.issuer,
      audience: expected.applicationId,
      requiredClaims: ['iss', 'aud', 'sub', 'jti', 'iat', 'exp', 'status'],
      clockTolerance: 5,
      currentDate: expected.now,
    });
  } catch (thrown) {
    if (thrown instanceof joseErrors.JOSEError || thrown instanceof TypeError)
      throw new VerihubError('result-invalid', { detail: thrown.message, cause: thrown });
    throw asVerihubError(thrown);
  }
}
