// Blanks secrets in whatever is about to be logged: by the name of the field, and by the look of the text.

const blank = '[redacted]';
const longestText = 2000;
/** Text is looked at up to here; what is cut off behind it cannot leak. */
const longestScan = 16_384;
const deepest = 6;
const widest = 50;

/** Field names, lower case without `-` and `_`, whose value is never shown. */
const secretNames = new Set(
  `authorization proxyauthorization cookie setcookie password passphrase secret apikey
  token waitertoken enrollmenttoken trusttoken resulttoken accesstoken refreshtoken pushtoken
  evidence challenge number choices proof jws jwe smscode codesalt codekey
  secrethash tokenhash webhooksecret configuredsecret signaturesecret privatekey signingkeys seed jwk idempotencykey`.split(
    /\s+/,
  ),
);
const phoneNames = new Set(['phonenumber', 'phone', 'msisdn', 'to', 'recipient']);

/** Each with what takes its place. All run in linear time on text of bounded length. */
const patterns: readonly [RegExp, string | ((match: string, ...groups: string[]) => string)][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, blank],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${blank}`],
  // JWS, JWT and JWE all begin with base64url of `{"`.
  [/eyJ[\w-]{4,}[\w.-]*/g, blank],
  // The key id of an API key is no secret and says which one it was.
  [/\bvh_([A-Za-z0-9]{1,64})_[\w-]+/g, `vh_$1_${blank}`],
  [/\b(?:enr|tru)_[\w-]{4,}/g, (match) => maskBearer(match)],
  [/\bwhsec_[A-Za-z0-9+/=_-]+/g, `whsec_${blank}`],
  [/([?&#](?:token|code|key|api_?key|secret|password|access_token)=)[^&#\s"']+/gi, `$1${blank}`],
  // user:password@ of a URL
  [/(:\/\/)[^/\s:@]*:[^/\s@]+@/g, `$1${blank}@`],
  [/\+[1-9][\d ().-]{5,18}\d/g, (match) => maskPhone(match)],
  // Six digits by themselves: an SMS code.
  [/(?<![\w.-])#?\d{6}(?![\w-]|\.\d)/g, blank],
];

/** Enrollment and trust tokens are the id of a record and a secret; the id may be shown. */
function maskBearer(token: string): string {
  const id = /^[a-z]{3}_[0-9a-f]{34}(?![^_])/.exec(token)?.[0];
  if (id === undefined) return `${token.slice(0, 3)}_${blank}`;
  return id === token ? id : `${id}_${blank}`;
}

/** Only the last two digits, so that a person can still tell two numbers apart. */
export function maskPhone(number: string): string {
  const digits = number.replace(/\D/g, '');
  return `+${'*'.repeat(Math.max(0, digits.length - 2))}${digits.slice(-2)}`;
}

export function scrubText(text: string): string {
  let clean = text.length > longestScan ? text.slice(0, longestScan).replace(/[\w.+/=-]+$/, '') : text;
  for (const [pattern, replacement] of patterns) {
    // Two calls, as `replace` takes text or a function but not either.
    clean = typeof replacement === 'string' ? clean.replace(pattern, replacement) : clean.replace(pattern, replacement);
  }
  return clean.length > longestText ? `${clean.slice(0, longestText)}… (cut)` : clean;
}

/** A copy of plain data that may be logged. Never throws: what cannot be read is said to be so. */
export function scrub(value: unknown): unknown {
  try {
    return scrubValue(value, 0);
  } catch {
    return '[unreadable]';
  }
}

export function scrubFields(fields: object): Record<string, unknown> {
  try {
    return scrubObject(fields, 0);
  } catch {
    return { fields: '[unreadable]' };
  }
}

function scrubValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return scrubText(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return scrubText(value.toString());
    case 'object':
      return value === null ? null : scrubNested(value, depth);
    default:
      return `[${typeof value}]`;
  }
}

function scrubNested(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL) return scrubText(value.href);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) return scrubList(value, depth);
  if (value instanceof Error) return scrubError(value, depth);
  if (value instanceof Map) return scrubObject(Object.fromEntries<unknown>(value), depth);
  if (value instanceof Set) return scrubList([...value], depth);
  return scrubObject(value, depth);
}

function scrubList(items: readonly unknown[], depth: number): unknown[] {
  const shown = items.slice(0, widest).map((item) => scrubValue(item, depth + 1));
  return items.length > widest ? [...shown, `[${items.length - widest} more]`] : shown;
}

/** Name, message, stack and cause are not enumerable, so they are asked for by name. */
function scrubError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const errors = error instanceof AggregateError ? { errors: error.errors } : {};
  const shown = { name, message, stack, ...(cause === undefined ? {} : { cause }), ...errors };
  return scrubObject(Object.assign({}, error, shown), depth);
}

function scrubObject(value: object, depth: number): Record<string, unknown> {
  const entries = Object.entries<unknown>({ ...value });
  const shown: [string, unknown][] = entries
    .slice(0, widest)
    .map(([key, item]) => [scrubText(key), scrubField(key, item, depth)]);
  if (entries.length > widest) shown.push(['…', `[${entries.length - widest} more]`]);
  return Object.fromEntries<unknown>(shown);
}

function scrubField(key: string, value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return value;
  const name = key.toLowerCase().replace(/[-_]/g, '');
  if (secretNames.has(name)) return blank;
  const plain = typeof value === 'string' || typeof value === 'number';
  if (plain && phoneNames.has(name) && /^\W*\+?[\d\s().-]{7,}$/.test(String(value))) return maskPhone(String(value));
  // `code` is also where problems and Node's errors carry their name; only digits are a secret.
  if (plain && name === 'code' && String(value).replace(/\D/g, '').length >= 4) return blank;
  return scrubValue(value, depth + 1);
}
