// What the demo's controls are set to, kept by this browser: they stand for what a bank would decide by itself.
import type { SignInRequest } from '../../bank-api.ts';
import { having, parseAs } from '../shared/shapes.ts';

export interface SettingValues {
  userId: string;
  /** `none`, `choose`, `qr`, or `enter-<digits>`. */
  matching: string;
  lifetimeSeconds: number;
}

export interface Settings {
  get(): SettingValues;
  set(changes: Partial<SettingValues>): void;
  userId(): string;
  /** As the bank's API takes it. */
  request(): { mode: SignInRequest['matching']['mode']; digits?: number; lifetimeSeconds: number };
}

const key = 'dune-demo-controls';
const defaults: SettingValues = { userId: 'alice', matching: 'enter-2', lifetimeSeconds: 300 };

const isKept = having<Partial<SettingValues>>();

export function createSettings(storage: Storage): Settings {
  function get(): SettingValues {
    return { ...defaults, ...parseAs(storage.getItem(key), isKept) };
  }

  return {
    get,
    set: (changes) => storage.setItem(key, JSON.stringify({ ...get(), ...changes })),
    userId: () => get().userId,
    request() {
      const { matching, lifetimeSeconds } = get();
      const [name, digits] = matching.split('-');
      const mode = (['none', 'choose', 'enter', 'qr'] as const).find((known) => known === name) ?? 'enter';
      return { mode, lifetimeSeconds, ...(digits === undefined ? {} : { digits: Number(digits) }) };
    },
  };
}
