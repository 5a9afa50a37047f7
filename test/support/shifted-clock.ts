// The machine's clock, which a test can set forward: timers run in real time, `now` jumps.
import type { Clock } from '../../server/ports/runtime.ts';
import { createSystemClock } from '../../server/telemetry/clock.ts';

export interface ShiftedClock extends Clock {
  /** Sets it forward, in milliseconds. */
  shift(ms: number): void;
}

export function createShiftedClock(): ShiftedClock {
  const clock = createSystemClock();
  let offset = 0;
  return {
    ...clock,
    now: () => clock.now() + offset,
    shift: (ms) => {
      offset += ms;
    },
  };
}
