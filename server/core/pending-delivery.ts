// What time, providers and a resend do to a pending verification: everything that moves it up the ladder.
import {
  acknowledgersAreGone,
  concludeAttempt,
  currentStep,
  failStep,
  replaceStep,
  skipStep,
  startNext,
  startStep,
  stepEndsAt,
  type Climb,
} from './escalation.ts';
import type { CommandOf, Effect, Outcome, Reach, TimelineEntry } from './events.ts';
import { resendCooldownMs, resendLimit } from './limits.ts';
import { advance, note, ok, same, settle } from './outcomes.ts';
import { stepOf, type Pending, type Step, type Timestamp, type Verification } from './verification.ts';

export function resend(state: Pending, command: CommandOf<'resend'>, now: Timestamp): Outcome {
  if (state.resends >= resendLimit) {
    const detail = `This was sent again ${resendLimit} times already. Use what arrived, or start again.`;
    return same(state, { ok: false, code: 'resend-exhausted', detail, retryAt: state.expiresAt });
  }
  if (now < state.resendAvailableAt) {
    const detail = 'It was sent a moment ago. Wait a little before sending it again.';
    return same(state, { ok: false, code: 'resend-too-soon', detail, retryAt: state.resendAvailableAt });
  }
  const climb = sendAgain(state, command, now);
  if (climb === undefined) {
    const detail = 'Nothing can be sent again on this step. Leave "step" out, ask for "sms", or start again.';
    return same(state, { ok: false, code: 'step-not-allowed', detail });
  }
  const resends = state.resends + 1;
  const resendAvailableAt = now + resendCooldownMs(resends);
  const asked = note({
    at: now,
    type: 'resend',
    attempt: resends,
    ...(command.step === undefined ? {} : { step: command.step }),
  });
  // When all went at once, the other steps' messages are still wanted. Older rounds are not sent in any case.
  const dropped: Effect[] = state.plan === 'escalate' ? [{ type: 'drop-sends' }] : [];
  const effects: Effect[] = [asked, ...dropped, ...climb.effects];
  return settle(state, { ...climb, effects }, command.reach, now, { resends, resendAvailableAt });
}

/** The ladder after a resend: the current step again, or SMS at once; a current step that reaches nobody now gives way to the next. */
function sendAgain(state: Pending, command: CommandOf<'resend'>, now: Timestamp): Climb | undefined {
  const current = currentStep(state.delivery);
  const name = command.step ?? current?.step;
  if (name === undefined || (name !== 'sms' && name !== current?.step)) return undefined;
  const step = stepOf(state, name);
  if (step === undefined || (step.status === 'skipped' && step.round === 0)) return undefined;
  const reachable = command.reach[name];
  if ('skip' in reachable) return command.step === undefined ? nextInstead(state, command.reach, now) : undefined;
  const started = startStep(step, reachable.targets, now);
  const acknowledged = state.acknowledgements.length > 0;
  const shown = step.status === 'acknowledged' ? { ...started.step, status: step.status } : started.step;
  const effects = [...started.effects];
  let delivery = replaceStep(state.delivery, shown);
  for (const passed of name === 'sms' ? delivery.filter((other) => other.status === 'waiting') : []) {
    const skipped = skipStep(passed, 'superseded', now);
    delivery = replaceStep(delivery, skipped.step);
    effects.push(skipped.effect);
  }
  const dueAt = acknowledged ? state.dueAt : nextCheck({ ...state, delivery }, name, now);
  return { delivery, effects, dueAt };
}

/** A socket step that is still open keeps its own end when another step is started beside it. */
function nextCheck(state: Pending, started: Step['step'], now: Timestamp): Timestamp {
  const endsAt = stepEndsAt(started, state, now);
  const socketIsOpen = started !== 'socket' && stepOf(state, 'socket')?.status === 'pending';
  return socketIsOpen ? Math.min(endsAt, state.dueAt) : endsAt;
}

function nextInstead(state: Pending, reach: Reach, now: Timestamp): Climb | undefined {
  const climb = startNext(state, reach, now);
  return climb.delivery.some((step, index) => step.round !== state.delivery[index]?.round) ? climb : undefined;
}

export function due(state: Pending, command: CommandOf<'due'>, now: Timestamp): Outcome {
  if (now < state.dueAt) return same(state, ok);
  const { reach } = command;
  if (state.acknowledgements.length > 0) {
    const answerMs = Math.min(now + state.waits.answerMs, state.expiresAt);
    const stays =
      !acknowledgersAreGone(state, command.connected) || !state.delivery.some((step) => step.status === 'waiting');
    if (stays) return advance(state, { dueAt: answerMs }, []);
    const climb = startNext(state, reach, now);
    return settle(state, { ...climb, dueAt: Math.min(climb.dueAt, answerMs) }, reach, now);
  }
  const socket = stepOf(state, 'socket');
  if (socket?.status !== 'pending') return settle(state, startNext(state, reach, now), reach, now);
  const failed = failStep({ ...socket, attempts: socket.attempts + 1 }, 'no-acknowledgement', now);
  const delivery = replaceStep(state.delivery, failed.step);
  const climb = startNext({ ...state, delivery }, reach, now);
  return settle(state, { ...climb, effects: [failed.effect, ...climb.effects] }, reach, now);
}

type Attempt = Pick<CommandOf<'delivery-outcome'>, 'step' | 'round' | 'target' | 'result' | 'provider' | 'latencyMs'>;

export function attemptEntry(state: Verification, command: Attempt, now: Timestamp): TimelineEntry {
  const { step, round, result, latencyMs } = command;
  const tries = stepOf(state, step)?.attempts ?? 0;
  const device = step === 'push' ? { deviceId: command.target } : {};
  return {
    at: now,
    type: 'attempt',
    step,
    round,
    attempt: tries + 1,
    status: result.kind,
    latencyMs,
    ...saidOf(command),
    ...device,
  };
}

/** What the provider said: its id for the message, or why not. */
function saidOf({ result, provider }: Attempt): Pick<TimelineEntry, 'provider' | 'providerId' | 'outcome' | 'reason'> {
  if (result.kind === 'accepted') {
    return { provider: result.provider, ...(result.providerId === undefined ? {} : { providerId: result.providerId }) };
  }
  const outcome = result.kind === 'unreachable' ? { outcome: result.outcome } : {};
  return { reason: result.reason, ...outcome, ...(provider === undefined ? {} : { provider }) };
}

/** Until when a send may be tried again: its step's time, which is over once the next step has started. */
function budgetEnd(state: Pending, isCurrent: boolean, now: Timestamp): Timestamp {
  if (state.plan === 'all-at-once') return state.expiresAt;
  if (!isCurrent) return now;
  const hasNext = state.delivery.some((other) => other.status === 'waiting');
  return hasNext && state.acknowledgements.length === 0 ? state.dueAt : state.expiresAt;
}

export function deliveryOutcome(state: Pending, command: CommandOf<'delivery-outcome'>, now: Timestamp): Outcome {
  const attempt = note(attemptEntry(state, command, now));
  const step = stepOf(state, command.step);
  if (step === undefined || step.round !== command.round) return same(state, ok, [attempt]);
  const isCurrent = currentStep(state.delivery) === step;
  const { target, result, jitter } = command;
  const hasNext = isCurrent && state.delivery.some((other) => other.status === 'waiting');
  const budgetEndsAt = budgetEnd(state, isCurrent, now);
  const concluded = concludeAttempt(step, { target, result, jitter, budgetEndsAt, hasNext, now });
  const delivery = replaceStep(state.delivery, concluded.step);
  const effects = [attempt, ...concluded.effects];
  const failedNow = concluded.step.status === 'failed' && step.status !== 'failed';
  if (!failedNow || !isCurrent || state.acknowledgements.length > 0) {
    return settle(state, { delivery, effects, dueAt: state.dueAt }, command.reach, now);
  }
  const climb = startNext({ ...state, delivery }, command.reach, now);
  const dueAt = stepOf(state, 'socket')?.status === 'pending' ? Math.min(climb.dueAt, state.dueAt) : climb.dueAt;
  return settle(state, { ...climb, dueAt, effects: [...effects, ...climb.effects] }, command.reach, now);
}

export function receiptEntry(command: CommandOf<'receipt'>, now: Timestamp): TimelineEntry {
  const { step, outcome, provider, providerId, round, reason } = command;
  return {
    at: now,
    type: 'receipt',
    step,
    status: outcome,
    provider,
    ...(providerId === undefined ? {} : { providerId }),
    ...(round === undefined ? {} : { round }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** A receipt can change a delivery step; it can never decide a verification (contract section 8). */
export function receipt(state: Pending, command: CommandOf<'receipt'>, now: Timestamp): Outcome {
  const entry = note(receiptEntry(command, now));
  const step = stepOf(state, command.step);
  const settled =
    step === undefined || step.round === 0 || step.status === 'delivered' || step.status === 'acknowledged';
  const isOld = command.round !== undefined && command.round !== step?.round;
  if (settled || (command.outcome === 'failed' && (step.status === 'failed' || isOld))) return same(state, ok, [entry]);
  if (command.outcome === 'delivered') {
    const { reason: _cleared, ...rest } = step;
    const delivery = replaceStep(state.delivery, { ...rest, status: 'delivered', at: now });
    return advance(state, { delivery }, [entry]);
  }
  const failed = failStep(step, 'not-delivered', now);
  const delivery = replaceStep(state.delivery, failed.step);
  return settle(state, { delivery, effects: [entry, failed.effect], dueAt: state.dueAt }, command.reach, now);
}
