// Exponential backoff with full jitter, as a pure function of the try and a random number.

/**
 * Milliseconds to wait before the next try. Full jitter: uniform between 0 and the exponential cap
 * (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * @param tries tries so far, 1 or more
 * @param random uniform in [0, 1)
 */
export function backoffMs(tries: number, random: number, options = { baseMs: 500, maxMs: 30_000 }): number {
  const cap = Math.min(options.maxMs, options.baseMs * 2 ** (tries - 1));
  return Math.floor(random * cap);
}
