// What a refusal looks like on the wire: RFC 9457 problem details, the same over REST and sockets.
import { Type, type Static } from 'typebox';
import { ProblemError, problems, type ProblemCode, type ProblemExtras } from '../core/errors.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import { ascii, time } from './text.ts';
import { statuses } from './verification.ts';

/** The same everywhere, so that a client may compare it; `code` is its last part. */
const typePrefix = 'urn:verihub:problem:';

export const problemCodes = Object.keys(problems).filter((code): code is ProblemCode => code in problems);

export const fieldError = Type.Object(
  {
    pointer: Type.String({
      description: 'RFC 6901. Into the body, or into `/query`, `/path` or `/headers`. Empty: the whole.',
    }),
    detail: Type.String(),
  },
  { title: 'FieldError' },
);

export const problem = Type.Object(
  {
    type: Type.String({ format: 'uri', description: '`urn:verihub:problem:` and the code' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What a person can do about it' }),
    code: Type.Enum(problemCodes),
    requestId: Type.String({ description: 'The same as the `X-Request-Id` header' }),
    errors: Type.Optional(Type.Array(fieldError, { description: 'Every fault of what was sent' })),
    serverTime: Type.Optional(time('With `clock-skew`')),
    attemptsLeft: Type.Optional(Type.Integer({ minimum: 0 })),
    verificationStatus: Type.Optional(Type.Enum(statuses)),
    retryAfter: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Seconds; the same as the `Retry-After` header' }),
    ),
  },
  { title: 'Problem', description: 'RFC 9457 problem details' },
);
export type Problem = Static<typeof problem>;

export const requestId = ascii(1, 64, 'Made by the hub, or taken over from the request when it is well-formed');

/** Anything may be thrown. What is not a refusal is a bug: it is logged by the caller, and told to nobody. */
export function toProblem(error: unknown, id: string): Problem {
  const { code, message, extras } = toRefusal(error);
  const { status, title } = problems[code];
  return { type: typePrefix + code, title, status, detail: message, code, requestId: id, ...wireExtras(extras) };
}

/** Whether it was thrown on purpose; if not, it belongs in the log. */
export function isRefusal(error: unknown): error is ProblemError | StoreUnavailableError {
  return error instanceof ProblemError || error instanceof StoreUnavailableError;
}

function toRefusal(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof StoreUnavailableError) {
    const detail =
      'The store cannot be reached right now. It is not known whether this took effect; ask again shortly.';
    return new ProblemError('store-unavailable', detail, { retryAfter: 1 });
  }
  return new ProblemError('internal', 'Something went wrong on our side. Tell us the request id if it stays.');
}

function wireExtras({
  errors,
  retryAfter,
  attemptsLeft,
  verificationStatus,
  serverTime,
}: ProblemExtras): Partial<Problem> {
  const status = statuses.find((known) => known === verificationStatus);
  return {
    ...(errors === undefined ? {} : { errors }),
    ...(serverTime === undefined ? {} : { serverTime: new Date(serverTime).toISOString() }),
    ...(attemptsLeft === undefined ? {} : { attemptsLeft }),
    ...(status === undefined ? {} : { verificationStatus: status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}
