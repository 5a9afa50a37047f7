// Every bound on guessing and on sending again, in one place.
import type { MatchingMode, Verification } from './verification.ts';

/** SMS codes that may be tried for one verification, over all routes and resends (contract section 4). */
export const codeAttempts = 5;

/** Resends per verification, and how long each waits after the one before, in milliseconds. */
export const resendLimit = 3;
const resendCooldownsMs = [30_000, 60_000, 120_000] as const;

/** Milliseconds until the next resend, once `used` have been spent. */
export function resendCooldownMs(used: number): number {
  return resendCooldownsMs[Math.min(used, resendCooldownsMs.length - 1)] ?? 0;
}

/** Wrong numbers that end a verification as denied (contract section 4). */
export const wrongNumberLimit: Readonly<Record<MatchingMode, number>> = { none: 0, choose: 1, enter: 3, qr: 3 };

/** Attempts of one send within its step, the first included. */
export const sendTries = 3;

/** Enrolled devices a user may have. */
export const devicesPerUser = 10;

export function codeAttemptsLeft(verification: Verification): number {
  return Math.max(0, codeAttempts - verification.codeAttempts);
}

export function resendsLeft(verification: Verification): number {
  return Math.max(0, resendLimit - verification.resends);
}
