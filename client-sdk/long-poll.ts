/** Follows a verification by long-polling, for as long as no socket can be had. */
import { createBackoff, reconnectBackoff } from './backoff.ts';
import { pause } from './deadline.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import type { VerificationView } from './protocol.ts';
import type { SdkRuntime } from './runtime.ts';

export interface LongPollOptions {
  runtime: SdkRuntime;
  /** One long-poll; answers when the revision differs from `rev` or after the hub's own wait. */
  read(rev: number | undefined, signal: AbortSignal): Promise<VerificationView>;
  lastRev(): number | undefined;
  onSnapshot(verification: VerificationView): void;
  onTrouble(error: VerihubError): void;
}

export interface LongPoll {
  start(): void;
  stop(): void;
}

export function createLongPoll(options: LongPollOptions): LongPoll {
  let running: AbortController | null = null;

  async function loop(signal: AbortSignal): Promise<void> {
    const backoff = createBackoff(reconnectBackoff, options.runtime.random);
    while (!signal.aborted) {
      const before = options.runtime.now();
      const rev = options.lastRev();
      try {
        const verification = await options.read(rev, signal);
        if (signal.aborted) return;
        options.onSnapshot(verification);
        // A hub that at once, again and again, answers that nothing has changed must not be hammered.
        if (verification.rev === rev && options.runtime.now() - before < 1_000)
          await pause(options.runtime, backoff.next(), signal);
        else backoff.reset();
      } catch (thrown) {
        if (signal.aborted) return;
        const error = asVerihubError(thrown);
        options.onTrouble(error);
        await pause(options.runtime, Math.max(backoff.next(), (error.retryAfter ?? 0) * 1_000), signal).catch(() => {});
      }
    }
  }

  return {
    start() {
      if (running !== null) return;
      running = new AbortController();
      void loop(running.signal).catch(() => {});
    },
    stop() {
      running?.abort(new VerihubError('closed'));
      running = null;
    },
  };
}
