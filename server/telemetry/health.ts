// Whether this node lives (its event loop turns) and is ready (the store answers, it is not leaving).
import type { Clock } from '../ports/runtime.ts';

export interface HealthDeps {
  clock: Clock;
  store: { check(): Promise<unknown> };
  /** Milliseconds the store may take to answer. */
  storeTimeoutMs?: number;
  /** A loop that was held up for longer makes the node not ready. Milliseconds. */
  readyLagMs?: number;
  /** A loop that was held up for longer makes the node look dead. Milliseconds. */
  liveLagMs?: number;
}

export type NotReady = 'draining' | 'store' | 'busy';

export interface Health {
  live(): { ok: boolean; lagMs: number };
  /** Asks the store at most once a second, however many probes come. Never rejects. */
  ready(): Promise<{ ok: true } | { ok: false; because: NotReady }>;
  /** From now on not ready. */
  drain(): void;
  close(): void;
}

const beatMs = 500;
const freshMs = 1000;

export function createHealth(deps: HealthDeps): Health {
  const { clock, store, storeTimeoutMs = 1000, readyLagMs = 1000, liveLagMs = 10_000 } = deps;
  const loop = watchLoop(clock);
  let draining = false;
  let last: { at: number; answers: Promise<boolean> } | undefined;

  const storeAnswers = (): Promise<boolean> => {
    const now = clock.monotonic();
    if (last === undefined || now - last.at >= freshMs) last = { at: now, answers: checkWithin(storeTimeoutMs) };
    return last.answers;
  };
  const checkWithin = (ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      const cancel = clock.after(ms, () => resolve(false));
      const settle = (answer: boolean) => () => {
        cancel();
        resolve(answer);
      };
      // Within a promise, so that a check that throws at once counts as one that fails.
      Promise.resolve()
        .then(() => store.check())
        .then(settle(true), settle(false));
    });

  return {
    live: () => ({ ok: loop.lagMs() < liveLagMs, lagMs: loop.lagMs() }),
    async ready() {
      if (draining) return { ok: false, because: 'draining' };
      if (loop.lagMs() >= readyLagMs) return { ok: false, because: 'busy' };
      const answers = await storeAnswers();
      if (draining) return { ok: false, because: 'draining' };
      return answers ? { ok: true } : { ok: false, because: 'store' };
    },
    drain() {
      draining = true;
    },
    close: () => loop.stop(),
  };
}

/** Beats twice a second; a beat that comes late was held up by something. */
function watchLoop(clock: Clock): { lagMs(): number; stop(): void } {
  let expected = 0;
  let late = 0;
  let cancel = () => {};
  const beat = (): void => {
    late = Math.max(0, clock.monotonic() - expected);
    schedule();
  };
  const schedule = (): void => {
    expected = clock.monotonic() + beatMs;
    cancel = clock.after(beatMs, beat);
  };
  schedule();
  return {
    // The beat that is overdue right now counts too: it may not have had its turn yet.
    lagMs: () => Math.max(late, clock.monotonic() - expected, 0),
    stop: () => cancel(),
  };
}
