// What must hold of every life (S1 to S5, S7 to S11, S13, S14, S17), told from what callers were told and what is stored.
import { expect } from 'chai';
import type { StepName, Verification } from '../../server/core/verification.ts';
import type { TestApp } from './app.ts';
import { stored, type Life, type Observed, type Outcome, type World } from './life-player.ts';

const order: readonly StepName[] = ['socket', 'push', 'sms'];
const wrongLimit = { none: 0, choose: 1, enter: 3, qr: 3 } as const;

type Seen = Observed;
const isOver = ({ status }: Verification): boolean => status !== 'pending';

/** Watches one life turn by turn, and throws as soon as something does not hold. */
export function createLifeWitness() {
  const wrongCodes: number[] = [];
  const wrongNumbers = new Set<string>();
  const taken = new Set<string>();
  const numbersTold = new Map<string, number | undefined>();
  return (seen: Seen): void => {
    endsOnce(seen);
    for (const { move, outcome } of seen.told) {
      tellsTheTruth(seen, outcome);
      if (outcome.kind === 'refused' && outcome.refusal.code === 'code-incorrect') {
        wrongCodes.push(outcome.refusal.extras.attemptsLeft ?? -1);
      }
      if (move.kind === 'decide' && outcome.kind === 'refused' && outcome.refusal.code === 'number-incorrect') {
        const answer = `${move.phone} ${move.number}`;
        const { attemptsLeft } = outcome.refusal.extras;
        expect(numbersTold.get(answer) ?? attemptsLeft, 'the same answer is told the same').to.equal(attemptsLeft);
        numbersTold.set(answer, attemptsLeft);
        wrongNumbers.add(answer);
      }
      if (outcome.kind === 'ok' && move.kind === 'decide' && outcome.verification !== undefined) {
        const decision = 'decision' in seen.after ? seen.after.decision.outcome : undefined;
        expect(decision, 'S4: the signed field decides').to.equal(move.decision === 'approve' ? 'approved' : 'denied');
      }
    }
    expect(new Set(wrongCodes).size, 'S13: each wrong code was told another number of tries').to.equal(
      wrongCodes.length,
    );
    expect(wrongCodes.length, 'S13: codes looked at').to.be.at.most(5);
    expect(seen.after.codeAttempts).to.be.at.most(5);
    expect(wrongNumbers.size, 'S13: numbers looked at').to.be.at.most(wrongLimit[seen.after.matching.mode]);
    expect(seen.after.wrongNumbers).to.be.at.most(wrongLimit[seen.after.matching.mode]);
    expect(seen.after.resends).to.be.at.most(3);
    climbs(seen);
    isIndexed(seen);
    sendsOnce(seen, taken);
  };
}

/** S1, S2. */
function endsOnce({ before, after }: Seen): void {
  expect(after.rev).to.be.at.least(before.rev);
  if (isOver(before)) expect(after, 'S1: terminal is final').to.deep.equal(before);
}

/** Everybody is told what is so: the state after the turn, or one that came before it in the same turn. */
function tellsTheTruth({ now, before, after, told }: Seen, outcome: Outcome): void {
  const possible = told.length === 1 ? [after.status] : [before.status, 'pending', after.status];
  if (outcome.kind === 'ok' && outcome.verification !== undefined) {
    const { status } = outcome.verification;
    expect(possible, 'told').to.include(status);
    if (now >= after.expiresAt) expect(status, 'never pending after the deadline').not.to.equal('pending');
    if (status !== 'pending') expect(outcome.verification).to.deep.equal(after);
  }
  if (outcome.kind === 'ok' && outcome.created !== undefined) {
    expect(outcome.created.verification.id, 'S7').to.equal(after.id);
    if (now >= after.expiresAt) expect(outcome.created.verification.status).to.equal(after.status);
  }
  if (outcome.kind !== 'refused') return;
  const { code, extras } = outcome.refusal;
  if (code === 'already-decided') expect(extras.verificationStatus, 'S2: told what won').to.equal(after.status);
  if (code === 'verification-expired') expect(now).to.be.at.least(after.expiresAt);
}

/** S9, S10: steps start in order, one at a time unless all go at once, never after the end and never early. */
function climbs({ turn, before, after, now, hasFailed }: Seen): void {
  const started = after.delivery.filter((step, index) => step.round > 0 && before.delivery[index]?.round === 0);
  const furthest = Math.max(
    -1,
    ...before.delivery.filter(({ round }) => round > 0).map(({ step }) => order.indexOf(step)),
  );
  for (const { step } of started) expect(order.indexOf(step), 'S9: never back').to.be.greaterThan(furthest);
  const isTimer = turn.moves.every(
    (move) => move.kind === 'work' && move.workers.every((name) => name === 'escalation'),
  );
  if (isTimer && before.status === 'pending' && after.rev > before.rev) expect(now, 'S10').to.be.at.least(before.dueAt);
  if (turn.moves.length === 1 && isTimer && !hasFailed && after.plan === 'escalate')
    expect(started.length).to.be.at.most(1);
  if (after.status === 'expired') expect(after.endedAt).to.be.at.least(after.expiresAt);
  else if (isOver(after) && 'endedAt' in after) expect(after.endedAt, 'S5').to.be.below(after.expiresAt);
}

/** S14. Only this life is pending: the index holds its due time, or a lease that a failed store left behind. */
function isIndexed({ after, dueAt, hasFailed }: Seen): void {
  if (after.status !== 'pending') expect(dueAt, 'S14: ended, and not indexed').to.equal(undefined);
  else if (hasFailed) expect(dueAt, 'S14: pending, and indexed').to.be.a('number');
  else expect(dueAt, 'S14').to.equal(after.dueAt);
}

/**
 * S9, S11: nothing is sent for what has ended; and an SMS that was taken, or may have been, not again in its round, unless
 * the store lost that.
 */
function sendsOnce({ before, sent, after, hasFailed }: Seen, taken: Set<string>): void {
  if (isOver(before)) expect(sent, 'S9: nothing is sent after the end').to.deep.equal([]);
  for (const { step, dedupeId, isTaken } of sent) {
    expect(dedupeId, 'sent for this one').to.include(after.id);
    if (step !== 'sms') continue;
    if (!hasFailed) expect([...taken], 'S11').not.to.include(dedupeId);
    if (isTaken) taken.add(dedupeId);
  }
}

/** One step began, or all of them for who wants all at once; what the first reply shows is what was stored. */
export function expectGoodBeginning({ created, observed }: Life): void {
  const { verification } = created;
  const started = verification.delivery.filter(({ round }) => round > 0);
  if (verification.plan === 'escalate') expect(started.length, 'S9: one step at a time').to.be.at.most(1);
  expect(observed[0]?.before, 'S6').to.deep.equal(verification);
  expect(verification.rev).to.equal(1);
}

/** After the deadline: ended once, with proof, and everybody told in order. */
export async function expectGoodEnd(world: World, life: Life): Promise<Verification> {
  const { app } = world;
  const last = await stored(world, life.created.verification.id);
  expect(last.status, 'L1: terminal by its deadline').not.to.equal('pending');
  const { entries } = await app.verifications.timeline(app.application, last.id);
  const ends = entries.filter(({ type }) => type === 'ended');
  expect(
    ends.map(({ status }) => status),
    'S2: it ended once',
  ).to.deep.equal([last.status]);
  expect(
    entries.every(({ at }, index) => at >= (entries[index - 1]?.at ?? 0)),
    'the timeline is in order',
  ).to.equal(true);
  if (last.status === 'approved') await hasProof(app, life, last);
  tellsTheRelyingParty(app, last);
  expect(world.early, 'S17').to.deep.equal([]);
  return last;
}

/** S3: a stored approval can be proved again by whoever has the store. */
async function hasProof(app: TestApp, life: Life, last: Extract<Verification, { status: 'approved' }>): Promise<void> {
  const { decision } = last;
  expect(decision.at, 'S5').to.be.below(last.expiresAt);
  if (decision.method === 'trusted-browser') {
    expect(life.request.trustToken, 'S3').to.include(decision.trustedBrowserId);
    expect(life.request.stepUp).to.equal(false);
    return;
  }
  if (decision.method === 'sms-code') {
    const sent = last.delivery.some(({ step, round }) => step === 'sms' && round > 0);
    expect(sent, 'S3: a code was on its way').to.equal(true);
    expect(last.codeAttempts).to.be.within(1, 5);
    return;
  }
  const { records } = await app.store.read([{ kind: 'device', id: decision.deviceId ?? '' }]);
  const [device] = records;
  if (device === undefined) throw new Error('S3: the device that decided is not known');
  expect(device.revokedAt ?? Infinity, 'S3: its key was active').to.be.at.least(decision.at);
  expect([device.userId, device.applicationId]).to.deep.equal([last.userId, last.applicationId]);
  const proof = await app.context.proofs.checkDecision(decision.evidence ?? '', device.id, device.signingKey);
  const { number } = last.matching;
  expect(proof, 'S3: the evidence can be checked again').to.deep.equal({
    ok: true,
    claims: {
      verificationId: last.id,
      challenge: last.challenge,
      decision: 'approve',
      ...(number === undefined ? {} : { number }),
    },
  });
}

/** Webhooks in order: failed delivery first, then the end once, and fraud after the denial it belongs to. */
function tellsTheRelyingParty(app: TestApp, last: Verification): void {
  const bodies = app.receiver.requests
    .filter(({ id }) => id.startsWith(`${last.id}-`))
    .map(({ body }) => JSON.parse(body));
  const types: string[] = bodies.map(({ type }) => type);
  const ends = types.filter((type) => !/delivery_failed|fraud_reported/.test(type));
  expect(new Set(ends), 'the end, and no other').to.deep.equal(new Set([`verification.${last.status}`]));
  const first = types.indexOf(`verification.${last.status}`);
  expect(types.lastIndexOf('verification.delivery_failed'), 'in order').to.be.below(first);
  const isReported = 'decision' in last && last.decision.reported === true;
  expect(types.includes('verification.fraud_reported')).to.equal(isReported);
  if (isReported) expect(types.indexOf('verification.fraud_reported')).to.be.greaterThan(first);
  const revs: number[] = bodies.map(({ data }) => data.verification.rev);
  expect(revs.toSorted((a, b) => a - b)).to.deep.equal(revs);
}
