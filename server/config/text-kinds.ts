// Kinds of value that are names, keys and secrets.
import { apiKeyFault } from '../core/bearer.ts';
import { webhookSecretFault } from '../core/webhook-endpoint.ts';
import { countries } from './countries.ts';
import { bad, good, matching, quote, type Kind } from './kinds.ts';

/** Contract section 3. */
export const apiKey: Kind<string> = {
  shape: '`vh_<key id>_<secret>`',
  read(raw) {
    const fault = apiKeyFault(raw);
    return fault === undefined ? good(raw) : bad(fault.replace(/\.$/, ''));
  },
};

/** A shared secret: anything an HTTP header can carry, long enough not to be guessed. */
export const token = matching(
  '16 to 256 visible characters',
  /^[\x21-\x7e]{16,256}$/,
  'give 16 to 256 visible ASCII characters without blanks',
);

/** Standard Webhooks: 24 to 64 bytes, base64, after a prefix. */
export const webhookSecret: Kind<string> = {
  shape: '`whsec_<base64>`',
  read(raw) {
    const fault = webhookSecretFault(raw);
    return fault === undefined ? good(raw) : bad(fault);
  },
};

/** Control, format and line separators could make a prompt read as something else. */
const misleading = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u;

export const shownName: Kind<string> = {
  shape: '1 to 64 characters',
  read: (raw) =>
    raw.length > 64 || misleading.test(raw) ? bad('give 1 to 64 printable characters on one line') : good(raw),
};

export const path: Kind<string> = {
  shape: 'path',
  read: (raw) => (raw.includes('\0') ? bad('give the path of a file') : good(raw)),
};

/** ISO 3166-1 alpha-2. A code that no number has would be silently of no use. */
export const country: Kind<string> = {
  shape: 'country codes',
  read: (raw) => (countries.has(raw) ? good(raw) : bad('give two-letter country codes in capitals, e.g. NL,GB')),
};

/** A number in E.164 with or without its plus, or up to 11 letters and digits of which one is a letter (3GPP TS 23.040). */
const smsSender = matching(
  'number or name',
  /^(\+?[1-9]\d{6,14}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$/,
  'give a phone number in E.164 form or a name of up to 11 letters and digits',
);

export interface SmsSenders {
  from: string;
  /** Other senders, by the country they are for: names are not allowed everywhere. */
  fromByCountry: Readonly<Record<string, string>>;
}

export const smsSenders: Kind<SmsSenders> = {
  shape: 'number or name; `US=+1…` for one country; between commas',
  read(raw) {
    const all: string[] = [];
    const byCountry = new Map<string, string>();
    for (const part of raw.split(',').map((text) => text.trim())) {
      if (part === '') continue;
      const [head = '', sender] = part.split(/\s*=\s*/u, 2);
      const read = smsSender.read(sender ?? head);
      if (!read.ok) return bad(`${read.fault} (not ${quote(part)})`);
      if (sender === undefined) all.push(read.value);
      else if (!country.read(head).ok)
        return bad(`name the country by its two-letter code in capitals, e.g. US=${sender}`);
      else if (byCountry.has(head)) return bad(`give ${head} one sender only`);
      else byCountry.set(head, read.value);
    }
    const [from, ...more] = all;
    if (from === undefined || more.length > 0) {
      return bad('give one sender for all countries, then those of single ones, e.g. Example,US=+14155550100');
    }
    return good({ from, fromByCountry: Object.fromEntries(byCountry) });
  },
};
