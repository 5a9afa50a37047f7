// Looks at what waits in the outbox and at the dead letters, from time to time, so that whoever runs the hub can see it.
import type { Context } from './context.ts';
import type { Worker } from './worker-loop.ts';

const everyMs = 15_000;
const topics = ['push', 'sms', 'webhook'] as const;

type Needs = Pick<Context, 'clock' | 'logger' | 'metrics'> & { store: Pick<Context['store'], 'list'> };

export function createBacklogWatch(context: Needs): Worker {
  let isStopped = false;
  let running: Promise<number> = Promise.resolve(0);
  let cancelTimer: (() => void) | undefined;

  const runOnce = async (): Promise<number> => {
    for (const topic of topics) {
      const { now, records, total } = await context.store.list({ kind: 'message', topic, limit: 1 });
      context.metrics.outboxSeen(topic, total, now - (records[0]?.createdAt ?? now));
    }
    const { total } = await context.store.list({ kind: 'dead-letter', limit: 0 });
    context.metrics.deadLettersSeen(total);
    return 0;
  };

  const turn = async (): Promise<void> => {
    try {
      running = runOnce();
      await running;
    } catch (error) {
      context.metrics.workerFailed('backlog-watch');
      context.logger.warn({ error }, 'what waits could not be looked at; the next round tries again');
    }
    if (!isStopped) cancelTimer = context.clock.after(everyMs, () => void turn());
  };

  return {
    runOnce,
    start: () => {
      isStopped = false;
      cancelTimer = context.clock.after(0, () => void turn());
    },
    drain: async () => {
      isStopped = true;
      cancelTimer?.();
      await running.catch(() => 0);
    },
  };
}
