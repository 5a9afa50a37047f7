/** Exponential backoff with full jitter: a fleet that lost the same hub comes back spread out, not all at once. */

export interface BackoffOptions {
  /** Upper bound of the first pause, in milliseconds. */
  baseMs: number;
  /** Upper bound of every pause, in milliseconds. */
  maxMs: number;
}

export interface Backoff {
  /** The next pause in milliseconds: uniform in [0, min(maxMs, baseMs * 2^n)). */
  next(): number;
  reset(): void;
}

/** First pause below 2 s, later ones below 15 s: 10,000 clients return at no more than about 5,000 a second. */
export const reconnectBackoff: BackoffOptions = { baseMs: 2_000, maxMs: 15_000 };
/** Between two tries of one HTTP call, inside that call's deadline. */
export const retryBackoff: BackoffOptions = { baseMs: 400, maxMs: 4_000 };

export function createBackoff(options: BackoffOptions, random: () => number): Backoff {
  let tries = 0;
  return {
    next() {
      const bound = Math.min(options.maxMs, options.baseMs * 2 ** tries);
      tries = Math.min(tries + 1, 30);
      return Math.floor(random() * bound);
    },
    reset() {
      tries = 0;
    },
  };
}
