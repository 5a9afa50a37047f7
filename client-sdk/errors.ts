/** The one error class of the SDK: a closed set of codes, and a text that tells a person what to do next. */
import { problemCodes } from './protocol.ts';
import type { Problem, ProblemCode, VerificationStatus } from './protocol.ts';
import { adviceFor } from './advice.ts';
import type { ClientErrorCode, VerihubErrorCode } from './error-codes.ts';

export interface VerihubErrorOptions {
  detail?: string | undefined;
  status?: number | undefined;
  requestId?: string | undefined;
  retryAfter?: number | undefined;
  attemptsLeft?: number | undefined;
  verificationStatus?: VerificationStatus | undefined;
  serverTime?: string | undefined;
  errors?: Problem['errors'];
  cause?: unknown;
}

/** `message` may be shown to a person; `code` is for programs; `detail` is for developers and logs. */
export class VerihubError extends Error {
  override readonly name = 'VerihubError';
  readonly code: VerihubErrorCode;
  readonly detail: string;
  /** HTTP status of the hub's answer, if it gave one. */
  readonly status: number | undefined;
  /** Quote it to the hub's operator: it finds the log line. */
  readonly requestId: string | undefined;
  /** Seconds to wait before the same call can succeed. */
  readonly retryAfter: number | undefined;
  /** How many more wrong numbers or codes are allowed. */
  readonly attemptsLeft: number | undefined;
  /** How the verification stands, when the reason is that it is no longer pending. */
  readonly verificationStatus: VerificationStatus | undefined;
  readonly serverTime: string | undefined;
  /** Which fields of the request were refused. */
  readonly errors: Problem['errors'];

  constructor(code: VerihubErrorCode, options: VerihubErrorOptions = {}) {
    super(adviceFor(code, options), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail ?? '';
    this.status = options.status;
    this.requestId = options.requestId;
    this.retryAfter = options.retryAfter;
    this.attemptsLeft = options.attemptsLeft;
    this.verificationStatus = options.verificationStatus;
    this.serverTime = options.serverTime;
    this.errors = options.errors;
  }
}

export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string';
}

/** A newer hub may name codes this SDK does not know: they become the nearest known one by status. */
export function errorFromProblem(problem: Problem, retryAfter?: number): VerihubError {
  const code = isProblemCode(problem.code) ? problem.code : nearestCode(problem.status);
  const { detail, status, requestId, attemptsLeft, verificationStatus, serverTime, errors } = problem;
  const wait = problem.retryAfter ?? retryAfter;
  return new VerihubError(code, {
    detail,
    status,
    requestId,
    attemptsLeft,
    verificationStatus,
    serverTime,
    errors,
    retryAfter: wait,
  });
}

/**
 * For answers without a readable problem: they come from a proxy in between, so their 401 or 404 says nothing about
 * this device or that verification.
 */
export function errorFromStatus(status: number, retryAfter?: number): VerihubError {
  const passes = status === 429 || status >= 500;
  const detail = `HTTP ${status} without a problem document`;
  return new VerihubError(passes ? nearestCode(status) : 'bad-response', { status, retryAfter, detail });
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCodes, code);
}

const codeByStatus: Record<number, ProblemCode> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  409: 'already-decided',
  410: 'verification-expired',
  413: 'too-large',
  415: 'unsupported-media-type',
  422: 'invalid',
  429: 'rate-limited',
};

function nearestCode(status: number): VerihubErrorCode {
  if (status === 502 || status === 503 || status === 504) return 'store-unavailable';
  return codeByStatus[status] ?? (status >= 500 ? 'internal' : 'bad-response');
}

/** Anything thrown, as a `VerihubError`. */
export function asVerihubError(thrown: unknown, fallback: ClientErrorCode = 'network'): VerihubError {
  if (thrown instanceof VerihubError) return thrown;
  return new VerihubError(fallback, {
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    cause: thrown,
  });
}
