// How far a verification's steps have come, in words.
import type { Verification } from '../../server/core/verification.ts';

/** Each step as `status`, or `status: reason`. */
export function delivery(verification: Verification): Record<string, string> {
  return Object.fromEntries(
    verification.delivery.map(({ step, status, reason }) => [
      step,
      reason === undefined ? status : `${status}: ${reason}`,
    ]),
  );
}
