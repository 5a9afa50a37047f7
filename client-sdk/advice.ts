/** What a person should do next, for every error code. English; programs that speak other languages translate by `code`. */
import type { VerihubErrorCode } from './error-codes.ts';
import type { VerificationStatus } from './protocol.ts';

interface Facts {
  retryAfter?: number | undefined;
  attemptsLeft?: number | undefined;
  verificationStatus?: VerificationStatus | undefined;
  detail?: string | undefined;
}
type Advice = string | ((facts: Facts) => string);

const advice: Record<VerihubErrorCode, Advice> = {
  malformed: 'The hub could not read this request. Update the app; if that does not help, report the request id.',
  'clock-skew': "This device's clock is too far off. Set date and time to automatic, then try again.",
  unauthenticated: 'The hub does not accept this credential. Start again from the beginning.',
  forbidden: 'This is not allowed with this credential.',
  'origin-not-allowed':
    'The hub does not serve this web site. Its operator has to add the site to VERIHUB_ALLOWED_ORIGINS.',
  'not-found': 'This request no longer exists. Start again.',
  'method-not-allowed': 'The hub does not know this call. Check that the hub and the app are of matching versions.',
  'already-decided': (facts) => `This request was already ${ended(facts)}. Nothing more to do here.`,
  'request-in-flight': 'The same request is still running. Try again in a moment.',
  'trust-already-granted': 'This sign-in was already used to trust a browser. Sign in once more to trust another one.',
  'challenge-mismatch': 'This request has changed since it was shown. Read it again, then answer.',
  'verification-expired': 'This request ran out of time. Start the sign-in again.',
  'too-large': 'This request is too large for the hub.',
  'unsupported-media-type': 'The hub expects JSON.',
  invalid: ({ detail }) =>
    detail && !namesFields(detail)
      ? `The hub did not accept this: ${detail}`
      : 'The hub did not accept these values. Check them and try again.',
  'idempotency-key-reused': 'This idempotency key was used for another request. Use a new one for each new request.',
  'number-incorrect': (facts) =>
    `That is not the number on the sign-in page. ${tries(facts, 'Look at the page and try again')}`,
  'code-incorrect': (facts) => `That code is not right. ${tries(facts, 'Check the latest text message and try again')}`,
  'code-not-acceptable': 'A code cannot be used right now. Ask for a text message first.',
  'step-not-allowed': 'This way of delivery is not allowed here. Choose another one.',
  'not-approved': 'This sign-in has not been approved.',
  'code-attempts-exhausted': 'Too many wrong codes. Approve in the app, or start the sign-in again.',
  'resend-too-soon': (facts) => `A message was just sent. ${later(facts)}`,
  'resend-exhausted': 'No more messages can be sent for this sign-in. Check your phone, or start again.',
  'rate-limited': (facts) => `Too many requests. ${later(facts)}`,
  internal: 'Something went wrong in the hub. Try again in a moment.',
  'store-unavailable': (facts) => `The hub is not available right now. ${later(facts)}`,
  draining: 'The hub is restarting. Try again in a moment.',
  network: 'No connection: check your network and try again.',
  timeout: 'The hub did not answer in time. Check your network and try again.',
  aborted: 'Stopped before it was finished.',
  closed: 'This client was closed. Open it again to go on.',
  'bad-response':
    'The answer did not come from a Verihub hub. Check the address, and whether a network login page is in between.',
  'invalid-argument': (facts) => `This cannot work: ${facts.detail ?? 'a value is missing or wrong'}.`,
  'unsupported-platform':
    'This browser or engine lacks what is needed to keep keys safe. Use a current one, over https.',
  'enrollment-refused': 'This enrollment code was already used or has run out. Ask for a new one.',
  'not-enrolled': 'This device is not enrolled. Scan an enrollment code first.',
  'already-enrolled':
    'This device is already enrolled. Remove it first, or keep the second account in a key store of its own.',
  'device-revoked':
    'This device is no longer enrolled: it was removed from the account. Enroll it again with a new code.',
  'insecure-hub': 'The hub address is not https. Ask for a correct enrollment code.',
  'key-store':
    "This device's keys could not be used. Unlock the device and try again; if that does not help, enroll it again.",
  'prompt-gone': 'This request is no longer waiting. Start the sign-in again if you still want it.',
  'result-invalid': 'This sign-in result cannot be trusted. Start the sign-in again.',
  'result-used': 'This sign-in result was already used. Start the sign-in again.',
  'result-not-approved': 'This sign-in was not approved.',
  'webhook-invalid': 'This webhook call cannot be trusted and was refused.',
};

export function adviceFor(code: VerihubErrorCode, facts: Facts): string {
  const text = advice[code];
  return typeof text === 'string' ? text : text(facts);
}

/** JSON pointers (RFC 6901), such as `/code`, say nothing to a person: they stay in `detail` and `errors`. */
function namesFields(detail: string): boolean {
  return /(^|[^\w:/])\/\w/.test(detail);
}

function later({ retryAfter }: Facts): string {
  return retryAfter === undefined ? 'Try again in a moment.' : `Try again in ${duration(retryAfter)}.`;
}

function tries({ attemptsLeft }: Facts, again: string): string {
  if (attemptsLeft === undefined) return `${again}.`;
  if (attemptsLeft <= 0) return 'That was the last try: start the sign-in again.';
  return `${again}: ${attemptsLeft} ${attemptsLeft === 1 ? 'try' : 'tries'} left.`;
}

function ended({ verificationStatus }: Facts): string {
  return verificationStatus === undefined || verificationStatus === 'pending' ? 'answered' : verificationStatus;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} second${seconds === 1 ? '' : 's'}`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
