// What every answer of FCM means to a push: one table, first match wins.
import type { ChannelResult } from '../core/events.ts';
import type { Exchange } from './fcm-agent.ts';
import { parseRetryAfter } from './retry-after.ts';

export const fcmProvider = 'fcm';

/** FCM's own error code where it gives one, else the canonical status; and whether it is about the token. */
interface Answer {
  status: number;
  code: string | undefined;
  isAboutToken: boolean;
}

type Verdict = (answer: Answer, retryAfterMs: number | undefined) => ChannelResult;

interface Row {
  /** As https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode names them. */
  code?: string;
  /** Where there is no code, or one that says no more than the status does. */
  status?: number | ((status: number) => boolean);
  isAboutToken?: true;
  verdict: Verdict;
}

/** FCM asks for this much before the first retry when a quota is spent and no time is given. */
const quotaPauseMs = 60_000;

const gone =
  (reason: string): Verdict =>
  () => ({ kind: 'rejected', reason, recipientGone: true });
const giveUp =
  (reason: string): Verdict =>
  () => ({ kind: 'rejected', reason });
const misconfigured =
  (reason: string): Verdict =>
  () => ({ kind: 'rejected', reason, configuration: true });
const retry =
  (reason: string): Verdict =>
  (_answer, retryAfterMs) =>
    retryAfterMs === undefined
      ? { kind: 'unreachable', outcome: 'not-sent', reason }
      : { kind: 'throttled', reason, retryAfterMs };
const byStatus =
  (verdict: (reason: string) => Verdict): Verdict =>
  (answer, retryAfterMs) =>
    verdict(`http-${answer.status}`)(answer, retryAfterMs);

export const fcmTable: readonly Row[] = [
  // The recipient is gone: quarantine the token, next step at once.
  { code: 'UNREGISTERED', verdict: gone('unregistered') },
  { code: 'INVALID_ARGUMENT', isAboutToken: true, verdict: gone('token-invalid') },

  // Ours to mend, but so far about one token (of an app that belongs to another project) or one platform (whose key at
  // Apple or for the web is missing or over): others may well be reached. createFcmFaults judges when it is about all.
  { code: 'SENDER_ID_MISMATCH', verdict: giveUp('sender-id-mismatch') },
  { code: 'THIRD_PARTY_AUTH_ERROR', verdict: giveUp('third-party-auth') },
  { code: 'APNS_AUTH_ERROR', verdict: giveUp('third-party-auth') },
  // Ours to mend, and until then nobody is reached.
  { status: 401, verdict: misconfigured('credentials-refused') },
  { status: 403, verdict: misconfigured('permission-denied') },
  // A token that is unknown has its own code above: what is not found here is the project, or FCM itself.
  { status: 404, verdict: misconfigured('project-not-found') },

  // Not now.
  {
    status: 429,
    verdict: (_answer, retryAfterMs = quotaPauseMs) => ({ kind: 'throttled', reason: 'quota-exceeded', retryAfterMs }),
  },
  // FCM says itself that it did not take the message. Should it be wrong, the phone shows one: copies share a tag.
  { status: 408, verdict: byStatus(retry) },
  { status: 500, verdict: retry('internal') },
  { status: 503, verdict: retry('unavailable') },
  // Said by somebody between us and FCM, who may have passed the message on.
  {
    status: (status) => status === 502 || status === 504,
    verdict: ({ status }) => ({ kind: 'unreachable', outcome: 'unknown', reason: `http-${status}` }),
  },
  { status: (status) => status >= 500, verdict: byStatus(retry) },

  // The message itself is refused; it would be again.
  { code: 'INVALID_ARGUMENT', verdict: giveUp('invalid-argument') },
  { status: (status) => status >= 400, verdict: byStatus(giveUp) },

  // Not followed: it may lead anywhere, and would take the message and our token there.
  { status: (status) => status >= 300, verdict: byStatus(retry) },
  // FCM names each message it takes. Who answers 200 without a name (a proxy, a captive portal) is not FCM, or no longer itself.
  { verdict: retry('malformed-answer') },
];

/** @param now milliseconds since the Unix epoch, for a Retry-After that is a date */
export function fcmResult(exchange: Exchange, now: number): ChannelResult {
  if (exchange.kind === 'answered') return answered(exchange, now);
  if (exchange.kind === 'unsent') return unsent(exchange.error);
  return { kind: 'unreachable', outcome: exchange.sent ? 'unknown' : 'not-sent', reason: exchange.reason };
}

/** Our token was refused, which one that was held for too long would be too. An iOS key that is refused is another matter. */
export function isTokenRefused(exchange: Exchange): boolean {
  if (exchange.kind !== 'answered' || exchange.status !== 401) return false;
  const { code } = readAnswer(exchange.status, parse(exchange.body));
  return code === undefined || code === 'UNAUTHENTICATED';
}

function answered(exchange: Extract<Exchange, { kind: 'answered' }>, now: number): ChannelResult {
  const body = parse(exchange.body);
  const answer = readAnswer(exchange.status, body);
  const isSuccess = exchange.status >= 200 && exchange.status < 300 && answer.code === undefined;
  if (isSuccess && typeof body['name'] === 'string' && body['name'] !== '') {
    return { kind: 'accepted', provider: fcmProvider, providerId: body['name'].slice(0, 256) };
  }
  const row = fcmTable.find((candidate) => matches(candidate, answer));
  if (row === undefined) throw new TypeError('the last row of the table matches everything');
  return row.verdict(answer, parseRetryAfter(exchange.retryAfter, now));
}

function matches(row: Row, answer: Answer): boolean {
  const { code, status, isAboutToken = false } = row;
  if (code !== undefined && code !== answer.code) return false;
  if (isAboutToken && !answer.isAboutToken) return false;
  return status === undefined || (typeof status === 'number' ? status === answer.status : status(answer.status));
}

/** firebase-admin looks at a message before it sends it; what it finds would be found again. */
function unsent(error: unknown): ChannelResult {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code.startsWith('messaging/')
    ? { kind: 'rejected', reason: code.slice('messaging/'.length) }
    : { kind: 'unreachable', outcome: 'not-sent', reason: 'not-attempted' };
}

/** `error: {code, message, status, details}` of https://cloud.google.com/apis/design/errors. */
function readAnswer(status: number, body: Record<string, unknown>): Answer {
  const error = record(body['error']);
  const details = Array.isArray(error['details']) ? error['details'].map(record) : [];
  const own = details.find((detail) => typeOf(detail) === 'google.firebase.fcm.v1.FcmError')?.['errorCode'];
  const code = typeof own === 'string' ? own : error['status'];
  const named = typeof code === 'string' ? code : 'error' in body ? 'UNSPECIFIED_ERROR' : undefined;
  return { status, code: named, isAboutToken: blamesToken(error, details) };
}

/** Google says what an argument is only in prose or in the name of the field; both are in use. */
function blamesToken(error: Record<string, unknown>, details: readonly Record<string, unknown>[]): boolean {
  const violations = details
    .filter((detail) => typeOf(detail) === 'google.rpc.BadRequest')
    .flatMap((detail) => (Array.isArray(detail['fieldViolations']) ? detail['fieldViolations'].map(record) : []));
  if (violations.length > 0) return violations.some(({ field }) => field === 'message.token');
  return typeof error['message'] === 'string' && /\bregistration token\b/i.test(error['message']);
}

function typeOf(detail: Record<string, unknown>): string {
  return String(detail['@type']).replace('type.googleapis.com/', '');
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function parse(text: string): Record<string, unknown> {
  try {
    return record(JSON.parse(text));
  } catch {
    return {};
  }
}
