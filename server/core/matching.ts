// Number matching: what a device must answer so that the person is known to look at the page.
import { wrongNumberLimit } from './limits.ts';
import type { Pending } from './verification.ts';

export type NumberCheck =
  | { kind: 'right' }
  | { kind: 'missing' }
  | { kind: 'unexpected' }
  | { kind: 'wrong'; wrongNumbers: number; attemptsLeft: number };

/** Judges the number of an approval. A wrong one comes back already counted (law 6: count before compare). */
export function checkNumber(verification: Pending, number: string | undefined): NumberCheck {
  const { mode, number: expected } = verification.matching;
  if (mode === 'none') return number === undefined ? { kind: 'right' } : { kind: 'unexpected' };
  if (number === undefined) return { kind: 'missing' };
  const wrongNumbers = verification.wrongNumbers + 1;
  if (number === expected) return { kind: 'right' };
  return { kind: 'wrong', wrongNumbers, attemptsLeft: Math.max(0, wrongNumberLimit[mode] - wrongNumbers) };
}
