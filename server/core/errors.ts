// The closed registry of everything the hub can refuse: code → HTTP status, title, and whether the same call may be repeated.

export const problems = {
  malformed: { status: 400, retry: false, title: 'The request is malformed' },
  'clock-skew': { status: 401, retry: true, title: "The device's clock is off" },
  unauthenticated: { status: 401, retry: false, title: 'No valid credential' },
  forbidden: { status: 403, retry: false, title: 'Not allowed' },
  'origin-not-allowed': { status: 403, retry: false, title: 'This web origin is not allowed' },
  'not-found': { status: 404, retry: false, title: 'Not found' },
  'method-not-allowed': { status: 405, retry: false, title: 'Method not allowed' },
  'already-decided': { status: 409, retry: false, title: 'Already decided' },
  'request-in-flight': { status: 409, retry: true, title: 'The same request is still running' },
  'trust-already-granted': { status: 409, retry: false, title: 'Trust was already granted' },
  'challenge-mismatch': { status: 409, retry: false, title: 'Not the challenge of this verification' },
  'verification-expired': { status: 410, retry: false, title: 'The verification has expired' },
  'too-large': { status: 413, retry: false, title: 'Too large' },
  'unsupported-media-type': { status: 415, retry: false, title: 'Unsupported media type' },
  invalid: { status: 422, retry: false, title: 'Not acceptable' },
  'idempotency-key-reused': { status: 422, retry: false, title: 'Idempotency key used with another body' },
  'number-incorrect': { status: 422, retry: false, title: 'Wrong number' },
  'code-incorrect': { status: 422, retry: false, title: 'Wrong code' },
  'code-not-acceptable': { status: 422, retry: false, title: 'No code was sent' },
  'step-not-allowed': { status: 422, retry: false, title: 'This step cannot be used' },
  'not-approved': { status: 422, retry: false, title: 'Not approved' },
  'code-attempts-exhausted': { status: 429, retry: false, title: 'No attempts left' },
  'resend-too-soon': { status: 429, retry: true, title: 'Too soon to send again' },
  'resend-exhausted': { status: 429, retry: false, title: 'No resends left' },
  'rate-limited': { status: 429, retry: true, title: 'Too many requests' },
  internal: { status: 500, retry: true, title: 'Internal error' },
  'store-unavailable': { status: 503, retry: true, title: 'The store cannot be reached' },
  draining: { status: 503, retry: true, title: 'This node is going away' },
} as const satisfies Record<string, { status: number; retry: boolean; title: string }>;

export type ProblemCode = keyof typeof problems;

/** One faulty place in what was sent: a JSON pointer (RFC 6901) and what to do about it. */
export interface FieldError {
  pointer: string;
  detail: string;
}

export interface ProblemExtras {
  errors?: FieldError[];
  /** Seconds until the same call may be repeated. */
  retryAfter?: number;
  attemptsLeft?: number;
  verificationStatus?: string;
  /** The hub's clock in milliseconds, for a device whose own is off. */
  serverTime?: number;
}

/** A refusal that its receiver may see. Anything else that is thrown is a bug and reads `internal`. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.name = 'ProblemError';
    this.code = code;
    this.extras = extras;
  }
}
