// A clock that stands still until a test moves it.
import type { Clock } from '../../server/ports/runtime.ts';

export interface FakeClock extends Clock {
  /** Moves on by `ms`, calling every timer that falls due on its way at its own time, timers set by timers too. */
  advance(ms: number): void;
  /** How many timers wait. */
  timers(): number;
}

/** @param start milliseconds since the Unix epoch */
export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  const waiting = new Set<{ at: number; callback: () => void }>();
  const nextUntil = (end: number) => [...waiting].filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0];

  return {
    now: () => now,
    monotonic: () => now - start,
    after(ms, callback) {
      const timer = { at: now + Math.max(0, ms), callback };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    advance(ms) {
      const end = now + ms;
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) {
        waiting.delete(timer);
        now = Math.max(now, timer.at);
        timer.callback();
      }
      now = end;
    },
    timers: () => waiting.size,
  };
}
