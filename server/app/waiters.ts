// Whoever waits for a verification: told of a change at once, and re-read at a constant pace in case the telling was lost.
import type { Context } from './context.ts';
import type { Snapshot, Verifications } from './verifications.ts';

/**
 * Contract section 7: a lost event costs at most 5 s. Every id has its place in a round of ticks and is re-read once a round,
 * however many come and go; places are given out in turn, so that the load is even. A round leaves room for slow timers.
 */
const tickMs = 250;
const ticksPerRound = 19;

export interface Waiters {
  /** Calls back with every snapshot that may be news; the caller compares `rev`. The answer ends the watch. */
  watch(verificationId: string, listener: (snapshot: Snapshot) => void): () => void;
  /** The snapshot once its rev is above `rev`, or the last one after `ms` milliseconds. Undefined: there is none. */
  waitFor(verificationId: string, rev: number, ms: number, signal?: AbortSignal): Promise<Snapshot | undefined>;
  start(): void;
  /** Every `waitFor`, now and from now on, ends with what is known; watching goes on. */
  endPolls(): void;
  /** Ends polls and watching. */
  stop(): void;
}

type Needs = Pick<Context, 'bus' | 'clock' | 'logger'>;

export function createWaiters(context: Needs, verifications: Pick<Verifications, 'load'>): Waiters {
  const watched = new Map<string, Set<(snapshot: Snapshot) => void>>();
  const round = createRound();
  const endings = new Set<() => void>();
  const isStopped = { now: false };
  let cancelTick: (() => void) | undefined;
  let unsubscribe: (() => void) | undefined;

  const notify = (snapshot: Snapshot): void => {
    for (const listener of watched.get(snapshot.verification.id) ?? []) {
      try {
        listener(snapshot);
      } catch (error) {
        context.logger.error({ error }, 'whoever waited failed on a snapshot; the others are told all the same');
      }
    }
  };

  const reread = async (id: string): Promise<void> => {
    try {
      const snapshot = await verifications.load(id);
      if (snapshot !== undefined) notify(snapshot);
    } catch (error) {
      context.logger.debug({ error }, 'a waited-for verification could not be re-read; the next round tries again');
    }
  };

  const tick = (): void => {
    for (const id of round.next()) void reread(id);
    cancelTick = context.clock.after(tickMs, tick);
  };

  const watch: Waiters['watch'] = (id, listener) => {
    const listeners = watched.get(id) ?? new Set();
    if (listeners.size === 0) round.add(id);
    watched.set(id, listeners.add(listener));
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      watched.delete(id);
      round.remove(id);
    };
  };

  const endPolls = (): void => {
    isStopped.now = true;
    for (const ending of endings) ending();
  };

  return {
    watch,
    waitFor: (id, rev, ms, signal) =>
      waitFor({ ...context, verifications, watch, endings, isStopped }, { id, rev, ms, signal }),
    start: () => {
      unsubscribe = context.bus.subscribe((hint) => {
        if (hint.type === 'changed') notify({ verification: hint.verification, now: hint.now });
      });
      cancelTick = context.clock.after(tickMs, tick);
    },
    endPolls,
    stop: () => {
      endPolls();
      unsubscribe?.();
      cancelTick?.();
    },
  };
}

/** Ids in their places; each call of `next` answers those of the next place. */
function createRound() {
  const placeOf = new Map<string, number>();
  const idsAt = new Map<number, Set<string>>();
  let given = 0;
  let passed = 0;
  return {
    add: (id: string): void => {
      given = (given + 1) % ticksPerRound;
      placeOf.set(id, given);
      idsAt.set(given, (idsAt.get(given) ?? new Set()).add(id));
    },
    remove: (id: string): void => {
      idsAt.get(placeOf.get(id) ?? 0)?.delete(id);
      placeOf.delete(id);
    },
    next: (): string[] => {
      passed = (passed + 1) % ticksPerRound;
      return [...(idsAt.get(passed) ?? [])];
    },
  };
}

interface Wait {
  id: string;
  rev: number;
  ms: number;
  signal: AbortSignal | undefined;
}

interface Waiting {
  verifications: Pick<Verifications, 'load'>;
  endings: Set<() => void>;
  isStopped: { now: boolean };
}

async function waitFor(context: Needs & Pick<Waiters, 'watch'> & Waiting, wait: Wait): Promise<Snapshot | undefined> {
  const { promise, resolve } = Promise.withResolvers<Snapshot | undefined>();
  // Watched before it is read: a change in between is not missed.
  const unwatch = context.watch(wait.id, (snapshot) => {
    if (snapshot.verification.rev > wait.rev) resolve(snapshot);
  });
  const giveUp = (): void => resolve(undefined);
  const cancelTimer = context.clock.after(wait.ms, giveUp);
  context.endings.add(giveUp);
  wait.signal?.addEventListener('abort', giveUp, { once: true });
  if (context.isStopped.now || wait.signal?.aborted === true) giveUp();
  try {
    const first = await context.verifications.load(wait.id);
    if (first === undefined || first.verification.rev > wait.rev || first.verification.status !== 'pending')
      return first;
    return (await promise) ?? (await context.verifications.load(wait.id));
  } finally {
    unwatch();
    cancelTimer();
    context.endings.delete(giveUp);
    wait.signal?.removeEventListener('abort', giveUp);
  }
}
