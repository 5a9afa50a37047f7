// A clock that stands still until a test moves it.
import type { Clock } from '../../server/ports/runtime.ts';

export interface FakeClock extends Clock {
  /**
   * Moves both times forward by `ms`, and calls what falls due on the way: earliest first, each at its own time,
   * those included that are set by a callback on the way. What callbacks start asynchronously has not happened yet
   * when this returns: await its outcome.
   */
  advance(ms: number): void;
  /** Sets only the time of day forward or back, as a bad NTP server would: timers and `monotonic` do not notice. */
  jump(ms: number): void;
  /** Milliseconds until the next timer, undefined when none is set. */
  untilNext(): number | undefined;
  /** Timers that are set. */
  timers(): number;
}

interface Timer {
  /** On the monotonic time. */
  at: number;
  callback: () => void;
}

/** 2026-01-01T00:00:00Z. */
const aNewYear = 1_767_225_600_000;

/** @param start milliseconds since the Unix epoch */
export function createFakeClock(start: number = aNewYear): FakeClock {
  const timers = new Set<Timer>();
  let wall = start;
  let elapsed = 0;

  const goTo = (at: number): void => {
    wall += at - elapsed;
    elapsed = at;
  };
  // A set keeps the order in which timers were set, and a stable sort keeps it among those of the same time.
  const next = (): Timer | undefined => [...timers].toSorted((a, b) => a.at - b.at)[0];

  return {
    now: () => wall,
    monotonic: () => elapsed,
    after: (ms, callback) => {
      const timer = { at: elapsed + Math.max(0, ms), callback };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance: (ms) => {
      const end = elapsed + Math.max(0, ms);
      for (let timer = next(); timer !== undefined && timer.at <= end; timer = next()) {
        timers.delete(timer);
        goTo(timer.at);
        timer.callback();
      }
      goTo(end);
    },
    jump: (ms) => {
      wall += ms;
    },
    untilNext: () => {
      const timer = next();
      return timer === undefined ? undefined : timer.at - elapsed;
    },
    timers: () => timers.size,
  };
}
