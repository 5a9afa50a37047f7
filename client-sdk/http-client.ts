/** JSON over fetch with a time-out per try, a deadline per call, and repeats only where repeating is safe. */
import { createBackoff, retryBackoff } from './backoff.ts';
import { pause, withDeadline } from './deadline.ts';
import { asVerihubError, errorFromProblem, errorFromStatus, isProblem, VerihubError } from './errors.ts';
import type { VerihubErrorCode } from './error-codes.ts';
import { isRecord } from './reply-guards.ts';
import type { SdkRuntime } from './runtime.ts';

export interface HttpCall<T> {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  /** Bearer credential. Asked for again on each try. */
  credential?: () => string | Promise<string>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether a 2xx answer is the one expected. */
  read: (body: unknown) => body is T;
  /** For one try, in milliseconds. */
  timeoutMs?: number | undefined;
  /** For all tries together, in milliseconds. */
  deadlineMs?: number | undefined;
  /** True when the same call may be sent again after a lost reply. */
  repeatable: boolean;
  signal?: AbortSignal | undefined;
}

export interface HttpClient {
  /** Rejects with a `VerihubError`, at the call's deadline at the latest. */
  call: <T>(call: HttpCall<T>) => Promise<T>;
}

export interface HttpClientOptions {
  /** Where requests go: an origin, without a trailing slash. */
  endpoint: string;
  runtime: SdkRuntime;
  /** Default for one try (8 s) and for all tries of a call (25 s), in milliseconds. */
  timeoutMs?: number | undefined;
  deadlineMs?: number | undefined;
  /** Told every `serverTime` that passes by. */
  onServerTime?: (serverTime: string) => void;
}

/** Answers that say nothing about the call itself: a moment later, or on another node, it may well work. */
const passing: ReadonlySet<VerihubErrorCode> = new Set([
  'network',
  'timeout',
  'internal',
  'store-unavailable',
  'draining',
  'request-in-flight',
  'bad-response',
]);

export function createHttpClient(options: HttpClientOptions): HttpClient {
  return { call: (call) => callUntilDeadline(options, call) };
}

async function callUntilDeadline<T>(options: HttpClientOptions, call: HttpCall<T>): Promise<T> {
  const { runtime } = options;
  const giveUpAt = runtime.elapsed() + (call.deadlineMs ?? options.deadlineMs ?? 25_000);
  const backoff = createBackoff(retryBackoff, runtime.random);
  for (let repeated = false; ; repeated = true) {
    const timeLeft = Math.max(1, giveUpAt - runtime.elapsed());
    const timeout = Math.min(call.timeoutMs ?? options.timeoutMs ?? 8_000, timeLeft);
    try {
      return await withDeadline(runtime, timeout, call.signal, (signal) => once(options, call, signal));
    } catch (thrown) {
      const error = asVerihubError(thrown);
      const nothing: unknown = undefined;
      // The try whose reply was lost has deleted it: what was asked for is so.
      if (repeated && call.method === 'DELETE' && error.code === 'not-found' && call.read(nothing)) return nothing;
      const wait = Math.max(backoff.next(), (error.retryAfter ?? 0) * 1_000);
      if (!call.repeatable || !passing.has(error.code) || runtime.elapsed() + wait >= giveUpAt) throw error;
      await pause(runtime, wait, call.signal);
    }
  }
}

async function once<T>(options: HttpClientOptions, call: HttpCall<T>, signal: AbortSignal): Promise<T> {
  const response = await options.runtime.fetch(options.endpoint + call.path, await requestOf(call, signal));
  const body = parseJson(await response.text());
  if (isRecord(body) && typeof body['serverTime'] === 'string') options.onServerTime?.(body['serverTime']);
  if (!response.ok) {
    const retryAfter = retryAfterSeconds(response.headers.get('retry-after'), options.runtime);
    throw isProblem(body) ? errorFromProblem(body, retryAfter) : errorFromStatus(response.status, retryAfter);
  }
  if (call.read(body)) return body;
  throw new VerihubError('bad-response', {
    status: response.status,
    detail: `unexpected answer to ${call.method} ${call.path}`,
  });
}

async function requestOf<T>(call: HttpCall<T>, signal: AbortSignal): Promise<RequestInit> {
  const authorization = call.credential ? { authorization: `Bearer ${await call.credential()}` } : {};
  const headers = { accept: 'application/json, application/problem+json', ...authorization, ...call.headers };
  const init: RequestInit = { method: call.method, signal, cache: 'no-store', credentials: 'omit', redirect: 'error' };
  if (call.body === undefined) return { ...init, headers };
  return { ...init, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(call.body) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 9110 section 10.2.3: delay-seconds or an HTTP date. */
function retryAfterSeconds(header: string | null, runtime: SdkRuntime): number | undefined {
  if (header === null || header === '') return undefined;
  if (/^\d+$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - runtime.now()) / 1_000));
}
