// Which step comes next, how long it waits, and when it is skipped and why.
import { backoffMs } from './backoff.ts';
import { earlierCodeIsGood } from './code.ts';
import type { ChannelResult, Effect, Reach } from './events.ts';
import { sendTries } from './limits.ts';
import type { Pending, Send, Step, StepName, StepReason, Timestamp } from './verification.ts';

/** The part of a pending verification that escalation reads. */
export type Ladder = Pick<Pending, 'delivery' | 'plan' | 'waits' | 'expiresAt' | 'promptable' | 'acknowledgements'>;

export interface Climb {
  delivery: Step[];
  effects: Effect[];
  dueAt: Timestamp;
}

export function replaceStep(delivery: readonly Step[], changed: Step): Step[] {
  return delivery.map((step) => (step.step === changed.step ? changed : step));
}

/** The step the escalation has come to: the last one that was started. */
export function currentStep(delivery: readonly Step[]): Step | undefined {
  return delivery.findLast((step) => step.round > 0);
}

function stepNote(step: Step, now: Timestamp): Effect {
  const reason = step.reason === undefined ? {} : { reason: step.reason };
  const round = step.round === 0 ? {} : { round: step.round };
  return { type: 'note', entry: { at: now, type: 'step', step: step.step, status: step.status, ...round, ...reason } };
}

export function failStep(step: Step, reason: StepReason, now: Timestamp): { step: Step; effect: Effect } {
  const failed: Step = { ...step, status: 'failed', reason, at: now };
  return { step: failed, effect: stepNote(failed, now) };
}

export function skipStep(step: Step, reason: StepReason, now: Timestamp): { step: Step; effect: Effect } {
  const skipped: Step = { ...step, status: 'skipped', reason, at: now };
  return { step: skipped, effect: stepNote(skipped, now) };
}

/** Starts a step, or starts it again: a new round, to the targets it can reach now. */
export function startStep(step: Step, targets: readonly string[], now: Timestamp): { step: Step; effects: Effect[] } {
  const round = step.round + 1;
  const { reason: _cleared, ...rest } = step;
  const sentBefore = step.sends.some((send) => send.status !== 'failed') ? { sentBefore: true as const } : {};
  const sends: Send[] =
    step.step === 'socket' ? [] : targets.map((target) => ({ target, status: 'pending', tries: 0 }));
  const started: Step = { ...rest, ...sentBefore, status: 'pending', round, sends, at: now, startedAt: now };
  const name = step.step;
  const messages: Effect[] =
    name === 'socket'
      ? [{ type: 'prompt' }]
      : targets.map((target) => ({ type: 'send', step: name, round, target, notBefore: now }));
  return { step: started, effects: [stepNote(started, now), ...messages] };
}

/** When a started step has had its time. SMS has all that is left: nothing comes after it. */
export function stepEndsAt(name: StepName, ladder: Ladder, now: Timestamp): Timestamp {
  if (name === 'socket') return Math.min(now + ladder.waits.socketMs, ladder.expiresAt);
  if (name === 'push' && ladder.delivery.some((step) => step.status === 'waiting')) {
    return Math.min(now + ladder.waits.pushMs, ladder.expiresAt);
  }
  return ladder.expiresAt;
}

/** Starts the next step that can reach somebody, skipping those that cannot; all of them when the user wants all at once. */
export function startNext(ladder: Ladder, reach: Reach, now: Timestamp): Climb {
  const effects: Effect[] = [];
  let delivery = ladder.delivery;
  let dueAt = ladder.expiresAt;
  for (const step of ladder.delivery) {
    if (step.status !== 'waiting') continue;
    const reachable = reach[step.step];
    if ('skip' in reachable) {
      const skipped = skipStep(step, reachable.skip, now);
      delivery = replaceStep(delivery, skipped.step);
      effects.push(skipped.effect);
      continue;
    }
    const started = startStep(step, reachable.targets, now);
    delivery = replaceStep(delivery, started.step);
    effects.push(...started.effects);
    dueAt = Math.min(dueAt, stepEndsAt(step.step, { ...ladder, delivery }, now));
    if (ladder.plan === 'escalate') break;
  }
  return { delivery, effects, dueAt };
}

/** Every step failed or was skipped. */
export function allStepsOver(delivery: readonly Step[]): boolean {
  return delivery.every((step) => step.status === 'failed' || step.status === 'skipped');
}

/** Nobody can answer any more: every step is over, no enrolled device could still fetch the prompt, and no earlier code is out. */
export function isUndeliverable(state: Pending, reach: Reach): boolean {
  return allStepsOver(state.delivery) && !(state.promptable && reach.enrolled) && !earlierCodeIsGood(state);
}

/** The step an acknowledgement belongs to: the route it came by, or the nearest one that carries prompts. */
export function acknowledgedStep(delivery: readonly Step[], via: 'socket' | 'http'): Step | undefined {
  const preferred = delivery.find((step) => step.step === (via === 'socket' ? 'socket' : 'push'));
  if (preferred !== undefined && (via === 'socket' || preferred.round > 0)) return preferred;
  const carriers = delivery.filter((step) => step.step !== 'sms');
  return carriers.findLast((step) => step.round > 0) ?? preferred ?? carriers[0];
}

/** Acknowledged over sockets only, and every one of those devices has gone since. */
export function acknowledgersAreGone(ladder: Ladder, connected: readonly string[]): boolean {
  return ladder.acknowledgements.every((ack) => ack.via === 'socket' && !connected.includes(ack.deviceId));
}

function failureReason(result: ChannelResult): StepReason {
  if (result.kind === 'throttled') return 'throttled';
  if (result.kind === 'rejected') return result.skip ?? (result.recipientGone ? 'recipient-gone' : 'provider-error');
  return 'provider-error';
}

/**
 * When to try a send again, or undefined: not after an answer that stands, not beyond the step's budget, never an SMS
 * whose outcome is unknown (it may have been sent), and not at a provider that is being left alone while another step can go.
 */
function retryAt(input: Attempt & { name: StepName; tries: number }): Timestamp | undefined {
  const { result } = input;
  if (result.kind === 'accepted' || result.kind === 'rejected' || input.tries >= sendTries) return undefined;
  if (result.kind === 'unreachable' && result.outcome === 'unknown' && input.name === 'sms') return undefined;
  const isResting = result.kind === 'unreachable' && result.resumesInMs !== undefined;
  if (isResting && input.hasNext) return undefined;
  const asked = askedPause(result);
  const at = input.now + Math.max(asked, backoffMs(input.tries, input.jitter));
  return at < input.budgetEndsAt ? at : undefined;
}

function askedPause(result: ChannelResult): number {
  if (result.kind === 'throttled') return result.retryAfterMs ?? 0;
  return result.kind === 'unreachable' ? (result.resumesInMs ?? 0) : 0;
}

function sendStatus(result: ChannelResult): Send['status'] {
  if (result.kind === 'accepted') return 'accepted';
  return result.kind === 'unreachable' && result.outcome === 'unknown' ? 'unknown' : 'failed';
}

/** One attempt at one target, as it ended. */
interface Attempt {
  target: string;
  result: ChannelResult;
  /** Uniform in [0, 1). */
  jitter: number;
  budgetEndsAt: Timestamp;
  /** Whether a step waits that would start if this one failed now. */
  hasNext: boolean;
  now: Timestamp;
}

/** The step after one attempt: retried, accepted, in doubt, or failed with its reason. */
export function concludeAttempt(step: Step, attempt: Attempt): { step: Step; effects: Effect[] } {
  const send = step.sends.find((candidate) => candidate.target === attempt.target);
  if (send === undefined || step.step === 'socket') return { step, effects: [] };
  const tries = send.tries + 1;
  const again = retryAt({ name: step.step, tries, ...attempt });
  const concluded: Send = { ...send, tries, status: again === undefined ? sendStatus(attempt.result) : 'pending' };
  const sends = step.sends.map((candidate) => (candidate === send ? concluded : candidate));
  const counted: Step = { ...step, sends, attempts: step.attempts + 1 };
  const effects: Effect[] =
    again === undefined
      ? []
      : [{ type: 'send', step: step.step, round: step.round, target: attempt.target, notBefore: again }];
  if (step.status !== 'pending') return { step: counted, effects };
  if (concluded.status === 'accepted') {
    const accepted: Step = { ...counted, status: 'accepted', at: attempt.now };
    return { step: accepted, effects: [stepNote(accepted, attempt.now), ...effects] };
  }
  if (sends.every((candidate) => candidate.status === 'failed')) {
    const failed = failStep(counted, failureReason(attempt.result), attempt.now);
    return { step: failed.step, effects: [failed.effect, ...effects] };
  }
  const inDoubt = concluded.status === 'unknown' ? { reason: 'provider-timeout' as const } : {};
  return { step: { ...counted, ...inDoubt }, effects };
}
