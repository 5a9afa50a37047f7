// What everything else is built on, for the hub and for the command line tool: clock, chance, log and the store.
import type { Config } from './config/config.ts';
import type { Clock, Logger, Random } from './ports/runtime.ts';
import type { Store } from './ports/store.ts';
import { createRandom } from './security/random.ts';
import { createSqliteStore } from './store/sqlite/sqlite-store.ts';
import { createSystemClock } from './telemetry/clock.ts';
import { createLogger } from './telemetry/logger.ts';

export interface Machine {
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** @param parts what a test puts in place of the machine's own */
export function createMachine(config: Pick<Config, 'logLevel'>, parts: Partial<Machine> = {}): Machine {
  return {
    clock: parts.clock ?? createSystemClock(),
    random: parts.random ?? createRandom(),
    logger: parts.logger ?? createLogger({ level: config.logLevel }),
  };
}

/** @throws when the file is another process's, or newer than this program: the message says what to do */
export function openStore(config: Pick<Config, 'store'>, { clock, logger }: Machine): Store {
  if (config.store.kind !== 'sqlite')
    throw new Error(`The store ${config.store.kind} is not part of this version; use sqlite:<file>.`);
  return createSqliteStore({ file: config.store.file, clock, logger });
}
