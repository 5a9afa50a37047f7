/** Deadlines and pauses: whatever is awaited in this SDK ends, by success, by time-out or by the caller's AbortSignal. */
import { VerihubError } from './errors.ts';
import type { SdkRuntime } from './runtime.ts';

/**
 * Runs `work` and gives up after `ms` milliseconds (`timeout`) or when `outer` aborts (`aborted`), even if `work` ignores its signal.
 * The signal handed to `work` aborts in both cases, so that nothing goes on in the background.
 */
export function withDeadline<T>(
  runtime: SdkRuntime,
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (outer?.aborted) return Promise.reject(abortError(outer));
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const finish = (settle: () => void): void => {
      stopTimer();
      outer?.removeEventListener('abort', onAbort);
      settle();
    };
    const giveUp = (error: VerihubError): void =>
      finish(() => {
        reject(error);
        controller.abort(error);
      });
    const onAbort = (): void => giveUp(abortError(outer));
    const stopTimer = runtime.after(ms, () =>
      giveUp(new VerihubError('timeout', { detail: `no answer within ${ms} ms` })),
    );
    outer?.addEventListener('abort', onAbort, { once: true });
    work(controller.signal).then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}

/** Waits `ms` milliseconds; rejects with `aborted` when `signal` aborts first. */
export function pause(runtime: SdkRuntime, ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel();
      reject(abortError(signal));
    };
    const cancel = runtime.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The reason a signal was aborted with, if it is one of ours (such as `closed`); else `aborted`. */
export function abortError(signal: AbortSignal | undefined): VerihubError {
  const reason: unknown = signal?.reason;
  return reason instanceof VerihubError ? reason : new VerihubError('aborted', { cause: reason });
}

/** Runs `work` under a signal that aborts with the first of the given ones (`AbortSignal.any` is missing in older engines). */
export async function underSignals<T>(
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const joined = new AbortController();
  const undo: (() => void)[] = [];
  for (const signal of signals) {
    const follow = (): void => joined.abort(abortError(signal));
    if (signal?.aborted) follow();
    signal?.addEventListener('abort', follow, { once: true });
    undo.push(() => signal?.removeEventListener('abort', follow));
  }
  try {
    return await work(joined.signal);
  } finally {
    for (const remove of undo) remove();
  }
}
