// The SMS code: when one may be typed, and how tries are counted.
import { codeAttempts, codeAttemptsLeft } from './limits.ts';
import { isPending, stepOf, type Pending, type Verification } from './verification.ts';

/** Whether a code may be with the person: handed to a provider, in this round or one before, and not plainly refused. */
export function codeIssued(verification: Verification): boolean {
  const step = stepOf(verification, 'sms');
  return step?.sentBefore === true || (step?.sends.some((send) => send.status !== 'failed') ?? false);
}

/** Whether a code of an earlier round can still be typed, whatever becomes of the newest one. */
export function earlierCodeIsGood(verification: Verification): boolean {
  return stepOf(verification, 'sms')?.sentBefore === true && codeAttemptsLeft(verification) > 0;
}

export function codeAcceptable(verification: Verification): boolean {
  return isPending(verification) && codeAttemptsLeft(verification) > 0 && codeIssued(verification);
}

export type CodeCheck =
  | { kind: 'not-issued' }
  | { kind: 'exhausted' }
  | { kind: 'right'; codeAttempts: number }
  | { kind: 'wrong'; codeAttempts: number; attemptsLeft: number };

/** Counts the try first and looks at the comparison after; both leave in the same write (law 6). */
export function checkCode(verification: Pending, matches: boolean): CodeCheck {
  if (codeAttemptsLeft(verification) === 0) return { kind: 'exhausted' };
  if (!codeIssued(verification)) return { kind: 'not-issued' };
  const used = verification.codeAttempts + 1;
  if (matches) return { kind: 'right', codeAttempts: used };
  return { kind: 'wrong', codeAttempts: used, attemptsLeft: codeAttempts - used };
}
