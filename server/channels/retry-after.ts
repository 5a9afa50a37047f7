// The Retry-After header (RFC 9110 section 10.2.3), in both of its forms.

/** A receiver cannot silence the hub for longer than this. */
const longestMs = 3_600_000;
const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds from `now`, or undefined when there is none or it makes no sense.
 * @param now milliseconds since the Unix epoch
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, longestMs);
  const at = httpDate.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now), longestMs);
}
