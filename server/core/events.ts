// Commands that knock on a verification's door, and what it wants done about them.
import type { ProblemCode } from './errors.ts';
import type { Decision, Facts, StepName, StepReason, Timestamp, Verification } from './verification.ts';

/** Targets of a step, or why it has none. */
export type StepReach = { targets: string[] } | { skip: StepReason };

/** Whom each step could reach at this moment. */
export interface Reach {
  readonly socket: StepReach;
  readonly push: StepReach;
  readonly sms: StepReach;
  /** Whether an enrolled device could still fetch the prompt. */
  readonly enrolled: boolean;
}

/** What a channel says of one attempt. A throw is a bug, never an outcome (law 7). */
export type ChannelResult =
  | { kind: 'accepted'; provider: string; providerId?: string }
  | {
      kind: 'unreachable';
      outcome: 'not-sent' | 'unknown';
      reason: string;
      /** The provider is left alone for this long, in milliseconds: its breaker is open. */
      resumesInMs?: number;
    }
  | { kind: 'throttled'; retryAfterMs?: number; reason: string }
  | {
      kind: 'rejected';
      reason: string;
      recipientGone?: boolean;
      skip?: StepReason;
      /** The provider refuses us, not this message: a key, an account or an application is wrong, and an operator must mend it. */
      configuration?: true;
    };

export type Command =
  | {
      type: 'create';
      facts: Facts;
      steps: { step: StepName; skip?: StepReason }[];
      reach: Reach;
      trustedBrowserId?: string;
    }
  | { type: 'acknowledge'; deviceId: string; via: 'socket' | 'http' }
  | {
      type: 'decide';
      deviceId: string;
      challenge: string;
      decision: 'approve' | 'deny' | 'report';
      number?: string;
      evidence: string;
    }
  | { type: 'submit-code'; matches: boolean }
  | { type: 'resend'; step?: StepName; reach: Reach }
  | { type: 'cancel'; by: 'relying-party' | 'browser' }
  | { type: 'due'; reach: Reach; connected: readonly string[] }
  | {
      type: 'delivery-outcome';
      step: 'push' | 'sms';
      round: number;
      target: string;
      result: ChannelResult;
      /** Who was asked; left out when nobody was. */
      provider?: string;
      latencyMs: number;
      /** Uniform in [0, 1), for the backoff of a retry. */
      jitter: number;
      reach: Reach;
    }
  | {
      type: 'receipt';
      step: 'push' | 'sms';
      outcome: 'delivered' | 'failed';
      provider: string;
      providerId?: string;
      /** The provider's word for why it failed, as its error table has it. */
      reason?: string;
      /** Of the message, where the receipt names its dedupe id: that an older one failed says nothing of the newest. */
      round?: number;
      reach: Reach;
    };

export type CommandType = Command['type'];
export type CommandOf<T extends CommandType> = Extract<Command, { type: T }>;

/** A line of the verification's timeline. */
export interface TimelineEntry {
  at: Timestamp;
  type: 'created' | 'step' | 'attempt' | 'receipt' | 'acknowledged' | 'answer' | 'code' | 'resend' | 'ended' | 'trust';
  step?: StepName;
  /** Of a step: rises with every resend. */
  round?: number;
  /** Which one it was: the step's attempt, the wrong number, the code that was typed, the resend. */
  attempt?: number;
  /** A step's or a verification's status, or what came of an attempt or answer. */
  status?: string;
  /** Of an attempt that was `unreachable`: surely not sent, or perhaps. */
  outcome?: 'not-sent' | 'unknown';
  /** Why a step or an attempt failed; who canceled. */
  reason?: string;
  /** How it was decided. */
  method?: Decision['method'];
  deviceId?: string;
  provider?: string;
  providerId?: string;
  /** Of an attempt: until the provider answered. Of an acknowledgement: since its step began. */
  latencyMs?: number;
}

export type WebhookEvent =
  | 'verification.approved'
  | 'verification.denied'
  | 'verification.expired'
  | 'verification.canceled'
  | 'verification.undeliverable'
  | 'verification.delivery_failed'
  | 'verification.fraud_reported';

/** What must follow a transition. `prompt` and `close` are hints to sockets; the rest is committed with the state. */
export type Effect =
  | { type: 'prompt' }
  | { type: 'close' }
  | { type: 'send'; step: 'push' | 'sms'; round: number; target: string; notBefore: Timestamp }
  | { type: 'drop-sends' }
  | { type: 'webhook'; event: WebhookEvent }
  | { type: 'note'; entry: TimelineEntry };

/** What the one who knocked is told. */
export type Answer =
  | { ok: true }
  | { ok: false; code: ProblemCode; detail: string; attemptsLeft?: number; retryAt?: Timestamp };

/** `next` is the very same object when nothing changed; then `effects` can only be notes. */
export interface Outcome {
  next: Verification;
  effects: Effect[];
  dueAt: Timestamp | undefined;
  answer: Answer;
}
