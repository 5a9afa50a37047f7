// Forgets what is past its retention, a little at a time.
import type { Context } from './context.ts';
import type { Worker } from './worker-loop.ts';

const everyMs = 60_000;

/** Small enough that a sweep never holds up a write for long. */
const batchSize = 200;

type Needs = Pick<Context, 'clock' | 'logger' | 'metrics'> & { store: Pick<Context['store'], 'sweep'> };

export function createSweeper(context: Needs): Worker {
  let isStopped = false;
  let running: Promise<number> = Promise.resolve(0);
  let cancelTimer: (() => void) | undefined;

  const runOnce = async (): Promise<number> => {
    let total = 0;
    for (
      let swept = await context.store.sweep({ limit: batchSize });
      swept > 0;
      swept = await context.store.sweep({ limit: batchSize })
    ) {
      total += swept;
      if (isStopped) break;
    }
    return total;
  };

  const turn = async (): Promise<void> => {
    try {
      running = runOnce();
      await running;
    } catch (error) {
      context.metrics.workerFailed('sweeper');
      context.logger.warn({ error }, 'old records could not be swept; the next round tries again');
    }
    if (!isStopped) cancelTimer = context.clock.after(everyMs, () => void turn());
  };

  return {
    runOnce,
    start: () => {
      isStopped = false;
      cancelTimer = context.clock.after(everyMs, () => void turn());
    },
    drain: async () => {
      isStopped = true;
      cancelTimer?.();
      await running.catch(() => 0);
    },
  };
}
