/** JSON over fetch with a time-out per try, a deadline per call, and repeats only where repeating is safe. */
import { createBackoff, retryBackoff } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import { abortError, pause, withDeadline } from './deadline.ts';
import { asVerihubError, errorFromProblem, errorFromStatus, isProblem, VerihubError } from './errors.ts';
import type { VerihubErrorCode } from './errors.ts';
import type { SdkRuntime } from './runtime.ts';

export interface HttpCall {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  /** Bearer credential. Asked for again on each try. */
  credential?: () => string | Promise<string>;
  body?: unknown;
  headers?: Record<string, string>;
  /** A member that the answer must have; without it the body is not looked at. */
  expect?: string;
  /** For one try, in milliseconds. */
  timeoutMs?: number;
  /** For all tries together, in milliseconds. */
  deadlineMs?: number;
  /** True when the same call may be sent again after a lost reply. */
  repeatable: boolean;
  signal?: AbortSignal | undefined;
}

export interface HttpClient {
  /** Rejects with a `VerihubError`. The caller vouches for `T`; only the member named by `expect` is checked. */
  call<T>(call: HttpCall): Promise<T>;
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
  const { runtime } = options;
  return {
    async call<T>(call: HttpCall): Promise<T> {
      const giveUpAt = runtime.now() + (call.deadlineMs ?? options.deadlineMs ?? 25_000);
      const backoff = createBackoff(retryBackoff, runtime.random);
      for (;;) {
        const timeLeft = Math.max(1, giveUpAt - runtime.now());
        const timeout = Math.min(call.timeoutMs ?? options.timeoutMs ?? 8_000, timeLeft);
        try {
          return (await withDeadline(runtime, timeout, call.signal, (signal) => once(options, call, signal))) as T;
        } catch (thrown) {
          const error = call.signal?.aborted ? abortError(call.signal) : asVerihubError(thrown);
          const wait = pauseAfter(error, call, backoff);
          if (wait === null || runtime.now() + wait >= giveUpAt) throw error;
          await pause(runtime, wait, call.signal);
        }
      }
    },
  };
}

function pauseAfter(error: VerihubError, call: HttpCall, backoff: Backoff): number | null {
  if (!call.repeatable || !passing.has(error.code)) return null;
  return Math.max(backoff.next(), (error.retryAfter ?? 0) * 1_000);
}

async function once(options: HttpClientOptions, call: HttpCall, signal: AbortSignal): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json', ...call.headers };
  if (call.credential) headers['authorization'] = `Bearer ${await call.credential()}`;
  const init: RequestInit = {
    method: call.method,
    headers,
    signal,
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
  };
  if (call.body !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(call.body);
  }
  const response = await options.runtime.fetch(options.endpoint + call.path, init);
  const body = parseJson(await response.text());
  if (isRecord(body) && typeof body['serverTime'] === 'string') options.onServerTime?.(body['serverTime']);
  const retryAfter = retryAfterSeconds(response.headers.get('retry-after'), options.runtime);
  if (!response.ok)
    throw isProblem(body) ? errorFromProblem(body, retryAfter) : errorFromStatus(response.status, retryAfter);
  if (call.expect !== undefined && !(isRecord(body) && call.expect in body)) {
    throw new VerihubError('bad-response', { status: response.status, detail: `the answer has no "${call.expect}"` });
  }
  return body;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
