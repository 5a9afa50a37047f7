/** What a page reads from its own waiter token (contract section 3). Not verified: the hub does that; here it only says what to ask for. */
import { decodeBase64Url, decodeUtf8 } from './base64url.ts';
import { VerihubError } from './errors.ts';
import { isRecord } from './reply-guards.ts';

export interface WaiterClaims {
  verificationId: string;
  /** How long the token is good for from its making, in milliseconds. */
  lifetimeMs: number;
}

/** The longest verification plus the token's reserve: 600 s + 300 s. */
const longestMs = 900_000;

/** Throws `invalid-argument` when the text is not a JWT with a `sub`. */
export function readWaiterToken(token: string): WaiterClaims {
  try {
    const claims: unknown = JSON.parse(decodeUtf8(decodeBase64Url(token.split('.')[1] ?? '')));
    if (isRecord(claims) && typeof claims['sub'] === 'string') {
      const { exp, iat } = claims;
      const lifetimeMs = typeof exp === 'number' && typeof iat === 'number' ? (exp - iat) * 1_000 : longestMs;
      return { verificationId: claims['sub'], lifetimeMs: Math.min(Math.max(lifetimeMs, 0), longestMs) };
    }
  } catch {
    // Told below.
  }
  throw new VerihubError('invalid-argument', {
    detail: 'waiterToken is not the token that creating the verification returned',
  });
}
