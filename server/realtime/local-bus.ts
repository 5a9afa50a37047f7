// The bus of a single node: hints go round inside the process.
import type { Bus, Hint } from '../ports/bus.ts';
import type { Logger } from '../ports/runtime.ts';

export function createLocalBus(logger: Logger): Bus {
  const listeners = new Set<(hint: Hint) => void>();
  return {
    publish: (hint) => {
      for (const listener of listeners) {
        try {
          listener(hint);
        } catch (error) {
          logger.error(
            { error, hint: hint.type },
            'a listener failed on a hint; whoever missed it reads the store again',
          );
        }
      }
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
