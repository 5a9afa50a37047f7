/** The SDK's runtime with a clock that only moves when a test moves it, and platform events that a test makes. */
import { createRuntime } from '../../../client-sdk/runtime.ts';
import type { PlatformEvent, SdkRuntime } from '../../../client-sdk/runtime.ts';

export interface FakeRuntime extends SdkRuntime {
  /** Moves time on, running what falls due in order, and lets promises settle in between. */
  advance: (ms: number) => Promise<void>;
  /** Delays of the timers that are set, in milliseconds from now. */
  timers: () => number[];
  setOnline: (online: boolean) => void;
  tell: (event: PlatformEvent) => void;
}

export function createFakeRuntime(start = Date.now(), overrides: Partial<SdkRuntime> = {}): FakeRuntime {
  const timers = new Set<{ at: number; run: () => void }>();
  const watchers = new Set<(event: PlatformEvent) => void>();
  let elapsed = 0;
  let online = true;

  function due(until: number): { at: number; run: () => void } | undefined {
    return [...timers].filter((timer) => timer.at <= until).toSorted((a, b) => a.at - b.at)[0];
  }

  return {
    ...createRuntime(),
    now: () => start + elapsed,
    elapsed: () => elapsed,
    random: () => 0.5,
    after(ms, run) {
      const timer = { at: elapsed + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    watch(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    isOnline: () => online,
    ...overrides,
    timers: () => [...timers].map((timer) => timer.at - elapsed).toSorted((a, b) => a - b),
    setOnline(value) {
      online = value;
    },
    tell(event) {
      for (const watcher of watchers) watcher(event);
    },
    async advance(ms) {
      const until = elapsed + ms;
      for (let timer = due(until); timer !== undefined; timer = due(until)) {
        timers.delete(timer);
        elapsed = timer.at;
        timer.run();
        await new Promise((resolve) => setImmediate(resolve));
      }
      elapsed = until;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
