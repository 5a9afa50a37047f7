// Whoever waits for a verification: told of a change at once, and re-read at a constant pace in case the telling was lost.
import type { Context } from './context.ts';
import type { Snapshot, Verifications } from './verifications.ts';

/** Contract section 7: a lost event costs at most 5 s. Each tick re-reads its share, so that the load is even. */
const rereadMs = 5_000;
const tickMs = 250;

export interface Waiters {
  /** Calls back with every snapshot that may be news; the caller compares `rev`. The answer ends the watch. */
  watch(verificationId: string, listener: (snapshot: Snapshot) => void): () => void;
  /** The snapshot once its rev is above `rev`, or the last one after `ms` milliseconds. Undefined: there is none. */
  waitFor(verificationId: string, rev: number, ms: number, signal?: AbortSignal): Promise<Snapshot | undefined>;
  start(): void;
  /** Every wait ends with what is known now. */
  stop(): void;
}

type Needs = Pick<Context, 'bus' | 'clock' | 'logger'>;

export function createWaiters(context: Needs, verifications: Pick<Verifications, 'load'>): Waiters {
  const watched = new Map<string, Set<(snapshot: Snapshot) => void>>();
  const endings = new Set<() => void>();
  let queue: string[] = [];
  let cancelTick: (() => void) | undefined;
  let unsubscribe: (() => void) | undefined;

  const notify = (snapshot: Snapshot): void => {
    for (const listener of watched.get(snapshot.verification.id) ?? []) listener(snapshot);
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
    if (queue.length === 0) queue = [...watched.keys()];
    const share = Math.max(1, Math.ceil((watched.size * tickMs) / rereadMs));
    for (const id of queue.splice(0, share)) if (watched.has(id)) void reread(id);
    cancelTick = context.clock.after(tickMs, tick);
  };

  const watch: Waiters['watch'] = (id, listener) => {
    const listeners = watched.get(id) ?? new Set();
    watched.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && watched.get(id) === listeners) watched.delete(id);
    };
  };

  return {
    watch,
    waitFor: (id, rev, ms, signal) => waitFor({ ...context, verifications, watch, endings }, { id, rev, ms, signal }),
    start: () => {
      unsubscribe = context.bus.subscribe((hint) => {
        if (hint.type === 'changed') notify({ verification: hint.verification, now: hint.now });
      });
      cancelTick = context.clock.after(tickMs, tick);
    },
    stop: () => {
      unsubscribe?.();
      cancelTick?.();
      for (const ending of endings) ending();
    },
  };
}

interface Wait {
  id: string;
  rev: number;
  ms: number;
  signal: AbortSignal | undefined;
}

async function waitFor(
  context: Needs & Pick<Waiters, 'watch'> & { verifications: Pick<Verifications, 'load'>; endings: Set<() => void> },
  wait: Wait,
): Promise<Snapshot | undefined> {
  const { promise, resolve } = Promise.withResolvers<Snapshot | undefined>();
  // Watched before it is read: a change in between is not missed.
  const unwatch = context.watch(wait.id, (snapshot) => {
    if (snapshot.verification.rev > wait.rev) resolve(snapshot);
  });
  const giveUp = (): void => resolve(undefined);
  const cancelTimer = context.clock.after(wait.ms, giveUp);
  context.endings.add(giveUp);
  wait.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const first = await context.verifications.load(wait.id);
    if (first === undefined || first.verification.rev > wait.rev || first.verification.status !== 'pending') return first;
    return (await promise) ?? (await context.verifications.load(wait.id));
  } finally {
    unwatch();
    cancelTimer();
    context.endings.delete(giveUp);
    wait.signal?.removeEventListener('abort', giveUp);
  }
}
