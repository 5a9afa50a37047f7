// A bulkhead: so many calls at a time, and so many waiting; more are turned away at once.

export interface LimiterOptions {
  concurrency: number;
  /** How many may wait for a place. */
  queue: number;
}

/** To be called once, when the call is over: the place goes to the one who waits longest. */
export type Release = () => void;

export interface Limiter {
  /** First come, first served. `full`: too many wait already; `aborted`: the signal came first. */
  enter(signal: AbortSignal): Promise<Release | 'full' | 'aborted'>;
}

export function createLimiter({ concurrency, queue }: LimiterOptions): Limiter {
  let running = 0;
  const waiting = new Set<() => void>();

  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) running -= 1;
    else next();
  };

  const wait = (signal: AbortSignal): Promise<Release | 'aborted'> =>
    new Promise((resolve) => {
      const leave = () => {
        waiting.delete(go);
        resolve('aborted');
      };
      const go = () => {
        waiting.delete(go);
        signal.removeEventListener('abort', leave);
        resolve(release);
      };
      waiting.add(go);
      signal.addEventListener('abort', leave, { once: true });
    });

  return {
    async enter(signal) {
      if (signal.aborted) return 'aborted';
      if (running < concurrency) {
        running += 1;
        return release;
      }
      return waiting.size < queue ? wait(signal) : 'full';
    },
  };
}
