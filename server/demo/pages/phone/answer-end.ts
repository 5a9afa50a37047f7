// What an error says of the request that was answered. Pure.
import { VerihubError } from '../../../../client-sdk/device.ts';
import type { Result } from './results.ts';

/** Null: it still waits, and may be answered again. */
export function endOf(thrown: unknown): Result | null {
  if (!(thrown instanceof VerihubError)) return null;
  if (thrown.code === 'number-incorrect') return thrown.attemptsLeft === 0 ? 'wrong-number' : null;
  if (thrown.code === 'verification-expired') return 'expired';
  if (thrown.code === 'already-decided') {
    if (thrown.verificationStatus === 'approved') return 'approved-elsewhere';
    if (thrown.verificationStatus === 'denied') return 'denied-elsewhere';
    return thrown.verificationStatus === 'canceled' ? 'canceled' : 'gone';
  }
  return thrown.code === 'prompt-gone' || thrown.code === 'not-found' ? 'gone' : null;
}
