// The kinds of value an option can have: each knows its shape in words and how to read it from text.

export type Read<T> = { ok: true; value: T } | { ok: false; fault: string };

export interface Kind<T> {
  /** For the options table, e.g. `0 to 65535`. */
  readonly shape: string;
  /** `fault` says what to do, as a sentence without its full stop. */
  read(this: void, raw: string): Read<T>;
}

export const good = <T>(value: T): Read<T> => ({ ok: true, value });
export const bad = (fault: string): { ok: false; fault: string } => ({ ok: false, fault });

/** @param min @param max both included */
export function integer(min: number, max: number): Kind<number> {
  return {
    shape: `${min} to ${max}`,
    read(raw) {
      const value = /^\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN;
      return value >= min && value <= max ? good(value) : bad(`give a whole number from ${min} to ${max}`);
    },
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    shape: choices.map((choice) => `\`${choice}\``).join(', '),
    read(raw) {
      const value = choices.find((choice) => choice === raw);
      return value === undefined ? bad(`give one of ${choices.join(', ')}`) : good(value);
    },
  };
}

export const flag: Kind<boolean> = {
  shape: '`true`, `false`',
  read: (raw) => (raw === 'true' || raw === 'false' ? good(raw === 'true') : bad('give true or false')),
};

/** Text of a certain form; `fault` says what to give instead. */
export function matching(shape: string, pattern: RegExp, fault: string): Kind<string> {
  return { shape, read: (raw) => (pattern.test(raw) ? good(raw) : bad(fault)) };
}

/** Items between commas; blanks around them and empty ones are dropped. */
export function list<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    shape: `${item.shape}, between commas`,
    read(raw) {
      const values: T[] = [];
      for (const part of raw.split(',').map((text) => text.trim())) {
        if (part === '') continue;
        const read = item.read(part);
        if (!read.ok) return bad(`${read.fault} (not ${quote(part)})`);
        values.push(read.value);
      }
      return good(values);
    },
  };
}

/** A value as it may be shown: one line, cut when long. */
export function quote(raw: string): string {
  return JSON.stringify(raw.length > 60 ? `${raw.slice(0, 60)}…` : raw);
}
