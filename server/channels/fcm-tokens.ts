// OAuth access tokens: one is held, renewed before it ends, and fetched once however many wait for it.
import type { Clock } from '../ports/runtime.ts';

export interface AccessToken {
  token: string;
  /** Milliseconds from now. */
  goodForMs: number;
}

/** Rejects with a TokenError. */
export type FetchToken = (signal: AbortSignal) => Promise<AccessToken>;

/** `refused`: our credentials are wrong, and stay so; `unreachable`: nobody was reached who could say. */
export type TokenFault = 'refused' | 'unreachable';

export class TokenError extends Error {
  readonly fault: TokenFault;
  /** A short word, for the timeline; never what the token server wrote. */
  readonly reason: string;

  constructor(fault: TokenFault, reason: string, cause?: unknown) {
    super(`no access token: ${reason}`, { cause });
    this.name = 'TokenError';
    this.fault = fault;
    this.reason = reason;
  }
}

export interface AccessTokens {
  /** @throws TokenError */
  get(): Promise<string>;
  /** It was refused, whatever it was said to be good for: the next one who asks gets another. */
  drop(token: string): void;
  close(): void;
}

/** Of the time it is good for, a token's last three minutes are there to find the next one in. */
const renewAheadMs = 180_000;
/** A token this close to its end may be over before it arrives. */
const uselessMs = 15_000;
/** One fetch serves many attempts, so it has a deadline of its own. */
const fetchDeadlineMs = 10_000;

export function createAccessTokens({ fetchToken, clock }: { fetchToken: FetchToken; clock: Clock }): AccessTokens {
  const closing = new AbortController();
  let held: { token: string; endsAt: number } | undefined;
  let fetching: Promise<string> | undefined;

  const fetchOne = async (): Promise<string> => {
    const deadline = new AbortController();
    const cancel = clock.after(fetchDeadlineMs, () => deadline.abort());
    try {
      const signal = AbortSignal.any([closing.signal, deadline.signal]);
      const { token, goodForMs } = await unlessAborted(fetchToken(signal), signal);
      held = { token, endsAt: clock.monotonic() + goodForMs };
      return token;
    } finally {
      cancel();
    }
  };

  const renew = (): Promise<string> => {
    fetching ??= fetchOne().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };

  return {
    async get() {
      const left = (held?.endsAt ?? 0) - clock.monotonic();
      if (held === undefined || left <= uselessMs) return renew();
      // Nobody waits for it, and if it fails the one in hand still does.
      if (left <= renewAheadMs) renew().catch(() => {});
      return held.token;
    },
    drop(token) {
      if (held?.token === token) held = undefined;
    },
    close: () => closing.abort(),
  };
}

/** Not every way to get a token heeds a signal. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cut = () => reject(new TokenError('unreachable', 'token-timeout'));
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', cut));
  });
}
