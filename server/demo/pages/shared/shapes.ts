// Guards for what comes back as JSON from this demo's own backend and storage: the parts by which the pages tell things apart.

export type Guard<T> = (value: unknown) => value is T;

export function having<T extends object>(...names: (keyof T & string)[]): Guard<T> {
  return (value): value is T =>
    typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}

export function listOf<T>(guard: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every((item) => guard(item));
}

/** Undefined for text that is not what it should be: left behind by an older version, or changed by hand. */
export function parseAs<T>(text: string | null, guard: Guard<T>): T | undefined {
  try {
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return guard(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
