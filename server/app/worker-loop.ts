// A loop that does what is due: on a timer set by the store, sooner when hinted, and at a slow steady pace in any case.
import type { Timestamp } from '../core/verification.ts';
import type { Context } from './context.ts';

export interface Worker {
  start(): void;
  /** Does everything that can be claimed now, waits for it, and answers how much that was. */
  runOnce(): Promise<number>;
  /** Takes no new work, and resolves when the work in hand is finished. */
  drain(): Promise<void>;
}

interface LoopSpec {
  name: string;
  /** Tasks in hand at a time: one that hangs holds up a slot, never the loop. */
  slots: number;
  /** Claims up to `limit` pieces of work. */
  claim: (limit: number) => Promise<(() => Promise<void>)[]>;
  /** When something next becomes claimable, on the store's clock. */
  nextAt: () => Promise<{ now: Timestamp; at: Timestamp | undefined }>;
}

/** Even if every hint and timer is lost, work is looked for this often. */
const steadyMs = 500;

/** What is due but was not claimed is in other hands: no reason to spin. */
const floorMs = 10;

/** After a failure (the store is away), the next look is this far off. */
const failedMs = 250;

type Needs = Pick<Context, 'bus' | 'clock' | 'logger' | 'metrics'>;

export function createWorkerLoop(context: Needs, spec: LoopSpec): Worker {
  const inHand = new Set<Promise<void>>();
  let isStopped = true;
  /** Undefined between two looks. */
  let looking: Promise<void> | undefined;
  let isHurried = false;
  let cancelTimer: (() => void) | undefined;
  let unsubscribe: (() => void) | undefined;

  const schedule = (ms: number): void => {
    cancelTimer?.();
    if (!isStopped) cancelTimer = context.clock.after(ms, turn);
  };

  const begin = (task: () => Promise<void>): void => {
    const running = perform(context, spec.name, task).finally(() => {
      const wasFull = inHand.size >= spec.slots;
      inHand.delete(running);
      if (wasFull) hurry();
    });
    inHand.add(running);
  };

  const claimAll = async (): Promise<number> => {
    let total = 0;
    for (let free = spec.slots - inHand.size; free > 0; free = spec.slots - inHand.size) {
      const tasks = await spec.claim(free);
      for (const task of tasks) begin(task);
      total += tasks.length;
      if (tasks.length < free || isStopped) break;
    }
    return total;
  };

  const look = async (): Promise<void> => {
    isHurried = false;
    const wait = await lookForWork(context, spec, claimAll);
    looking = undefined;
    // What came up while it looked may have come too late for what it saw. Without a free slot there is nothing to look for: the
    // next that is free hurries.
    const calm = inHand.size < spec.slots ? wait : steadyMs;
    schedule(isHurried ? 0 : calm);
  };

  const turn = (): void => {
    looking ??= look();
  };

  const hurry = (): void => {
    isHurried = true;
    if (looking === undefined) schedule(0);
  };

  return {
    runOnce: async () => {
      let total = 0;
      for (let claimed = await claimAll(); claimed > 0; claimed = await claimAll()) {
        total += claimed;
        await Promise.all(inHand);
      }
      return total;
    },
    start: () => {
      isStopped = false;
      unsubscribe = context.bus.subscribe((hint) => {
        if (hint.type === 'work') hurry();
      });
      schedule(0);
    },
    drain: async () => {
      isStopped = true;
      cancelTimer?.();
      unsubscribe?.();
      // A claim on its way is finished too: what it takes would else wait for its lease.
      await looking;
      await Promise.all(inHand);
    },
  };
}

/** Answers how long to wait before the next look, in milliseconds. */
async function lookForWork(context: Needs, spec: LoopSpec, claimAll: () => Promise<number>): Promise<number> {
  try {
    await claimAll();
    const { now, at } = await spec.nextAt();
    return Math.min(steadyMs, Math.max(floorMs, (at ?? Infinity) - now));
  } catch (error) {
    context.metrics.workerFailed(spec.name);
    context.logger.warn({ error, worker: spec.name }, 'a worker could not look for work; it tries again');
    return failedMs;
  }
}

/** Nothing that goes wrong with one piece of work reaches the others: its lease runs out and it is tried again. */
async function perform(context: Needs, worker: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    context.metrics.workerFailed(worker);
    context.logger.error({ error, worker }, 'a piece of work failed; it is tried again when its lease runs out');
  }
}
