/** The hub's time as this device knows it: its own clock plus an offset learned from `serverTime` (contract section 1). */
import type { SdkRuntime } from './runtime.ts';

export interface HubClock {
  /** Milliseconds since the epoch on the hub's clock, as well as it is known. */
  now: () => number;
  /** Takes in a `serverTime` just received. True when it moved the clock by more than a second. */
  observe: (serverTime: string | undefined) => boolean;
}

export function createHubClock(runtime: SdkRuntime): HubClock {
  let offset = 0;
  return {
    now: () => runtime.now() + offset,
    observe(serverTime) {
      const time = serverTime === undefined ? Number.NaN : Date.parse(serverTime);
      if (Number.isNaN(time)) return false;
      const found = time - runtime.now();
      // Below a second it is network delay, not a wrong clock.
      if (Math.abs(found - offset) <= 1_000) return false;
      offset = found;
      return true;
    },
  };
}
