/** The relying party's check of a result token: whose it is, that it is approved, and that it is used once. */
import { decodeJwt } from 'jose';
import { asVerihubError, VerihubError } from './errors.ts';
import type { HttpClient } from './http-client.ts';
import type { HubClock } from './hub-clock.ts';
import type { VerificationView } from './protocol.ts';
import { checkResultToken, createResultKeys } from './result-token.ts';
import type { ResultClaims } from './result-token.ts';
import type { SdkRuntime } from './runtime.ts';

export interface ResultCheckOptions {
  /** The verification that this browser session began; never one that the browser names. */
  verificationId: string;
  /** `app_…`; default: the relying party's own. */
  applicationId?: string;
  /**
   * Records the use of a verification's result and tells whether it was used before; after `expiresAt` it may forget.
   * Without it, the caller must see to one-time use, for instance by deleting the id from the browser's session.
   */
  seen?: (verificationId: string, expiresAt: Date) => boolean | Promise<boolean>;
  signal?: AbortSignal;
}

export interface ResultCheckContext {
  http: HttpClient;
  runtime: SdkRuntime;
  clock: HubClock;
  /** The hub's public origin. */
  issuer: string;
  applicationId: string | undefined;
  getVerification: (id: string, options: { signal?: AbortSignal }) => Promise<VerificationView>;
}

export type ResultCheck = (token: string, options: ResultCheckOptions) => Promise<ResultClaims>;

export function createResultCheck(context: ResultCheckContext): ResultCheck {
  const { clock, issuer } = context;
  const keys = createResultKeys(context.http, context.runtime);
  let learned = context.applicationId;
  return async (token, { verificationId, applicationId, seen, signal }) => {
    learned ??= applicationId === undefined ? await learnApplicationId(context, verificationId, signal) : undefined;
    const expected = applicationId ?? learned;
    if (expected === undefined)
      throw new VerihubError('result-invalid', { detail: 'whose result it should be is not known' });
    const now = new Date(clock.now());
    const claims = await checkResultToken(token, keys, { issuer, applicationId: expected, verificationId, now });
    if (await seen?.(verificationId, claims.expiresAt))
      throw new VerihubError('result-used', { detail: verificationId });
    return claims;
  };
}

/**
 * The hub's own answer to our API key names us: whoever hands in a token made for another application cannot change it.
 * Rejects with `result-invalid` when our key knows no such verification, or it has not ended.
 */
async function learnApplicationId(
  { getVerification }: ResultCheckContext,
  verificationId: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    const { resultToken } = await getVerification(verificationId, signal === undefined ? {} : { signal });
    const audience = resultToken === undefined ? undefined : decodeJwt(resultToken).aud;
    if (typeof audience === 'string') return audience;
  } catch (thrown) {
    const error = asVerihubError(thrown, 'result-invalid');
    if (error.code !== 'not-found') throw error;
  }
  throw new VerihubError('result-invalid', { detail: 'the hub has no result for this verification' });
}
