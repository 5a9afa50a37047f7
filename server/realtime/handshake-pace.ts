// Storms of reconnecting clients, taken a few at a time, so that whoever is connected already is served in between.
import { ProblemError } from '../core/errors.ts';

export interface Turns {
  /** Calls back when it is this one's turn: at most so many for each turn of the event loop. False: too many wait. */
  wait(go: () => void): boolean;
}

/**
 * One handshake keeps the loop busy for some 0.2 ms. A client that stalls holds up nobody: its turn ends with the loop's.
 * @param perTurn handshakes for each turn of the loop
 */
export function createTurns(perTurn: number, longestQueue: number): Turns {
  let queue: (() => void)[] = [];
  let scheduled = false;
  const turn = (): void => {
    const now = queue.slice(0, perTurn);
    queue = queue.slice(perTurn);
    scheduled = queue.length > 0;
    if (scheduled) setImmediate(turn);
    for (const go of now) go();
  };
  return {
    wait: (go) => {
      if (queue.length >= longestQueue) return false;
      queue.push(go);
      if (!scheduled) setImmediate(turn);
      scheduled = true;
      return true;
    },
  };
}

export interface Lanes {
  /** The work's own outcome, once there was room for it. @throws ProblemError `rate-limited` when too many wait */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Credentials are checked against the store: never more than `width` at once. */
export function createLanes(width: number, longestQueue: number): Lanes {
  const waiting: (() => void)[] = [];
  let busy = 0;
  const enter = (): Promise<void> => {
    if (busy < width) {
      busy += 1;
      return Promise.resolve();
    }
    if (waiting.length >= longestQueue) {
      throw new ProblemError('rate-limited', 'Too many clients are connecting at once. Try again shortly.', {
        retryAfter: 5,
      });
    }
    return new Promise((resolve) => {
      waiting.push(resolve);
    });
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  };
  return {
    run: async (work) => {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
