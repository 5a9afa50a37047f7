// Root hooks of every mocha run: a rejection nobody caught fails its test, and a run that leaves something open fails instead of hanging.
import type { RootHookObject } from 'mocha';

const GRACE_MS = 10_000;
const strays: unknown[] = [];
const remember = (reason: unknown): void => {
  strays.push(reason);
};

/** Mocha 12 swallows an unhandled rejection when nobody else listens for it. */
export const mochaHooks: RootHookObject = {
  beforeAll() {
    process.on('unhandledRejection', remember);
  },
  afterEach: failOnStrays,
  afterAll: failOnStrays,
};

function failOnStrays(): void {
  if (strays.length === 0) return;
  const [first] = strays.splice(0);
  throw first instanceof Error ? first : new Error(`a promise was rejected with ${String(first)} and nobody listened`);
}

/** Mocha calls this once after the last test; the timer holds nothing open itself. */
export function mochaGlobalTeardown(): void {
  const timer = setTimeout(() => {
    const held = process.getActiveResourcesInfo().join(', ');
    console.error(`\nThe tests have ended, but something is still open: ${held}. Close it in the test that opened it.`);
    // Mocha sets its own exit code in an exit listener; this one is registered later and has the last word.
    process.once('exit', () => {
      process.exitCode = 1;
    });
    process.exit();
  }, GRACE_MS);
  timer.unref();
}
