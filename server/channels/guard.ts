// What stands around every provider: the hub's own deadline, a bulkhead, and a breaker; and a throw becomes a result (law 7).
import type { ChannelResult } from '../core/events.ts';
import type { Channel } from '../ports/channel.ts';
import type { Clock, Logger } from '../ports/runtime.ts';
import { createBreaker, type Breaker, type BreakerOptions, type Went } from './breaker.ts';
import { createLimiter, type LimiterOptions } from './limiter.ts';

export interface GuardOptions {
  /** In the log: which provider this is. */
  name: string;
  /** Milliseconds for one attempt, waiting for a place included. */
  deadlineMs: number;
  limit: LimiterOptions;
  breaker: BreakerOptions;
}

export interface GuardDeps {
  clock: Clock;
  logger: Logger;
  /** Told the guard's name when its breaker opens, and when it has closed again. */
  onBreaker?: (name: string, isOpen: boolean) => void;
}

/** Runs one attempt. Never rejects. */
export type Guard = (
  attempt: (signal: AbortSignal) => Promise<ChannelResult>,
  signal: AbortSignal,
) => Promise<ChannelResult>;

const notSent = (reason: string): ChannelResult => ({ kind: 'unreachable', outcome: 'not-sent', reason });
const unknown = (reason: string): ChannelResult => ({ kind: 'unreachable', outcome: 'unknown', reason });

export function guardChannel<M>(channel: Channel<M>, options: GuardOptions, deps: GuardDeps): Channel<M> {
  const guard = createGuard(options, deps);
  return {
    provider: channel.provider,
    send: (message, signal) => guard((cut) => channel.send(message, cut), signal),
  };
}

export function createGuard(options: GuardOptions, { clock, logger, onBreaker }: GuardDeps): Guard {
  const { name, deadlineMs } = options;
  const limiter = createLimiter(options.limit);
  let isOpen = false;
  const breaker = createBreaker(clock, options.breaker, (state) => {
    logger.warn({ channel: name, state }, 'a channel breaker changed');
    if (isOpen === (state !== 'closed')) return;
    isOpen = !isOpen;
    onBreaker?.(name, isOpen);
  });

  return async (attempt, signal) => {
    // Asked before queueing, so that an open breaker answers at once; entered after it, so that a queue cannot storm a sick provider.
    if (!breaker.ready()) return leftAlone(breaker);
    using deadline = startDeadline(clock, deadlineMs, signal);
    const release = await limiter.enter(deadline.signal);
    if (release === 'full') return notSent('busy');
    if (release === 'aborted') return notSent('timeout');
    try {
      const report = breaker.enter();
      if (report === undefined) return leftAlone(breaker);
      const result = await cutAt(deadline.signal, run(attempt, deadline.signal, name, logger));
      report(wentHow(result));
      return result;
    } finally {
      release();
    }
  };
}

function leftAlone(breaker: Breaker): ChannelResult {
  return { kind: 'unreachable', outcome: 'not-sent', reason: 'breaker-open', resumesInMs: breaker.resumesInMs() };
}

/** A refusal of one message says nothing against the provider; a refusal of us will meet every message. */
function wentHow(result: ChannelResult): Went {
  if (result.kind === 'rejected' && result.configuration === true) return 'hopeless';
  return result.kind === 'unreachable' ? 'badly' : 'well';
}

/** One signal for the caller's abort and the hub's deadline. */
function startDeadline(clock: Clock, ms: number, outer: AbortSignal): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const cancel = clock.after(ms, abort);
  if (outer.aborted) abort();
  else outer.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      cancel();
      outer.removeEventListener('abort', abort);
    },
  };
}

/** A provider SDK that ignores its signal may go on; nobody waits for it. */
function cutAt(signal: AbortSignal, result: Promise<ChannelResult>): Promise<ChannelResult> {
  return new Promise((resolve) => {
    const cut = () => resolve(unknown('timeout'));
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
    void result.then((value) => {
      signal.removeEventListener('abort', cut);
      resolve(value);
    });
  });
}

async function run(
  attempt: (signal: AbortSignal) => Promise<ChannelResult>,
  signal: AbortSignal,
  name: string,
  logger: Logger,
): Promise<ChannelResult> {
  try {
    return await attempt(signal);
  } catch (error) {
    if (signal.aborted) return unknown('timeout');
    logger.error({ channel: name, err: error }, 'a channel threw, which is a bug: outcomes are values');
    return unknown('channel-threw');
  }
}
