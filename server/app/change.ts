// Load → decide → commit → tell: the one way in which a verification changes.
import { ProblemError, type ProblemExtras } from '../core/errors.ts';
import type { Answer, Command, Effect, Outcome, TimelineEntry, WebhookEvent } from '../core/events.ts';
import { decide } from '../core/transitions.ts';
import { isPending, stepOf, type Timestamp, type Verification } from '../core/verification.ts';
import type { Hint } from '../ports/bus.ts';
import type { Metrics, StepCause } from '../ports/runtime.ts';
import { StoreUnavailableError, type CommitResult, type OutboxMessage, type Put, type Unit } from '../ports/store.ts';
import type { Context } from './context.ts';
import { webhookMessage } from './webhooks.ts';

type Knock = Exclude<Command, { type: 'create' }>;

export interface Changed {
  verification: Verification;
  before: Verification;
  now: Timestamp;
  answer: Answer;
  committed: boolean;
}

/** What else belongs in the same write as the verification's change. */
export interface Alongside {
  claim?: Unit['claim'];
  settle?: Unit['settle'];
}

/** A command, the records it was made from that must still be the same when it is written, and others to write with it. */
export interface Made {
  command: Knock;
  unchanged?: NonNullable<Unit['unchanged']>;
  puts?: Put[];
}

/** More conflicts than this on one verification is a store at fault, not contention. */
const attempts = 64;

/**
 * Applies one command until it is committed or changes nothing. The command is made anew from what is read each time.
 * `make` may refuse by throwing a ProblemError. Undefined: there is no such verification.
 */
export async function change(
  context: Context,
  verificationId: string,
  make: (current: Verification, now: Timestamp) => Promise<Knock | Made> | Knock | Made,
  alongside: Alongside = {},
): Promise<Changed | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await context.store.read([{ kind: 'verification', id: verificationId }]);
    const [before] = records;
    if (before === undefined) return undefined;
    const made = await make(before, now);
    const { command, ...besides }: Made = 'command' in made ? made : { command: made };
    const outcome = decide(before, command, now);
    const unit = await toUnit(context, before, outcome, now, { ...alongside, ...besides });
    if (unit === undefined) return { verification: before, before, now, answer: outcome.answer, committed: false };
    const result = await context.store.commit(unit);
    if (result.ok) {
      announce(context, before, outcome, result.now, causeOf(command, before));
      return { verification: outcome.next, before, now: result.now, answer: outcome.answer, committed: true };
    }
    context.metrics.commitConflict(result.conflict);
    // Claimed again by another worker since: what follows is its business now (S12).
    if (result.conflict === 'fenced')
      return { verification: before, before, now, answer: { ok: true }, committed: false };
  }
  throw new StoreUnavailableError('A verification kept changing under the write.');
}

/** The first write of a verification. False: somebody else wrote one of its records meanwhile. */
export async function commitCreated(
  context: Context,
  outcome: Outcome,
  puts: Put[],
  now: Timestamp,
): Promise<CommitResult> {
  const unit = await toUnit(context, undefined, outcome, now, { puts });
  const result = await context.store.commit(unit ?? {});
  if (result.ok) announce(context, undefined, outcome, result.now, 'created');
  return result;
}

async function toUnit(
  context: Context,
  before: Verification | undefined,
  outcome: Outcome,
  now: Timestamp,
  alongside: Alongside & Omit<Made, 'command'>,
): Promise<Unit | undefined> {
  const { next } = outcome;
  const entries: TimelineEntry[] = outcome.effects.flatMap((effect) => (effect.type === 'note' ? [effect.entry] : []));
  const changed = next !== before;
  if (!changed && entries.length === 0 && alongside.settle === undefined && alongside.puts === undefined)
    return undefined;
  const put: Put[] = changed ? [verificationPut(context, next)] : [];
  const enqueue = await messagesOf(context, next, outcome.effects, now);
  const deciding = changed && before !== undefined && next.status !== 'expired';
  return {
    puts: [...put, ...(alongside.puts ?? [])],
    timeline: { verificationId: next.id, entries },
    enqueue,
    ...(deciding ? { before: next.expiresAt } : {}),
    ...(outcome.effects.some((effect) => effect.type === 'drop-sends') ? { dropSends: next.id } : {}),
    ...(alongside.claim === undefined ? {} : { claim: alongside.claim }),
    ...(alongside.settle === undefined ? {} : { settle: alongside.settle }),
    ...(alongside.unchanged === undefined ? {} : { unchanged: alongside.unchanged }),
  };
}

function verificationPut(context: Context, next: Verification): Put {
  if (isPending(next)) return { kind: 'verification', record: next };
  return { kind: 'verification', record: next, forgetAt: next.endedAt + context.settings.retentionMs };
}

async function messagesOf(
  context: Context,
  next: Verification,
  effects: Effect[],
  now: Timestamp,
): Promise<OutboxMessage[]> {
  const sends = effects.flatMap((effect) => (effect.type === 'send' ? [sendMessage(next, effect, now)] : []));
  const events = effects.flatMap((effect) => (effect.type === 'webhook' ? [effect.event] : []));
  const webhooks = await Promise.all(events.map((event) => webhookMessage(context, next, event, now)));
  return [...sends, ...webhooks.filter((message) => message !== undefined)];
}

/** The id of a message is its dedupe id: the same for every repeat of one round. */
function sendMessage(next: Verification, effect: Extract<Effect, { type: 'send' }>, now: Timestamp): OutboxMessage {
  const id = `${next.id}.${effect.step}.${effect.round}.${effect.target}`;
  return {
    id,
    topic: effect.step,
    lane: id,
    applicationId: next.applicationId,
    subject: next.id,
    notBefore: effect.notBefore,
    payload: { round: effect.round, target: effect.target },
    createdAt: now,
    attempts: 0,
  };
}

/** Why a step begins, when this command begins one. */
function causeOf(command: Knock, before: Verification): StepCause {
  if (command.type === 'resend') return 'resend';
  if (command.type !== 'due') return 'failed';
  return before.acknowledgements.length > 0 ? 'disconnected' : 'unacknowledged';
}

/** After the commit, and only then (S17): hints to sockets, waiters and workers, and what the metrics count. */
function announce(
  context: Context,
  before: Verification | undefined,
  outcome: Outcome,
  now: Timestamp,
  cause: StepCause,
): void {
  const { next, effects } = outcome;
  count(context.metrics, before, next, cause);
  const hints: Hint[] = [];
  for (const effect of effects) {
    if (effect.type === 'prompt') hints.push({ type: 'prompt', verification: next, now });
    if (effect.type === 'close') hints.push({ type: 'closed', verification: next });
    if (effect.type === 'webhook') tellOperator(context, next, effect.event);
  }
  if (next !== before) hints.push({ type: 'changed', verification: next, now });
  hints.push({ type: 'work' });
  for (const hint of hints) context.bus.publish(hint);
}

/** What an operator may want to look into: nobody could be reached, or a person says that it was not them. */
function tellOperator({ logger }: Context, { id, applicationId, delivery }: Verification, event: WebhookEvent): void {
  if (event === 'verification.delivery_failed' || event === 'verification.undeliverable') {
    const steps = delivery.map(({ step, status, reason }) => ({ step, status, reason }));
    logger.warn({ verificationId: id, applicationId, steps }, 'nobody could be reached');
  }
  if (event === 'verification.fraud_reported') {
    logger.warn({ verificationId: id, applicationId }, 'a person reported a request as not theirs');
  }
}

function count(metrics: Metrics, before: Verification | undefined, next: Verification, cause: StepCause): void {
  if (before === undefined) metrics.verificationCreated();
  for (const step of next.delivery) {
    const was = before === undefined ? undefined : stepOf(before, step.step);
    if (step.round > (was?.round ?? 0)) metrics.stepStarted(step.step, cause);
    if (step.status === was?.status) continue;
    if (step.status === 'acknowledged') {
      const began = step.startedAt ?? was?.at ?? next.createdAt;
      metrics.acknowledged(step.step, (step.at ?? began) - began);
    }
    const isMissed = step.status === 'failed' || step.status === 'skipped';
    if (isMissed && step.reason !== undefined) metrics.stepMissed(step.step, step.reason);
  }
  if (!isPending(next) && (before === undefined || isPending(before))) {
    metrics.verificationEnded(next.status, next.endedAt - next.createdAt);
    if (next.status === 'approved') metrics.approved(next.decision.method);
  }
}

/** Turns a refusal of the core into the error its caller sees. */
export function throwRefusal(answer: Answer, verification: Verification, now: Timestamp): void {
  if (answer.ok) return;
  const extras: ProblemExtras = {};
  if (answer.attemptsLeft !== undefined) extras.attemptsLeft = answer.attemptsLeft;
  if (answer.retryAt !== undefined) extras.retryAfter = Math.max(1, Math.ceil((answer.retryAt - now) / 1000));
  if (!isPending(verification)) extras.verificationStatus = verification.status;
  throw new ProblemError(answer.code, answer.detail, extras);
}
