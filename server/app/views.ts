// Resources as their readers see them: the relying party, the waiting page, a device.
import { codeAcceptable } from '../core/code.ts';
import { codeAttemptsLeft, resendsLeft } from '../core/limits.ts';
import type { TimelineEntry } from '../core/events.ts';
import { isPending, type Decision, type Step, type Timestamp, type Verification } from '../core/verification.ts';
import type { DeviceRecord, TrustedBrowserRecord, UserRecord } from '../ports/records.ts';
import type { ResultClaims } from '../ports/security.ts';

export type Audience = 'relying-party' | 'browser' | 'webhook';

/** RFC 3339 in UTC. */
export function rfc3339(time: Timestamp): string {
  return new Date(time).toISOString();
}

function viewStep(step: Step, audience: Audience) {
  // A page learns that a step is out of reach, never why: that would tell about the person's phone (contract section 4).
  const reason = step.reason === undefined ? {} : { reason: audience === 'browser' ? 'unavailable' : step.reason };
  const at = step.at === undefined ? {} : { at: rfc3339(step.at) };
  return { step: step.step, status: step.status, attempts: step.attempts, ...reason, ...at };
}

function viewDecision(decision: Decision, audience: Audience) {
  const { method, outcome, deviceId, reported, evidence } = decision;
  return {
    method,
    outcome,
    at: rfc3339(decision.at),
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(reported === undefined ? {} : { reported }),
    ...(evidence === undefined || audience !== 'relying-party' ? {} : { evidence }),
  };
}

/** The verification resource of contract section 4, without its result token. */
export function viewVerification(verification: Verification, audience: Audience) {
  const { matching } = verification;
  const number = matching.number === undefined || audience === 'webhook' ? {} : { number: matching.number };
  return {
    id: verification.id,
    status: verification.status,
    rev: verification.rev,
    userId: verification.userId,
    action: verification.action,
    createdAt: rfc3339(verification.createdAt),
    expiresAt: rfc3339(verification.expiresAt),
    matching: { mode: matching.mode, ...number },
    delivery: verification.delivery.map((step) => viewStep(step, audience)),
    code: { acceptable: codeAcceptable(verification), attemptsLeft: codeAttemptsLeft(verification) },
    resend: { left: resendsLeft(verification), availableAt: rfc3339(verification.resendAvailableAt) },
    decision: 'decision' in verification ? viewDecision(verification.decision, audience) : null,
  };
}
export type VerificationResource = ReturnType<typeof viewVerification> & { resultToken?: string };

const amrOf: Readonly<Record<Decision['method'], string[]>> = {
  // RFC 8176: proof of possession of a key, the user's presence; a code by SMS. A trusted browser has no registered value.
  app: ['pop', 'user'],
  'sms-code': ['sms', 'otp'],
  'trusted-browser': ['trusted-browser'],
};

/** What a result token says of an ended verification. */
export function resultClaims(verification: Verification): ResultClaims | undefined {
  if (isPending(verification)) return undefined;
  const method = 'decision' in verification ? verification.decision.method : undefined;
  return {
    applicationId: verification.applicationId,
    userId: verification.userId,
    verificationId: verification.id,
    status: verification.status,
    amr: method === undefined || verification.status !== 'approved' ? [] : amrOf[method],
    ...(method === undefined ? {} : { method }),
  };
}

/** What a device signs and shows: exactly this is covered by its evidence. */
export function shownPrompt(verification: Verification) {
  const { applicationName, action, details, context } = verification;
  return { application: { name: applicationName }, action, details, context };
}

/** The prompt of contract section 6. `matching.number` never goes to a device. */
export function viewPrompt(verification: Verification, now: Timestamp) {
  const { mode, digits, choices } = verification.matching;
  return {
    id: verification.id,
    rev: verification.rev,
    ...shownPrompt(verification),
    matching: { mode, ...(digits === undefined ? {} : { digits }), ...(choices === undefined ? {} : { choices }) },
    challenge: verification.challenge,
    createdAt: rfc3339(verification.createdAt),
    expiresAt: rfc3339(verification.expiresAt),
    serverTime: rfc3339(now),
  };
}
export type PromptResource = ReturnType<typeof viewPrompt>;

export function viewTimelineEntry(entry: TimelineEntry) {
  return { ...entry, at: rfc3339(entry.at) };
}

/** @param smsOptedOut the person has answered STOP */
export function viewUser(user: UserRecord, smsOptedOut = false) {
  const { userId, phoneNumber, locale, delivery } = user;
  return {
    userId,
    delivery,
    createdAt: rfc3339(user.createdAt),
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
    ...(locale === undefined ? {} : { locale }),
    ...(smsOptedOut ? { smsOptedOut } : {}),
  };
}

export function viewDevice(device: DeviceRecord) {
  const { pushToken } = device;
  return {
    id: device.id,
    name: device.name,
    platform: device.platform,
    createdAt: rfc3339(device.createdAt),
    pushToken: pushToken === undefined ? null : { provider: pushToken.provider, status: pushToken.status },
  };
}

export function viewTrustedBrowser(browser: TrustedBrowserRecord) {
  return {
    id: browser.id,
    createdAt: rfc3339(browser.createdAt),
    expiresAt: rfc3339(browser.expiresAt),
    ...(browser.lastUsedAt === undefined ? {} : { lastUsedAt: rfc3339(browser.lastUsedAt) }),
  };
}
