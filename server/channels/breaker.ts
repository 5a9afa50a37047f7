// A circuit breaker: after too many failures in a row a provider is left alone for a while, then asked once.
import type { Clock } from '../ports/runtime.ts';

export interface BreakerOptions {
  /** Failures in a row that open it. */
  failures: number;
  /** Milliseconds until one call may try again. */
  coolDownMs: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** `hopeless`: no later call can go better until somebody mends something, so it opens at once. */
export type Went = 'well' | 'badly' | 'hopeless';

export interface Breaker {
  /** Undefined: not now. Otherwise the call may be made, and must say once how it went. */
  enter(): ((went: Went) => void) | undefined;
  /** Whether `enter` would let a call through now. */
  ready(): boolean;
  state(): BreakerState;
  /** Milliseconds until `enter` may let a call through; 0 when it does now. */
  resumesInMs(): number;
}

export function createBreaker(
  clock: Clock,
  { failures, coolDownMs }: BreakerOptions,
  onChange: (state: BreakerState) => void = () => {},
): Breaker {
  let state: BreakerState = 'closed';
  let badInARow = 0;
  let openUntil = 0;
  /** Rises with each change of state: a call that began before it no longer says anything about now. */
  let era = 0;

  const become = (next: BreakerState): void => {
    state = next;
    era += 1;
    badInARow = 0;
    if (next === 'open') openUntil = clock.monotonic() + coolDownMs;
    onChange(next);
  };

  const ready = (): boolean => state === 'closed' || (state === 'open' && clock.monotonic() >= openUntil);

  return {
    ready,
    enter() {
      if (!ready()) return undefined;
      if (state === 'open') become('half-open');
      const began = era;
      return (went) => {
        if (began !== era) return;
        badInARow = went === 'well' ? 0 : badInARow + 1;
        if (state === 'half-open') become(went === 'well' ? 'closed' : 'open');
        else if (went === 'hopeless' || badInARow >= failures) become('open');
      };
    },
    state: () => state,
    resumesInMs: () => {
      if (state === 'closed') return 0;
      // While one call tries, nobody knows yet; it is answered within an attempt.
      return state === 'open' ? Math.max(0, openUntil - clock.monotonic()) : coolDownMs;
    },
  };
}
