// A verification as the store keeps it: a union in which each state carries only its own fields.

/** Milliseconds since the Unix epoch, on the store's clock. */
export type Timestamp = number;

export type StepName = 'socket' | 'push' | 'sms';
export type StepStatus = 'waiting' | 'pending' | 'accepted' | 'acknowledged' | 'delivered' | 'failed' | 'skipped';
export type MatchingMode = 'none' | 'choose' | 'enter' | 'qr';
export type Status = 'pending' | 'approved' | 'denied' | 'expired' | 'canceled' | 'undeliverable';
export type TerminalStatus = Exclude<Status, 'pending'>;

/** Why a step was skipped or failed. */
export type StepReason =
  | 'no-device-online'
  | 'no-acknowledgement'
  | 'no-push-token'
  | 'no-phone-number'
  | 'preference'
  | 'policy'
  | 'not-configured'
  | 'trusted-browser'
  | 'provider-error'
  | 'provider-timeout'
  | 'recipient-gone'
  | 'throttled'
  | 'country-not-allowed'
  | 'number-not-allowed'
  | 'budget'
  | 'fraud-guard'
  | 'not-delivered'
  | 'opted-out'
  | 'superseded';

/** One message to one target (a device for push, the phone number for SMS) within a step. */
export interface Send {
  target: string;
  status: 'pending' | 'accepted' | 'unknown' | 'failed';
  /** Attempts whose outcome is known or timed out. */
  tries: number;
}

/** One rung of the escalation, as far as it has come. */
export interface Step {
  step: StepName;
  status: StepStatus;
  /** Concluded attempts, over all resends. */
  attempts: number;
  /** Rises with every resend; part of the dedupe id of its messages. 0: not started. */
  round: number;
  sends: Send[];
  /** A message of an earlier round was taken, or may have been: the code in it is still good. */
  sentBefore?: true;
  reason?: StepReason;
  at?: Timestamp;
  /** When its last round began. Not in records of the first version. */
  startedAt?: Timestamp;
}

export interface Matching {
  mode: MatchingMode;
  /** What the page shows: digits, or for `qr` a 128-bit secret. Absent for `none`. */
  number?: string;
  digits?: number;
  choices?: string[];
}

/** How long a step may take, in milliseconds. */
export interface Waits {
  socketMs: number;
  pushMs: number;
  answerMs: number;
}

/** What a device was told to an answer, so that the same answer sent again is told the same. */
export interface DeviceAnswer {
  deviceId: string;
  decision: 'approve' | 'deny' | 'report';
  number?: string;
  told: { ok: true; status: TerminalStatus } | { ok: false; attemptsLeft: number };
}

export interface Acknowledgement {
  deviceId: string;
  via: 'socket' | 'http';
  at: Timestamp;
}

/** Set at creation and never changed. */
export interface Facts {
  id: string;
  applicationId: string;
  applicationName: string;
  userId: string;
  action: string;
  details: { label: string; value: string }[];
  context: { ip?: string; userAgent?: string; location?: string };
  matching: Matching;
  challenge: string;
  /** Salt from which the SMS code is derived (contract section 8). */
  codeSalt: string;
  session?: string;
  locale?: string;
  plan: 'escalate' | 'all-at-once';
  /** Whether devices may fetch and answer it; false when the user wants SMS only. */
  promptable: boolean;
  waits: Waits;
  /** The delivery steps of the first reply, kept when the request may be replayed (idempotency key). */
  first?: Step[];
  createdAt: Timestamp;
  expiresAt: Timestamp;
}

interface Progress {
  rev: number;
  delivery: Step[];
  acknowledgements: Acknowledgement[];
  answers: DeviceAnswer[];
  wrongNumbers: number;
  codeAttempts: number;
  resends: number;
  resendAvailableAt: Timestamp;
}

export interface Decision {
  method: 'app' | 'sms-code' | 'trusted-browser';
  outcome: 'approved' | 'denied';
  at: Timestamp;
  deviceId?: string;
  reported?: true;
  /** The device's signed answer, a compact JWS. */
  evidence?: string;
  trustedBrowserId?: string;
}

export type Pending = Facts & Progress & { status: 'pending'; dueAt: Timestamp };
type Ended = Facts & Progress & { endedAt: Timestamp };
export type Approved = Ended & { status: 'approved'; decision: Decision };
export type Denied = Ended & { status: 'denied'; decision: Decision };
export type Expired = Ended & { status: 'expired' };
export type Canceled = Ended & { status: 'canceled'; canceledBy: 'relying-party' | 'browser' };
export type Undeliverable = Ended & { status: 'undeliverable' };
export type Terminal = Approved | Denied | Expired | Canceled | Undeliverable;
export type Verification = Pending | Terminal;

export function isPending(verification: Verification): verification is Pending {
  return verification.status === 'pending';
}

/** When the store must knock again: the next step, a check, or the deadline. Undefined once ended. */
export function dueAtOf(verification: Verification): Timestamp | undefined {
  return isPending(verification) ? verification.dueAt : undefined;
}

export function stepOf(verification: Verification, name: StepName): Step | undefined {
  return verification.delivery.find((step) => step.step === name);
}
