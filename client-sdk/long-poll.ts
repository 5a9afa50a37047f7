/** Follows a verification by long-polling, for as long as no socket can be had. */
import { createBackoff, reconnectBackoff } from './backoff.ts';
import { pause } from './deadline.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import type { VerificationView } from './protocol.ts';
import type { SdkRuntime } from './runtime.ts';

export interface LongPollOptions {
  runtime: SdkRuntime;
  /** One long-poll: answers when the revision is above `rev`, or after the hub's own wait; at once when `rev` is null. */
  read: (rev: number | null, signal: AbortSignal) => Promise<VerificationView>;
  lastRev: () => number | null;
  onSnapshot: (verification: VerificationView) => void;
  onTrouble: (error: VerihubError) => void;
}

export interface LongPoll {
  start: () => void;
  stop: () => void;
}

export function createLongPoll(options: LongPollOptions): LongPoll {
  let running: AbortController | null = null;
  return {
    start() {
      if (running !== null) return;
      running = new AbortController();
      void loop(options, running.signal);
    },
    stop() {
      running?.abort(new VerihubError('closed'));
      running = null;
    },
  };
}

async function loop(options: LongPollOptions, signal: AbortSignal): Promise<void> {
  const { runtime } = options;
  const backoff = createBackoff(reconnectBackoff, runtime.random);
  while (!signal.aborted) {
    const wait = await round(options, signal);
    if (wait === 0) backoff.reset();
    else if (!signal.aborted) await pause(runtime, Math.max(backoff.next(), wait), signal).catch(() => {});
  }
}

/** One long-poll; how many milliseconds the next has to wait at least (0: none). */
async function round(options: LongPollOptions, signal: AbortSignal): Promise<number> {
  const { runtime, lastRev, read, onSnapshot, onTrouble } = options;
  const begin = runtime.elapsed();
  const rev = lastRev();
  try {
    const verification = await read(rev, signal);
    if (signal.aborted) return 0;
    onSnapshot(verification);
    // A hub that at once, again and again, answers that nothing has changed must not be hammered.
    return verification.rev === rev && runtime.elapsed() - begin < 1_000 ? 1 : 0;
  } catch (thrown) {
    const error = asVerihubError(thrown);
    if (!signal.aborted) onTrouble(error);
    return Math.max(1, (error.retryAfter ?? 0) * 1_000);
  }
}
