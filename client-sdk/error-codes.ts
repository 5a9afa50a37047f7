/** The closed set of error codes: the hub's problem codes and what can go wrong on this side. */
import type { ProblemCode } from './protocol.ts';

/** What can go wrong on this side of the wire. Everything else is a `ProblemCode` of the hub. */
export const clientErrorCodes = [
  'network',
  'timeout',
  'aborted',
  'closed',
  'bad-response',
  'invalid-argument',
  'unsupported-platform',
  'enrollment-refused',
  'not-enrolled',
  'already-enrolled',
  'device-revoked',
  'insecure-hub',
  'key-store',
  'prompt-gone',
  'result-invalid',
  'result-used',
  'result-not-approved',
  'webhook-invalid',
] as const;
export type ClientErrorCode = (typeof clientErrorCodes)[number];
export type VerihubErrorCode = ProblemCode | ClientErrorCode;
