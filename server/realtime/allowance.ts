// So many a minute: a bucket that fills up again steadily.
import type { Clock } from '../ports/runtime.ts';

export interface Allowance {
  /** Takes one. 0: it was there; otherwise the seconds until there is one again. */
  take(): number;
}

export function createAllowance(clock: Pick<Clock, 'monotonic'>, perMinute: number): Allowance {
  const perMs = perMinute / 60_000;
  let level = perMinute;
  let at = clock.monotonic();
  return {
    take: () => {
      const now = clock.monotonic();
      level = Math.min(perMinute, level + (now - at) * perMs);
      at = now;
      if (level < 1) return Math.max(1, Math.ceil((1 - level) / perMs / 1000));
      level -= 1;
      return 0;
    },
  };
}
