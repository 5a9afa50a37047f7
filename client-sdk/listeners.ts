/** A list of callbacks: one that throws disturbs neither the others nor the SDK. */
import type { Cancel } from './runtime.ts';

export interface Listeners<T> {
  add(listener: (value: T) => void): Cancel;
  tell(value: T): void;
}

export function createListeners<T>(): Listeners<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    add(listener) {
      // Wrapped, so that the same function may be added twice and taken off once.
      const own = (value: T): void => guarded(listener, value);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    tell(value) {
      for (const listener of listeners) listener(value);
    },
  };
}

/** The app's bug belongs in the app's error log, not in the middle of our work. */
export function guarded<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
    else console.error(error);
  }
}
