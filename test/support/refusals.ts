// What a use case refuses with, as a value that a test can compare.
import { ProblemError, type ProblemCode, type ProblemExtras } from '../../server/core/errors.ts';

export interface Refusal {
  code: ProblemCode;
  detail: string;
  extras: ProblemExtras;
}

/** The refusal of this call; fails the test when it is answered, or fails in another way. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const outcome = await told(call);
  if (!outcome.ok) return outcome.refusal;
  throw new Error('expected a refusal, and it was answered');
}

export async function codeOf(call: Promise<unknown>): Promise<ProblemCode> {
  return (await refusalOf(call)).code;
}

export type Told<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** The answer or the refusal. Anything else that is thrown goes on. */
export async function told<T>(call: Promise<T>): Promise<Told<T>> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { ok: false, refusal: { code: error.code, detail: error.message, extras: error.extras } };
  }
}
