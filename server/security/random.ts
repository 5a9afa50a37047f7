// Chance from the operating system: ids, secrets and numbers nobody can guess.
import { randomBytes, randomInt } from 'node:crypto';
import { v7 } from 'uuid';
import type { Random } from '../ports/runtime.ts';

export function createRandom(): Random {
  return {
    uuid: () => v7(),
    secret: (bytes) => randomBytes(bytes).toString('base64url'),
    integer: (below) => randomInt(below),
    // Jitter is no secret, and is asked for often.
    fraction: () => Math.random(),
  };
}
