// What must hold of every verification at every moment (S1 to S5, S9, S10, S13), told without the state machine's own words.
import { expect } from 'chai';
import type { Command, Outcome } from '../../server/core/events.ts';
import { createCell, table } from '../../server/core/transitions.ts';
import type { StepName, Timestamp, Verification } from '../../server/core/verification.ts';

const order: readonly StepName[] = ['socket', 'push', 'sms'];
const wrongLimit = { none: 0, choose: 1, enter: 3, qr: 3 } as const;

interface Observed {
  before: Verification | undefined;
  command: Command;
  outcome: Outcome;
  now: Timestamp;
}

/** Watches one verification from its creation on, and throws as soon as something does not hold. */
export function createWitness() {
  const wrongNumbersSeen = new Set<string>();
  let codesTried = 0;
  let codeWasSent = false;
  let furthest = -1;
  return {
    observe(seen: Observed): void {
      const { before, outcome, command, now } = seen;
      if (before !== undefined && before.status !== 'pending') terminalIsFinal(before, outcome);
      else moved(seen);
      if (command.type === 'submit-code' && outcome.next !== before && outcome.next.status !== 'expired')
        codesTried += 1;
      expect(codesTried, 'S13: codes evaluated').to.be.at.most(5);
      if (
        !outcome.answer.ok &&
        outcome.answer.code === 'number-incorrect' &&
        outcome.next !== before &&
        command.type === 'decide'
      ) {
        wrongNumbersSeen.add(`${command.deviceId} ${command.number}`);
      }
      expect(wrongNumbersSeen.size, 'S13: wrong numbers evaluated').to.be.at.most(
        wrongLimit[outcome.next.matching.mode],
      );
      codeWasSent ||=
        before?.delivery.some((step) => step.step === 'sms' && step.sends.some((send) => send.status !== 'failed')) ??
        false;
      if (outcome.next !== before && command.type === 'submit-code' && outcome.next.status === 'approved') {
        expect(codeWasSent, 'a code was sent').to.equal(true);
      }
      furthest = climbs(before, outcome, furthest);
      if (before === undefined || before !== outcome.next) ended(seen, now);
    },
  };
}

/** S1, S2: nothing about an ended verification ever changes, and nothing is sent for it. */
function terminalIsFinal(before: Verification, outcome: Outcome): void {
  expect(outcome.next, 'S1').to.equal(before);
  expect(outcome.dueAt, 'S14').to.equal(undefined);
  expect(
    outcome.effects.every((effect) => effect.type === 'note'),
    'S9: only notes after the end',
  ).to.equal(true);
}

/** One rev a transition, states only as the table says, due exactly while pending, and never after the deadline. */
function moved({ before, command, outcome, now }: Observed): void {
  const { next } = outcome;
  if (next === before) {
    expect(outcome.effects.every((effect) => effect.type === 'note')).to.equal(true);
    return;
  }
  expect(next.rev).to.equal((before?.rev ?? 0) + 1);
  const allowed = command.type === 'create' ? createCell.to : table.pending[command.type].to;
  const isLate = before !== undefined && now >= before.expiresAt;
  expect(isLate ? ['expired'] : allowed, `${command.type} led to`).to.include(next.status);
  if (next.status !== 'pending') {
    expect(outcome.dueAt, 'S14').to.equal(undefined);
    return;
  }
  expect(outcome.dueAt, 'S14').to.equal(next.dueAt);
  expect(next.dueAt).to.be.at.most(next.expiresAt);
}

/** S9, S10: steps start in order, never early, and each start has its message. */
function climbs(before: Verification | undefined, outcome: Outcome, furthest: number): number {
  let reached = furthest;
  let starts = 0;
  for (const step of outcome.next.delivery) {
    const was = before?.delivery.find((other) => other.step === step.step);
    const isFirstStart = step.round === 1 && (was?.round ?? 0) === 0;
    if (!isFirstStart) continue;
    const index = order.indexOf(step.step);
    expect(index, 'S9: steps never go back').to.be.greaterThan(reached);
    reached = index;
    starts += 1;
    if (step.step === 'socket') expect(outcome.effects.some((effect) => effect.type === 'prompt')).to.equal(true);
    else
      expect(outcome.effects.filter((effect) => effect.type === 'send' && effect.step === step.step).length).to.equal(
        step.sends.length,
      );
  }
  if (outcome.next.plan === 'escalate') expect(starts, 'one step at a time').to.be.at.most(1);
  return reached;
}

/** S3, S4, S5 and what each ending needs. */
function ended({ before, command, outcome, now }: Observed, at: Timestamp): void {
  const { next } = outcome;
  if (next.status === 'pending') return;
  expect(next.endedAt).to.equal(at);
  if (next.status === 'approved') approvedHasProof({ before, command, outcome, now });
  if (next.status === 'denied') expect(command.type, 'only devices deny').to.equal('decide');
  if (next.status === 'expired') expect(now, 'never expired early').to.be.at.least(next.expiresAt);
  else expect(now, 'S5: no late ending').to.be.lessThan(next.expiresAt);
  if (next.status === 'undeliverable') {
    expect(next.delivery.every((step) => step.status === 'failed' || step.status === 'skipped')).to.equal(true);
    if (next.promptable && 'reach' in command)
      expect(command.reach.enrolled, 'a device could still fetch it').to.equal(false);
  }
}

function approvedHasProof({ command, outcome }: Observed): void {
  const { next } = outcome;
  if (next.status !== 'approved') return;
  if (command.type === 'create') {
    expect(next.decision.method).to.equal('trusted-browser');
    expect(command.trustedBrowserId).to.be.a('string');
    return;
  }
  if (command.type === 'submit-code') {
    expect(command.matches, 'S3: the code was right').to.equal(true);
    return;
  }
  expect(command.type).to.equal('decide');
  if (command.type !== 'decide') return;
  expect(command.decision, 'S4').to.equal('approve');
  expect(command.challenge).to.equal(next.challenge);
  expect(command.number, 'S3: the number was right').to.equal(next.matching.number);
  expect(next.decision.evidence).to.equal(command.evidence);
}

/** S10: whatever a `due` starts, it does not start before its time. */
export function neverEarly({ before, command, outcome, now }: Observed): void {
  if (command.type !== 'due' || before?.status !== 'pending' || now >= before.dueAt) return;
  expect(outcome.next, 'S10').to.equal(before);
}
