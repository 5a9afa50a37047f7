// What is asked and answered of a verification that does not exist yet or is still pending.
import { checkCode } from './code.ts';
import { acknowledgedStep, replaceStep, skipStep, startNext } from './escalation.ts';
import type { Answer, Command, CommandOf, Effect, Outcome } from './events.ts';
import { codeAttempts, resendCooldownMs } from './limits.ts';
import { checkNumber } from './matching.ts';
import { advance, end, expiredAnswer, note, ok, same, settle } from './outcomes.ts';
import { attemptEntry, receiptEntry } from './pending-delivery.ts';
import {
  type Decision,
  type DeviceAnswer,
  type Pending,
  type Step,
  type Timestamp,
  type Verification,
} from './verification.ts';

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

export function cancel(state: Pending, command: CommandOf<'cancel'>, now: Timestamp): Outcome {
  return end(state, { status: 'canceled', canceledBy: command.by }, now);
}
