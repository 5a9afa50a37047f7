// Strings that come in: what they may hold, and the words that say so when they do not.
import { Type } from 'typebox';

/**
 * Nothing is normalised: what a relying party sends is stored, signed and shown as it is, and ids are compared code point by
 * code point (they are opaque, NFC or not). Lengths count code points. What could hide or turn text around is refused instead.
 */

/** Blank or invisible, and none of the joiners and marks that Persian, Hebrew or an emoji needs. */
const hidden =
  '\\u00AD\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u200B\\u2060-\\u206F\\u2800\\u3164\\uFEFF\\uFFA0\\uFFF9-\\uFFFB\\u{E0000}-\\u{E007F}';
/** Embeddings and overrides; the isolates U+2066 to U+2069 are in the range above. */
const bidi = '\\u202A-\\u202E';
const otherSpaces = '\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000';

interface Wording {
  pattern: string;
  /** Completes "This field …". */
  says: string;
}

const wordings = {
  text: {
    pattern: `^(?=.*\\S)[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}${bidi}${hidden}]+$`,
    says: 'must be readable text on one line, without control, invisible or direction-changing characters',
  },
  opaque: {
    pattern: `^[^\\p{Cc}\\p{Cf}\\p{Cs}${hidden}${otherSpaces}]+$`,
    says: 'must be printable characters, without control or invisible ones',
  },
  ascii: { pattern: '^[\\x21-\\x7E]*$', says: 'must be ASCII without spaces' },
  header: { pattern: '^[\\x20-\\x7E]+$', says: 'must be printable ASCII' },
  base64url: { pattern: '^[A-Za-z0-9_-]+$', says: 'must be base64url without padding' },
  jose: {
    pattern: '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]*){2,4}$',
    says: 'must be a compact JWS: three base64url parts joined by dots',
  },
  phone: { pattern: '^\\+[1-9][0-9]{6,14}$', says: 'must be an E.164 number, such as +31612345678' },
  locale: {
    pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
    says: 'must be a BCP 47 language tag, such as en or pt-BR',
  },
  code: { pattern: '^ *([0-9] *){6}$', says: 'must be six digits; spaces between them are fine' },
  ip: {
    pattern: `^(${ipv4()}|${ipv6()})$`,
    says: 'must be an IPv4 or IPv6 address',
  },
} as const satisfies Record<string, Wording>;

/** What a pattern asks for, in words. */
export function wordsFor(pattern: string): string | undefined {
  return Object.values(wordings).find((wording) => wording.pattern === pattern)?.says;
}

function bounded(wording: Wording, minLength: number, maxLength: number, description?: string) {
  const said = description === undefined ? {} : { description };
  return Type.String({ minLength, maxLength, pattern: wording.pattern, ...said });
}

/** One line that a person reads. */
export const text = (maxLength: number, description?: string) => bounded(wordings.text, 1, maxLength, description);

/** An id that means something to its owner only. */
export const opaque = (maxLength: number, description?: string) => bounded(wordings.opaque, 1, maxLength, description);

export const ascii = (minLength: number, maxLength: number, description?: string) =>
  bounded(wordings.ascii, minLength, maxLength, description);

export const headerText = (maxLength: number, description?: string) =>
  bounded(wordings.header, 1, maxLength, description);

export const base64url = (length: number, description?: string) =>
  bounded(wordings.base64url, length, length, description);

export const compactJws = (description?: string) => bounded(wordings.jose, 1, 8192, description);

export const locale = () => bounded(wordings.locale, 2, 35, 'BCP 47 language tag');

export const phoneNumber = () => bounded(wordings.phone, 8, 16, 'E.164');

export const smsCode = () => bounded(wordings.code, 6, 32, 'Six ASCII digits; ASCII spaces are ignored');

export const ipAddress = () => bounded(wordings.ip, 2, 45, 'IPv4 or IPv6 address');

/** The same string, or null. */
export function nullable(schema: ReturnType<typeof bounded>) {
  return Type.Unsafe<string | null>({ ...schema, type: ['string', 'null'] });
}

/** RFC 3339 in UTC. */
export const time = (description?: string) =>
  Type.String({ format: 'date-time', ...(description === undefined ? {} : { description }) });

/** RFC 4291, section 2.2, as one expression: `::` at each place it may stand. */
function ipv6(): string {
  const h = '[0-9A-Fa-f]{1,4}';
  const last = `(${h}:${h}|${ipv4()})`;
  const forms = [`(${h}:){6}${last}`, `::(${h}:){5}${last}`];
  for (let before = 1; before <= 5; before += 1) {
    forms.push(`((${h}:){0,${before - 1}}${h})?::(${h}:){${5 - before}}${last}`);
  }
  forms.push(`((${h}:){0,5}${h})?::${h}`, `((${h}:){0,6}${h})?::`);
  return forms.join('|');
}

function ipv4(): string {
  const byte = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
  return `${byte}(\\.${byte}){3}`;
}
