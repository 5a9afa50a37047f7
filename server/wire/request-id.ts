// The id that every reply carries as `X-Request-Id`, so that somebody can ask about it (contract section 2).
import type { Random } from '../ports/runtime.ts';

/** Nothing in it can break a log line or a header. */
const wellFormed = /^[A-Za-z0-9._-]{8,64}$/;

/** The caller's own when it is well-formed, so that two logs can be joined. */
export function chooseRequestId(given: unknown, { uuid }: Pick<Random, 'uuid'>): string {
  return typeof given === 'string' && wellFormed.test(given) ? given : uuid();
}
