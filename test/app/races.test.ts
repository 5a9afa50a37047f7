// Everything at the same instant: one winner, everybody told the same, and no limit overshot (S2, S4, S5, S13).
import { expect } from 'chai';
import type { Caller } from '../../server/app/context.ts';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import type { Verification } from '../../server/core/verification.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone, type AppPhone } from '../support/app-phone.ts';
import { settle } from '../support/settle.ts';
import { told } from '../support/refusals.ts';

describe('at the same instant', function () {
  this.timeout(60_000);

  let app: TestApp;
  let phones: AppPhone[];
  beforeEach(async () => {
    app = await createTestApp();
    phones = [await enrollPhone(app, 'alice', { online: false }), await enrollPhone(app, 'alice', { online: false })];
    await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678', delivery: 'push_and_sms' });
  });
  afterEach(() => app.kill());

  const create = async (over: Partial<CreateRequest> = {}) =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over })).verification;
  const stored = async ({ id }: Verification): Promise<Verification> => {
    const { records } = await app.store.read([{ kind: 'verification', id }]);
    const [verification] = records;
    if (verification === undefined) throw new Error('it is gone');
    return verification;
  };
  const owner = (): Caller => ({ kind: 'relying-party', application: app.application });
  const answer = (
    phone: AppPhone,
    verification: Verification,
    decision: string,
    number = verification.matching.number,
  ) =>
    app.verifications.decide(
      phone.device,
      phone.sign(verification, decision, decision === 'approve' ? number : undefined),
    );
  const type = (
    verification: Verification,
    code = app.context.secrets.smsCode(verification.id, verification.codeSalt),
  ) => app.verifications.submitCode(owner(), verification.id, code);

  /** What this one was told it is: the status it was answered with, or that of the refusal. */
  const toldStatus = async (call: Promise<{ verification: Verification }>) => {
    const outcome = await told(call);
    return outcome.ok
      ? { won: true, status: outcome.value.verification.status }
      : { won: false, status: outcome.refusal.extras.verificationStatus, code: outcome.refusal.code };
  };
  /** Begins some turns later, so that over many rounds everyone is first now and then. */
  const after = async <T>(turns: number, call: () => Promise<T>): Promise<T> => {
    await settle(turns);
    return call();
  };
  /** Of an ended one: ended once, in its record, its timeline and its hints. */
  const expectOneEnd = async (verification: Verification) => {
    const { entries } = await app.verifications.timeline(app.application, verification.id);
    expect(entries.filter((entry) => entry.type === 'ended')).to.have.length(1);
    const ends = app.hints.filter((hint) => hint.type === 'closed' && hint.verification.id === verification.id);
    expect(ends).to.have.length(1);
  };

  it('two devices and an SMS code decide, 1,000 rounds: one winner, everybody told the same', async () => {
    const winners = new Map<string, number>();
    for (let round = 0; round < 1_000; round += 1) {
      app.hints.length = 0;
      const verification = await create();
      const [one, two] = phones as [AppPhone, AppPhone];
      const decisions = [round % 3 === 0 ? 'deny' : 'approve', round % 5 === 0 ? 'deny' : 'approve'] as const;
      const outcomes = await Promise.all([
        after(round & 1, () => toldStatus(answer(one, verification, decisions[0]))),
        after((round >> 1) & 1, () => toldStatus(answer(two, verification, decisions[1]))),
        after((round >> 2) & 1, () => toldStatus(type(verification))),
      ]);
      const final = await stored(verification);
      expect(
        outcomes.filter(({ won }) => won),
        `round ${round}`,
      ).to.have.length(1);
      for (const { status } of outcomes) expect(status).to.equal(final.status);
      for (const { won, code } of outcomes) if (!won) expect(code).to.equal('already-decided');
      const winner = outcomes.findIndex(({ won }) => won);
      const decision = 'decision' in final ? final.decision : undefined;
      expect(decision?.deviceId).to.equal(phones[winner]?.device.id);
      expect(final.status).to.equal(winner < 2 && decisions[winner] === 'deny' ? 'denied' : 'approved');
      await expectOneEnd(verification);
      winners.set(String(winner), (winners.get(String(winner)) ?? 0) + 1);
    }
    expect([...winners.keys()], 'each won now and then').to.have.members(['0', '1', '2']);
  });

  it('a cancellation and an approval: one of them, 500 rounds', async () => {
    const ends = new Set<string>();
    for (let round = 0; round < 500; round += 1) {
      app.hints.length = 0;
      const verification = await create();
      const [one] = phones as [AppPhone, AppPhone];
      const [approval, cancellation] = await Promise.all([
        after(round & 1, () => toldStatus(answer(one, verification, 'approve'))),
        after((round >> 1) & 1, () => toldStatus(app.verifications.cancel(owner(), verification.id))),
      ]);
      const { status } = await stored(verification);
      expect([approval.won, cancellation.won]).to.deep.equal([status === 'approved', status === 'canceled']);
      expect([approval.status, cancellation.status]).to.deep.equal([status, status]);
      await expectOneEnd(verification);
      ends.add(status);
    }
    expect([...ends]).to.have.members(['approved', 'canceled']);
  });

  it('1,000 wrong codes: exactly 5 are looked at, and the right one comes too late', async () => {
    const verification = await create();
    const right = app.context.secrets.smsCode(verification.id, verification.codeSalt);
    const guesses = Array.from({ length: 1_001 }, (_, n) => String(n).padStart(6, '0')).filter(
      (code) => code !== right,
    );
    const outcomes = await Promise.all(guesses.slice(0, 1_000).map((code) => told(type(verification, code))));
    const refusals = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal]));
    expect(refusals).to.have.length(1_000);
    const looked = refusals.filter(({ code }) => code === 'code-incorrect').map(({ extras }) => extras.attemptsLeft);
    expect(looked).to.have.members([4, 3, 2, 1, 0]);
    expect(refusals.filter(({ code }) => code === 'code-attempts-exhausted')).to.have.length(995);
    expect(await stored(verification)).to.include({ status: 'pending', codeAttempts: 5 });
    expect(await toldStatus(type(verification))).to.include({ won: false, code: 'code-attempts-exhausted' });
  });

  it('the right code among 1,000 wins only when it is among the five that are looked at', async () => {
    for (const place of [0, 3, 500, 999]) {
      const verification = await create();
      const right = app.context.secrets.smsCode(verification.id, verification.codeSalt);
      const wrong = right === '000000' ? '000001' : '000000';
      const outcomes = await Promise.all(
        Array.from({ length: 1_000 }, (_, n) => told(type(verification, n === place ? right : wrong))),
      );
      const { status, codeAttempts } = await stored(verification);
      expect(codeAttempts).to.be.at.most(5);
      expect(outcomes.filter(({ ok }) => ok).length).to.equal(status === 'approved' ? 1 : 0);
    }
  });

  it('1,000 wrong numbers from two devices: exactly 3 are looked at, and it is denied', async () => {
    const verification = await create({ matching: { mode: 'enter', digits: 6 } });
    const numbers = Array.from({ length: 1_001 }, (_, n) => String(n).padStart(6, '0'));
    const wrong = numbers.filter((number) => number !== verification.matching.number).slice(0, 1_000);
    const outcomes = await Promise.all(
      wrong.map((number, n) => told(answer(phones[n % 2] as AppPhone, verification, 'approve', number))),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal]));
    const looked = refusals.filter(({ code }) => code === 'number-incorrect').map(({ extras }) => extras.attemptsLeft);
    expect(looked).to.have.members([2, 1, 0]);
    const late = refusals.filter(({ code }) => code === 'already-decided');
    expect(late).to.have.length(997);
    for (const { extras } of late) expect(extras.verificationStatus).to.equal('denied');
    expect(await stored(verification)).to.include({ status: 'denied', wrongNumbers: 3 });
  });

  it('one wrong number sent 1,000 times counts once, and every copy is told the same', async () => {
    const verification = await create();
    const [one] = phones as [AppPhone, AppPhone];
    const number = verification.matching.number === '11' ? '12' : '11';
    const outcomes = await Promise.all(
      Array.from({ length: 1_000 }, () => told(answer(one, verification, 'approve', number))),
    );
    for (const outcome of outcomes) {
      expect(outcome.ok ? '' : outcome.refusal).to.deep.include({
        code: 'number-incorrect',
        extras: { attemptsLeft: 2 },
      });
    }
    expect(await stored(verification)).to.include({ status: 'pending', wrongNumbers: 1 });
  });

  it('one approval sent 1,000 times is one approval, and every copy is told the same (D1)', async () => {
    app.hints.length = 0;
    const verification = await create();
    const [one] = phones as [AppPhone, AppPhone];
    const jws = one.sign(verification, 'approve', verification.matching.number);
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => app.verifications.decide(one.device, jws)));
    for (const outcome of outcomes) expect(outcome.verification).to.deep.equal(outcomes[0]?.verification);
    await expectOneEnd(verification);
  });

  for (const offset of [-1, 0, 1]) {
    it(`a decision ${offset} ms beside the deadline, and the worker: one of them, 200 rounds`, async () => {
      for (let round = 0; round < 200; round += 1) {
        app.hints.length = 0;
        const verification = await create({ lifetimeSeconds: 30 });
        app.clock.advance(30_000 + offset);
        const [one] = phones as [AppPhone, AppPhone];
        const [decided] = await Promise.all([
          after(round & 1, () => toldStatus(answer(one, verification, 'approve'))),
          after((round >> 1) & 1, () => app.workers.escalation.runOnce()),
        ]);
        const final = await stored(verification);
        expect(final.status).to.equal(offset < 0 ? 'approved' : 'expired');
        expect(decided).to.include({ won: offset < 0, status: final.status });
        if (final.status === 'approved') expect(final.decision.at).to.be.below(final.expiresAt);
        await expectOneEnd(verification);
      }
    });
  }

  it('the deadline comes between the decision and its write: expired, 200 rounds', async () => {
    const { commit } = app.store;
    let untilDeadline: (() => void) | undefined;
    app.store.commit = async (unit) => {
      untilDeadline?.();
      untilDeadline = undefined;
      return commit(unit);
    };
    for (let round = 0; round < 200; round += 1) {
      const verification = await create({ lifetimeSeconds: 30 });
      const [one] = phones as [AppPhone, AppPhone];
      app.clock.advance(29_999);
      untilDeadline = () => app.clock.advance(round % 3);
      const decided = await toldStatus(answer(one, verification, 'approve'));
      const isLate = round % 3 > 0;
      expect(decided).to.include({ won: !isLate, status: isLate ? 'expired' : 'approved' });
      expect((await stored(verification)).status).to.equal(isLate ? 'expired' : 'approved');
    }
  });
});
