// The clock of the machine. Everything else takes time through the port (law 8).
import type { Clock } from '../ports/runtime.ts';

/** Node fires at once for longer delays; waiting that much is as good as waiting for ever. */
const longestDelayMs = 2 ** 31 - 1;

export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, callback) {
      const timer = setTimeout(callback, Math.min(Math.max(0, ms), longestDelayMs));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
