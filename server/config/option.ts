// One row of the option table, and how its value is read from the environment.
import { bad, good, quote, type Kind, type Read } from './kinds.ts';

export type Group =
  | 'Start'
  | 'Store'
  | 'First application'
  | 'Escalation'
  | 'Push'
  | 'SMS'
  | 'Web'
  | 'Sockets'
  | 'Logs and metrics';

export interface Option<T, D extends T | undefined = T | undefined> {
  /** Of the environment variable. */
  readonly name: string;
  readonly type: Kind<T>;
  readonly default: D;
  /** The default in words, where it depends on other options. */
  readonly defaultText?: string;
  readonly unit?: 'ms' | 'bytes' | 'days';
  /** Never shown, not even in a fault. */
  readonly secret?: true;
  readonly group: Group;
  readonly text: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Keeps the type of the default, so that an option that has one is never undefined. */
export function option<T, const D extends T | undefined = undefined>(
  row: Omit<Option<T, D>, 'default'> & { default: D },
): Option<T, D> {
  return row;
}

/** Blanks around a value are dropped, as files and compose files add them; an empty value counts as not set. */
export function rawValue(env: Environment, { name }: { readonly name: string }): string | undefined {
  const raw = env[name]?.trim();
  return raw === '' ? undefined : raw;
}

/** `fault` is a whole sentence which names the option. */
export function readOption<T, D extends T | undefined>(env: Environment, row: Option<T, D>): Read<T | D> {
  const raw = rawValue(env, row);
  if (raw === undefined) {
    // An empty secret is a deployment that went wrong, not a wish for none.
    if (row.secret === true && env[row.name] !== undefined)
      return bad(`${row.name} is empty: give it a value or remove it.`);
    return good(row.default);
  }
  const read = row.type.read(raw);
  if (read.ok) return read;
  return bad(`${row.name} is ${row.secret === true ? 'not acceptable' : quote(raw)}: ${read.fault}.`);
}
