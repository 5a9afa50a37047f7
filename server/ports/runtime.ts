// Time, chance, logs and metrics: what the hub takes from the machine it runs on.
import type { Decision, StepName, StepReason, TerminalStatus, Timestamp } from '../core/verification.ts';

export interface Clock {
  /** Milliseconds since the Unix epoch, on this machine. Deadlines use the store's clock instead (law 3). */
  now(): number;
  /** Milliseconds on a clock that never jumps, for measuring. */
  monotonic(): number;
  /** Calls back once after `ms` milliseconds; the answer cancels it. A timer never keeps the process alive. */
  after(ms: number, callback: () => void): () => void;
}

export interface Random {
  /** A UUID version 7 (RFC 9562). */
  uuid(): string;
  /** Cryptographically random bytes, base64url. */
  secret(bytes: number): string;
  /** Cryptographically random integer, 0 to `below` - 1, uniform. */
  integer(below: number): number;
  /** Uniform in [0, 1), for jitter only. */
  fraction(): number;
}

type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/**
 * Why a step began: with the verification; because the one before was not acknowledged in time, or failed; because the phone that had
 * the prompt went away; or somebody asked for it again.
 */
export type StepCause = 'created' | 'unacknowledged' | 'failed' | 'disconnected' | 'resend';

/** What came of one attempt. `unanswered`: it may have arrived; `skipped`: this recipient is not to be reached that way. */
export type AttemptOutcome =
  | 'accepted'
  | 'throttled'
  | 'unanswered'
  | 'not-sent'
  | 'rejected'
  | 'recipient-gone'
  | 'misconfigured'
  | 'skipped';

/** One method a domain event. Labels are from closed lists: never an id, a number or a token. */
export interface Metrics {
  verificationCreated(): void;
  verificationEnded(status: TerminalStatus, afterMs: number): void;
  approved(method: Decision['method']): void;
  stepStarted(step: StepName, cause: StepCause): void;
  /** It failed or was skipped. */
  stepMissed(step: StepName, reason: StepReason): void;
  /** @param afterMs since the step began */
  acknowledged(step: StepName, afterMs: number): void;
  attempt(channel: 'push' | 'sms' | 'webhook', outcome: AttemptOutcome, latencyMs: number): void;
  /** A provider says the app is gone. */
  pushTokenQuarantined(): void;
  /** @param isOpen also while it lets one call through to try */
  breakerMoved(channel: string, isOpen: boolean): void;
  /** When work of this queue is next to be claimed, as just seen; undefined: nothing waits. Both on the store's clock. */
  nextWorkSeen(queue: 'verifications' | 'outbox', now: Timestamp, at: Timestamp | undefined): void;
  /** Before it went to a provider. */
  smsRefused(reason: StepReason): void;
  /** A verification was approved after an SMS was sent for it. */
  smsConverted(): void;
  /** The operator was told that SMS look like fraud, or reach a limit. */
  smsAlarm(alarm: 'low-conversion' | 'limit-reached'): void;
  /** `rejected`: no retry can mend it; `expired`: it was tried for a day. */
  webhookGivenUp(cause: 'rejected' | 'expired'): void;
  /** What the outbox holds of a topic, and since when the oldest has waited; from time to time. */
  outboxSeen(topic: 'push' | 'sms' | 'webhook', waiting: number, oldestMs: number): void;
  /** How many dead letters are kept; from time to time. */
  deadLettersSeen(kept: number): void;
  dueLate(lateMs: number): void;
  commitConflict(conflict: 'stale' | 'late' | 'fenced'): void;
  workerFailed(worker: string): void;
  socketOpened(namespace: 'device' | 'browser'): void;
  socketClosed(namespace: 'device' | 'browser'): void;
  request(route: string, method: string, status: number, durationMs: number): void;
}
