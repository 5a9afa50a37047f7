// The claims of what devices sign, once the signature holds: every claim checked, each with its own detail.
import type { Timestamp } from '../core/verification.ts';
import type { DecisionProof, ProofResult } from '../ports/security.ts';
import type { JsonObject } from './strict-json.ts';

/** Seconds, both for the lifetime of a device token and for how far its clock may be off (contract section 3). */
const deviceTokenSeconds = 300;

/** Base64url of 32 bytes, such as a SHA-256. */
const digestForm = /^[A-Za-z0-9_-]{43}$/;
const verificationIdForm = /^ver_[a-z0-9]{1,64}$/;
/** Six digits at most when typed; 128 bits in base64url, or hexadecimal, when scanned. */
const numberForm = /^[A-Za-z0-9_-]{1,64}$/;

function refuse(detail: string): { ok: false; fault: 'claims'; detail: string } {
  return { ok: false, fault: 'claims', detail };
}

export function deviceTokenClaims(
  { iss, aud, iat, exp, jti }: JsonObject,
  expected: { deviceId: string; origin: string; now: Timestamp },
): ProofResult<{ deviceId: string }> {
  if (iss !== expected.deviceId) return refuse('iss must be the device id');
  if (aud !== expected.origin) return refuse('aud must be the hub origin');
  if (!isShortText(jti)) return refuse('jti must be a string of 1 to 256 characters');
  if (!isSeconds(iat)) return refuse('iat must be a time in seconds');
  if (!isSeconds(exp)) return refuse('exp must be a time in seconds');
  if (exp <= iat) return refuse('exp must be after iat');
  if (exp - iat > deviceTokenSeconds) return refuse(`exp must be at most ${deviceTokenSeconds} s after iat`);
  // Skew first: a clock that is far behind makes expired tokens, and has to learn the hub's time.
  if (Math.abs(iat * 1_000 - expected.now) > deviceTokenSeconds * 1_000) {
    return { ok: false, fault: 'clock-skew', detail: `iat is more than ${deviceTokenSeconds} s off the hub's clock` };
  }
  if (exp * 1_000 <= expected.now) return { ok: false, fault: 'expired', detail: 'exp has passed' };
  return { ok: true, claims: { deviceId: expected.deviceId } };
}

export function decisionClaims(
  { iss, aud, sub, challenge, decision, number, prompt }: JsonObject,
  expected: { deviceId: string; origin: string },
): ProofResult<DecisionProof> {
  if (iss !== expected.deviceId) return refuse('iss must be the device id');
  if (aud !== expected.origin) return refuse('aud must be the hub origin');
  if (!isText(sub, verificationIdForm)) return refuse('sub must be a verification id');
  if (!isShortText(challenge)) return refuse('challenge must be the one of the prompt');
  if (decision !== 'approve' && decision !== 'deny' && decision !== 'report') {
    return refuse('decision must be approve, deny or report');
  }
  if (number !== undefined && !isText(number, numberForm)) return refuse('number must be a string as shown or scanned');
  if (number !== undefined && decision !== 'approve') return refuse('number goes only with approve');
  if (prompt !== undefined && !isText(prompt, digestForm)) return refuse('prompt must be a SHA-256, base64url');
  const claims: DecisionProof = { verificationId: sub, challenge, decision };
  if (number !== undefined) claims.number = number;
  if (prompt !== undefined) claims.promptDigest = prompt;
  return { ok: true, claims };
}

export function enrollmentClaims(
  { aud, enrollment, encryptionKey }: JsonObject,
  expected: { origin: string; enrollment: string; encryptionKey: string },
): ProofResult<null> {
  if (aud !== expected.origin) return refuse('aud must be the hub origin');
  if (enrollment !== expected.enrollment) return refuse('enrollment must be the SHA-256 of the enrollment token');
  if (encryptionKey !== expected.encryptionKey) return refuse('encryptionKey must be the thumbprint of that key');
  return { ok: true, claims: null };
}

/** NumericDate (RFC 7519 section 2), which may have a fraction. */
function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 256;
}
