// What each command does to a verification that does not exist yet or is still pending.
import { checkCode } from './code.ts';
import {
  acknowledgedStep,
  acknowledgersAreGone,
  allStepsOver,
  concludeAttempt,
  currentStep,
  failStep,
  isUndeliverable,
  replaceStep,
  skipStep,
  startNext,
  startStep,
  stepEndsAt,
  type Climb,
} from './escalation.ts';
import type { Answer, Command, CommandOf, Effect, Outcome, Reach, TimelineEntry, WebhookEvent } from './events.ts';
import { codeAttempts, resendCooldownMs, resendLimit } from './limits.ts';
import { checkNumber } from './matching.ts';
import {
  stepOf,
  type Approved,
  type Canceled,
  type Decision,
  type Denied,
  type DeviceAnswer,
  type Expired,
  type Pending,
  type Step,
  type Terminal,
  type Timestamp,
  type Undeliverable,
  type Verification,
} from './verification.ts';

const ok: Answer = { ok: true };

export const expiredAnswer: Answer = {
  ok: false,
  code: 'verification-expired',
  detail: 'This verification has expired. Start a new one.',
};

function note(entry: TimelineEntry): Effect {
  return { type: 'note', entry };
}

function advance(state: Pending, changes: Partial<Pending>, effects: Effect[], answer: Answer = ok): Outcome {
  const next: Pending = { ...state, ...changes, rev: state.rev + 1 };
  return { next, effects, dueAt: next.dueAt, answer };
}

function same(state: Pending, answer: Answer, effects: Effect[] = []): Outcome {
  return { next: state, effects, dueAt: state.dueAt, answer };
}

type Ending =
  | Pick<Approved, 'status' | 'decision'>
  | Pick<Denied, 'status' | 'decision'>
  | Pick<Expired, 'status'>
  | Pick<Canceled, 'status' | 'canceledBy'>
  | Pick<Undeliverable, 'status'>;

/** Ends it for ever: the due time goes, unsent messages are dropped, everyone is told. */
function end(state: Pending, ending: Ending, now: Timestamp, effects: Effect[] = [], answer: Answer = ok): Outcome {
  const { dueAt: _gone, ...rest } = state;
  const next: Terminal = { ...rest, ...ending, rev: state.rev + 1, endedAt: now };
  const event: WebhookEvent = `verification.${ending.status}`;
  const after: Effect[] = [
    note({ at: now, type: 'ended', status: ending.status, ...howEnded(ending) }),
    { type: 'drop-sends' },
    { type: 'webhook', event },
  ];
  if (state.promptable) after.push({ type: 'close' });
  return { next, effects: [...effects, ...after], dueAt: undefined, answer };
}

function howEnded(ending: Ending): Pick<TimelineEntry, 'method' | 'reason'> {
  if (ending.status === 'approved' || ending.status === 'denied') return { method: ending.decision.method };
  return ending.status === 'canceled' ? { reason: ending.canceledBy } : {};
}

/** Goes on with the climbed ladder, or ends as undeliverable when nobody is left. */
function settle(state: Pending, climb: Climb, reach: Reach, now: Timestamp, changes: Partial<Pending> = {}): Outcome {
  const climbed: Pending = { ...state, ...changes, delivery: climb.delivery, dueAt: climb.dueAt };
  if (isUndeliverable(climbed, reach)) return end(climbed, { status: 'undeliverable' }, now, climb.effects);
  const failedNow = allStepsOver(climb.delivery) && (state.rev === 0 || !allStepsOver(state.delivery));
  const effects: Effect[] = failedNow
    ? [...climb.effects, { type: 'webhook', event: 'verification.delivery_failed' }]
    : climb.effects;
  return advance(climbed, {}, effects);
}

export function create(command: CommandOf<'create'>, now: Timestamp): Outcome {
  const { facts, reach } = command;
  const excluded: Effect[] = [];
  const delivery = command.steps.map(({ step, skip }): Step => {
    const waiting: Step = { step, status: 'waiting', attempts: 0, round: 0, sends: [] };
    if (skip === undefined) return waiting;
    const skipped = skipStep(waiting, skip, now);
    excluded.push(skipped.effect);
    return skipped.step;
  });
  const blank: Pending = {
    ...facts,
    status: 'pending',
    rev: 0,
    delivery,
    acknowledgements: [],
    answers: [],
    wrongNumbers: 0,
    codeAttempts: 0,
    resends: 0,
    resendAvailableAt: now + resendCooldownMs(0),
    dueAt: facts.expiresAt,
  };
  const created = note({ at: now, type: 'created' });
  if (command.trustedBrowserId !== undefined) return approveAtOnce(blank, command.trustedBrowserId, now, created);
  const climb = startNext(blank, reach, now);
  const outcome = settle(blank, climb, reach, now);
  return { ...outcome, effects: [created, ...excluded, ...outcome.effects, ...unasked(outcome)] };
}

/**
 * Every connected device is shown every prompt as it comes (contract section 6), also one that the socket step did not start for:
 * it may have connected since it was asked who is online, after it had read what is pending.
 */
function unasked({ next, effects }: Outcome): Effect[] {
  const isShown = effects.some((effect) => effect.type === 'prompt');
  return next.status === 'pending' && next.promptable && !isShown ? [{ type: 'prompt' }] : [];
}

function approveAtOnce(blank: Pending, trustedBrowserId: string, now: Timestamp, created: Effect): Outcome {
  const delivery = blank.delivery.map((step) => skipStep(step, 'trusted-browser', now).step);
  const decision: Decision = { method: 'trusted-browser', outcome: 'approved', at: now, trustedBrowserId };
  return end({ ...blank, delivery }, { status: 'approved', decision }, now, [created]);
}

export function expire(state: Pending, command: Command | undefined, now: Timestamp): Outcome {
  const late: Effect[] = [];
  if (command?.type === 'delivery-outcome') late.push(note(attemptEntry(state, command, now)));
  if (command?.type === 'receipt') late.push(note(receiptEntry(command, now)));
  const answer = command?.type === 'due' || command?.type === 'acknowledge' || late.length > 0 ? ok : expiredAnswer;
  return end(state, { status: 'expired' }, now, late, answer);
}

export function acknowledge(state: Pending, command: CommandOf<'acknowledge'>, now: Timestamp): Outcome {
  const known = state.acknowledgements.find((ack) => ack.deviceId === command.deviceId);
  if (known !== undefined && (known.via === 'http' || known.via === command.via)) return same(state, ok);
  const step = acknowledgedStep(state.delivery, command.via);
  if (step === undefined) return same(state, ok);
  const acknowledgements = [
    ...state.acknowledgements.filter((ack) => ack !== known),
    { deviceId: command.deviceId, via: command.via, at: now },
  ];
  const attempts = step.attempts + (step.step === 'socket' && step.status !== 'acknowledged' ? 1 : 0);
  const { reason: _cleared, ...rest } = step;
  const delivery = replaceStep(state.delivery, { ...rest, status: 'acknowledged', attempts, at: now });
  const dueAt = Math.min(now + state.waits.answerMs, state.expiresAt);
  const latencyMs = now - (step.startedAt ?? step.at ?? state.createdAt);
  const effects: Effect[] = [
    note({ at: now, type: 'acknowledged', step: step.step, deviceId: command.deviceId, latencyMs }),
  ];
  if (state.plan === 'escalate' && !state.delivery.some((other) => other.step === 'sms' && other.round > 0)) {
    effects.push({ type: 'drop-sends' });
  }
  return advance(state, { acknowledgements, delivery, dueAt }, effects);
}

/** What this device was told to this very answer before, if it gave it before. */
export function repeatedAnswer(state: Verification, command: CommandOf<'decide'>): Answer | undefined {
  if (command.challenge !== state.challenge) return undefined;
  const before = state.answers.find(
    (answer) =>
      answer.deviceId === command.deviceId && answer.decision === command.decision && answer.number === command.number,
  );
  if (before === undefined) return undefined;
  return before.told.ok ? ok : numberIncorrect(before.told.attemptsLeft);
}

function numberIncorrect(attemptsLeft: number): Answer {
  const detail =
    attemptsLeft > 0
      ? 'This is not the number the page shows. Look at the page and try again.'
      : 'This was not the number the page shows. The sign-in was refused; start again.';
  return { ok: false, code: 'number-incorrect', detail, attemptsLeft };
}

export function decideByDevice(state: Pending, command: CommandOf<'decide'>, now: Timestamp): Outcome {
  if (command.challenge !== state.challenge) {
    const detail = 'The answer was signed for another challenge. Fetch the prompt again and answer that.';
    return same(state, { ok: false, code: 'challenge-mismatch', detail });
  }
  const repeated = repeatedAnswer(state, command);
  if (repeated !== undefined) return same(state, repeated);
  if (command.decision !== 'approve') return deny(state, command, now);
  const check = checkNumber(state, command.number);
  if (check.kind === 'missing') {
    return same(state, {
      ok: false,
      code: 'invalid',
      detail: 'The number that the page shows is required to approve.',
    });
  }
  if (check.kind === 'unexpected') {
    return same(state, { ok: false, code: 'invalid', detail: 'This verification asks for no number; leave it out.' });
  }
  if (check.kind === 'wrong') return wrongNumber(state, command, check, now);
  const decision = appDecision(command, 'approved', now);
  const answers = [...state.answers, answerOf(command, { ok: true, status: 'approved' })];
  return end({ ...state, answers }, { status: 'approved', decision }, now, [answerNote(command, 'approved', now)]);
}

function answerOf(command: CommandOf<'decide'>, told: DeviceAnswer['told']): DeviceAnswer {
  const number = command.number === undefined ? {} : { number: command.number };
  return { deviceId: command.deviceId, decision: command.decision, ...number, told };
}

function answerNote(command: CommandOf<'decide'>, status: string, now: Timestamp): Effect {
  return note({ at: now, type: 'answer', status, deviceId: command.deviceId });
}

function appDecision(command: CommandOf<'decide'>, outcome: Decision['outcome'], now: Timestamp): Decision {
  return { method: 'app', outcome, at: now, deviceId: command.deviceId, evidence: command.evidence };
}

function deny(state: Pending, command: CommandOf<'decide'>, now: Timestamp): Outcome {
  const reported = command.decision === 'report';
  const decision: Decision = { ...appDecision(command, 'denied', now), ...(reported ? { reported: true } : {}) };
  const answers = [...state.answers, answerOf(command, { ok: true, status: 'denied' })];
  const effects = [answerNote(command, reported ? 'reported' : 'denied', now)];
  const outcome = end({ ...state, answers }, { status: 'denied', decision }, now, effects);
  if (reported) outcome.effects.push({ type: 'webhook', event: 'verification.fraud_reported' });
  return outcome;
}

function wrongNumber(
  state: Pending,
  command: CommandOf<'decide'>,
  check: { wrongNumbers: number; attemptsLeft: number },
  now: Timestamp,
): Outcome {
  const { wrongNumbers, attemptsLeft } = check;
  const answers = [...state.answers, answerOf(command, { ok: false, attemptsLeft })];
  const effects = [
    note({ at: now, type: 'answer', status: 'number-incorrect', attempt: wrongNumbers, deviceId: command.deviceId }),
  ];
  const answer = numberIncorrect(attemptsLeft);
  if (attemptsLeft > 0) return advance(state, { wrongNumbers, answers }, effects, answer);
  const decision = appDecision(command, 'denied', now);
  return end({ ...state, wrongNumbers, answers }, { status: 'denied', decision }, now, effects, answer);
}

export function submitCode(state: Pending, command: CommandOf<'submit-code'>, now: Timestamp): Outcome {
  const check = checkCode(state, command.matches);
  if (check.kind === 'not-issued') {
    const detail = 'No code has been sent for this verification. Ask for one by SMS first.';
    return same(state, { ok: false, code: 'code-not-acceptable', detail });
  }
  if (check.kind === 'exhausted') {
    const detail = `All ${codeAttempts} attempts are used. Approve in the app, or start again.`;
    return same(state, {
      ok: false,
      code: 'code-attempts-exhausted',
      detail,
      attemptsLeft: 0,
      retryAt: state.expiresAt,
    });
  }
  const counted = { codeAttempts: check.codeAttempts };
  if (check.kind === 'right') {
    const decision: Decision = { method: 'sms-code', outcome: 'approved', at: now };
    const typed = note({ at: now, type: 'code', status: 'approved', attempt: check.codeAttempts });
    return end({ ...state, ...counted }, { status: 'approved', decision }, now, [typed]);
  }
  const typed = note({ at: now, type: 'code', status: 'code-incorrect', attempt: check.codeAttempts });
  const detail =
    check.attemptsLeft > 0
      ? 'This is not the code that was sent. Check the newest SMS and try again.'
      : 'This was not the code that was sent, and no attempts are left. Approve in the app, or start again.';
  return advance(state, counted, [typed], {
    ok: false,
    code: 'code-incorrect',
    detail,
    attemptsLeft: check.attemptsLeft,
  });
}

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

export function cancel(state: Pending, command: CommandOf<'cancel'>, now: Timestamp): Outcome {
  return end(state, { status: 'canceled', canceledBy: command.by }, now);
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
