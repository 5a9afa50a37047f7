// What Vonage's answers mean for an attempt, in one table: try again, give up, the recipient is gone, or we are wrong.
import type { ChannelResult } from '../core/events.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { Fate } from './vonage-transport.ts';

export const vonageProvider = 'vonage';

type Meaning =
  /** Not taken this time: to be tried again within the step's budget. */
  | 'retry'
  | 'throttled'
  /** Nobody knows whether it was taken: an SMS is not repeated then. */
  | 'unknown'
  /** This message will never go. */
  | 'give-up'
  /** This number will never take one. */
  | 'gone'
  /** The person has said STOP. */
  | 'opted-out'
  /** Our key, account or application is refused: that concerns every message. */
  | 'configuration';

/**
 * https://developer.vonage.com/en/api-errors/messages, and the same codes in receipts. `reason` is what the timeline shows.
 * A refused sender is no `configuration`: it concerns the countries that want another one.
 */
const codes: Readonly<Record<string, readonly [Meaning, reason: string]>> = {
  1000: ['throttled', 'throttled'],
  1010: ['give-up', 'missing-parameter'],
  1020: ['give-up', 'invalid-parameter'],
  1021: ['give-up', 'invalid-tag'],
  1022: ['give-up', 'invalid-template'],
  1030: ['retry', 'internal-error'],
  1040: ['gone', 'invalid-number'],
  1050: ['gone', 'number-barred'],
  1060: ['configuration', 'account-barred'],
  1070: ['configuration', 'quota-exceeded'],
  1080: ['configuration', 'account-not-enabled'],
  1090: ['give-up', 'message-too-long'],
  1100: ['retry', 'communication-failed'],
  1110: ['configuration', 'invalid-signature'],
  1120: ['give-up', 'sender-refused'],
  1130: ['give-up', 'invalid-ttl'],
  1140: ['configuration', 'facility-not-allowed'],
  1150: ['give-up', 'invalid-message-class'],
  1160: ['give-up', 'number-not-whitelisted'],
  1170: ['gone', 'invalid-number'],
  1180: ['retry', 'absent'],
  1190: ['gone', 'absent-for-good'],
  1200: ['give-up', 'portability-error'],
  1210: ['give-up', 'anti-spam'],
  1220: ['retry', 'handset-busy'],
  1230: ['retry', 'network-error'],
  1240: ['opted-out', 'opted-out'],
  1241: ['throttled', 'too-many-to-number'],
  1250: ['give-up', 'unroutable'],
  1251: ['give-up', 'unroutable'],
  1260: ['give-up', 'destination-unreachable'],
  1270: ['give-up', 'age-restriction'],
  1280: ['give-up', 'blocked-by-carrier'],
  1282: ['give-up', 'blocked-by-provider'],
  1290: ['give-up', 'prepaid-without-credit'],
  1300: ['gone', 'not-in-network'],
  1310: ['gone', 'device-not-suitable'],
  1320: ['unknown', 'already-sent'],
  1330: ['give-up', 'unknown-carrier-error'],
  1331: ['retry', 'provider-error'],
  1340: ['give-up', 'outside-window'],
  1350: ['give-up', 'matching-fee'],
  1360: ['give-up', 'ttl-expired'],
  1370: ['configuration', 'access-token-expired'],
  1380: ['give-up', 'invalid-resource'],
  1381: ['give-up', 'resource-too-large'],
  1382: ['give-up', 'invalid-resource'],
  1400: ['configuration', 'unsupported-channel'],
  1410: ['give-up', 'invalid-parameter'],
  1420: ['give-up', 'sender-refused'],
  1430: ['gone', 'invalid-number'],
  1440: ['give-up', 'invalid-message-type'],
  1450: ['give-up', 'invalid-client-ref'],
  1451: ['give-up', 'invalid-context'],
  1460: ['give-up', 'daily-limit'],
  1461: ['throttled', 'limited-by-provider'],
  1470: ['give-up', 'fraud-rule'],
  1472: ['throttled', 'burst-protection'],
  1473: ['give-up', 'fraud-rule'],
  1480: ['give-up', 'entity-filter'],
  1481: ['give-up', 'sender-refused'],
  1482: ['give-up', 'content-filter'],
  1483: ['give-up', 'consent-filter'],
  1484: ['give-up', 'regulation'],
};

/** Where the status says more than the code, or there is no code that we know. */
const statuses: Readonly<Record<number, readonly [Meaning, reason: string]>> = {
  401: ['configuration', 'credentials-refused'],
  402: ['configuration', 'low-balance'],
  403: ['configuration', 'permission-denied'],
  404: ['configuration', 'no-such-api'],
  405: ['configuration', 'no-such-api'],
  408: ['retry', 'http-408'],
  421: ['retry', 'http-421'],
  425: ['retry', 'http-425'],
  429: ['throttled', 'http-429'],
  501: ['configuration', 'no-such-api'],
  // What stands before Vonage lost sight of it: it may have been taken.
  502: ['unknown', 'http-502'],
  504: ['unknown', 'http-504'],
};

/** These stand whatever code comes along: Vonage's documents put one code under several statuses. */
const statusFirst: ReadonlySet<number> = new Set([401, 402, 429, 502, 503, 504]);

/** @param now milliseconds since the Unix epoch, for a Retry-After that is a date */
export function resultOfFate(fate: Fate, now: number): ChannelResult {
  if (fate.kind === 'failed') {
    return { kind: 'unreachable', outcome: fate.written ? 'unknown' : 'not-sent', reason: fate.reason };
  }
  const { status, headers, body } = fate;
  // Vonage took it, or something that is not Vonage said so: either way nobody knows which.
  if (status >= 200 && status < 300) return { kind: 'unreachable', outcome: 'unknown', reason: 'malformed-reply' };
  const code = statusFirst.has(status) ? undefined : codeOf(body);
  const known = (code === undefined ? undefined : codes[code]) ?? statuses[status];
  const [meaning, reason] = known ?? [fallback(status), `http-${status}`];
  return toResult(meaning, reason, parseRetryAfter(headers['retry-after'], now));
}

/** Why Vonage says that a message failed, in the words of the table; undefined for what it does not know. */
export function wordFor(problem: { readonly type?: unknown; readonly title?: unknown }): string | undefined {
  const code = codeIn(problem);
  return code === undefined ? undefined : codes[code]?.[1];
}

/** A redirect leads who knows where, so it is not followed: it was answered, and not taken. */
function fallback(status: number): Meaning {
  if (status >= 500 || (status >= 300 && status < 400)) return 'retry';
  return 'give-up';
}

function codeOf(body: string | undefined): string | undefined {
  const problem = parseObject(body);
  return problem === undefined ? undefined : codeIn(problem);
}

/** `type` is `https://developer.vonage.com/api-errors/messages#1120`; receipts and older answers carry the code in `title`. */
function codeIn({ type, title }: { readonly type?: unknown; readonly title?: unknown }): string | undefined {
  const named = [type, title].map((field) =>
    typeof field === 'string' || typeof field === 'number' ? /(?:^|#)(1\d{3})$/.exec(String(field))?.[1] : undefined,
  );
  return named.find((code) => code !== undefined && Object.hasOwn(codes, code));
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function toResult(meaning: Meaning, reason: string, retryAfterMs: number | undefined): ChannelResult {
  switch (meaning) {
    case 'retry':
      // Whoever asks for a pause gets one.
      if (retryAfterMs !== undefined) return { kind: 'throttled', reason, retryAfterMs };
      return { kind: 'unreachable', outcome: 'not-sent', reason };
    case 'unknown':
      return { kind: 'unreachable', outcome: 'unknown', reason };
    case 'throttled':
      return { kind: 'throttled', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    case 'give-up':
      return { kind: 'rejected', reason };
    case 'gone':
      return { kind: 'rejected', reason, recipientGone: true };
    case 'opted-out':
      return { kind: 'rejected', reason, skip: 'opted-out' };
    default:
      return { kind: 'rejected', reason, configuration: true };
  }
}
