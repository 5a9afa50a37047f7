// Reading, typing the code, sending again, canceling: by the relying party and by the one page that waits.
import { expect } from 'chai';
import type { Caller } from '../../server/app/context.ts';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import { resultClaims, viewTimelineEntry, viewVerification } from '../../server/app/views.ts';
import type { Verification } from '../../server/core/verification.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone, type AppPhone } from '../support/app-phone.ts';
import { delivery } from '../support/delivery.ts';
import { codeOf, refusalOf } from '../support/refusals.ts';

const phoneNumber = '+31612345678';

describe('a verification', () => {
  let app: TestApp;
  let phone: AppPhone;
  let owner: Caller;
  beforeEach(async () => {
    app = await createTestApp({
      webhook: { url: 'https://bank.test/hook', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
    });
    phone = await enrollPhone(app);
    await app.users.put(app.application, 'alice', { phoneNumber });
    owner = { kind: 'relying-party', application: app.application };
  });
  afterEach(() => app.kill());

  const create = async (over: Partial<CreateRequest> = {}) =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over })).verification;
  const page = ({ id }: Verification): Caller => ({ kind: 'browser', verificationId: id });
  const read = async ({ id }: Verification) => (await app.verifications.get(owner, id)).verification;
  const codeFor = ({ id, codeSalt }: Verification) => app.context.secrets.smsCode(id, codeSalt);
  const wrongFor = (verification: Verification) => (codeFor(verification) === '000000' ? '000001' : '000000');
  const bySms = () => create({ steps: ['sms'] });

  describe('is not there for', () => {
    const calls: [string, (caller: Caller, id: string) => Promise<unknown>][] = [
      ['reading', (caller, id) => app.verifications.get(caller, id)],
      ['the code', (caller, id) => app.verifications.submitCode(caller, id, '000000')],
      ['sending again', (caller, id) => app.verifications.resend(caller, id)],
      ['canceling', (caller, id) => app.verifications.cancel(caller, id)],
    ];
    for (const [what, call] of calls) {
      it(`another application, another page, or nobody: ${what}`, async () => {
        const verification = await bySms();
        const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
        const foreign: Caller[] = [{ kind: 'relying-party', application }, page(await bySms())];
        const refusals = [
          ...(await Promise.all(foreign.map((caller) => refusalOf(call(caller, verification.id))))),
          await refusalOf(call(owner, `ver_${'0'.repeat(34)}`)),
        ];
        for (const refusal of refusals) expect(refusal).to.deep.equal(refusals[0]);
        expect(refusals[0]?.code).to.equal('not-found');
        expect(await read(verification)).to.deep.equal(verification);
      });
    }

    it('another application: its timeline', async () => {
      const verification = await create();
      const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
      expect(await codeOf(app.verifications.timeline(application, verification.id))).to.equal('not-found');
    });
  });

  it('is read by its own page and its relying party', async () => {
    const verification = await create();
    for (const caller of [owner, page(verification)]) {
      const snapshot = await app.verifications.get(caller, verification.id);
      expect(snapshot).to.deep.equal({ verification, now: app.clock.now() });
    }
  });

  it('never reads pending after its deadline, whoever reads first', async () => {
    const verification = await create();
    app.clock.advance(299_999);
    expect((await read(verification)).status).to.equal('pending');
    app.clock.advance(1);
    const answers = await Promise.all(Array.from({ length: 20 }, () => read(verification)));
    for (const { status } of answers) expect(status).to.equal('expired');
    const { entries } = await app.verifications.timeline(app.application, verification.id);
    expect(entries.filter(({ type }) => type === 'ended')).to.have.length(1);
    expect(app.hints.filter(({ type }) => type === 'closed')).to.have.length(1);
  });

  describe('and the code', () => {
    it('approves, typed in the page or sent by the relying party', async () => {
      for (const by of ['page', 'relying party']) {
        const verification = await bySms();
        const caller = by === 'page' ? page(verification) : owner;
        const snapshot = await app.verifications.submitCode(caller, verification.id, codeFor(verification));
        expect(snapshot.verification).to.have.property('decision').that.includes({ method: 'sms-code' });
      }
    });

    it('is the one that was sent, on every resend the same', async () => {
      const verification = await bySms();
      await app.work();
      await app.pass(30_000);
      await app.verifications.resend(owner, verification.id);
      await app.work();
      const texts = app.outbox.messages().flatMap((sent) => (sent.kind === 'sms' ? [sent.message.text] : []));
      expect(texts).to.have.length(2);
      for (const text of texts) expect(text.split('\n').at(-1)).to.equal(`@bank.test #${codeFor(verification)}`);
    });

    it('is told what is left, and is shut after five', async () => {
      const verification = await bySms();
      const wrong = () =>
        refusalOf(app.verifications.submitCode(page(verification), verification.id, wrongFor(verification)));
      for (const attemptsLeft of [4, 3, 2, 1, 0]) {
        expect(await wrong()).to.deep.include({ code: 'code-incorrect', extras: { attemptsLeft } });
      }
      app.clock.advance(100_500);
      expect(await wrong()).to.deep.include({
        code: 'code-attempts-exhausted',
        extras: { attemptsLeft: 0, retryAfter: 200 },
      });
      const right = app.verifications.submitCode(owner, verification.id, codeFor(verification));
      expect(await codeOf(right)).to.equal('code-attempts-exhausted');
    });

    it('of another verification does not fit', async () => {
      const [one, two] = [await bySms(), await bySms()];
      const call = app.verifications.submitCode(owner, one.id, codeFor(two));
      expect(await codeOf(call)).to.equal('code-incorrect');
    });

    it('is not taken before one was sent, nor after the end', async () => {
      const verification = await create();
      const submit = () => codeOf(app.verifications.submitCode(owner, verification.id, codeFor(verification)));
      expect(await submit()).to.equal('code-not-acceptable');
      await app.verifications.cancel(owner, verification.id);
      expect(await submit()).to.equal('already-decided');
      const late = await bySms();
      app.clock.advance(300_000);
      expect(await codeOf(app.verifications.submitCode(owner, late.id, codeFor(late)))).to.equal(
        'verification-expired',
      );
    });
  });

  describe('sent again', () => {
    it('goes straight to SMS, after its cool-down', async () => {
      const verification = await create();
      const early = await refusalOf(app.verifications.resend(page(verification), verification.id, 'sms'));
      expect(early).to.deep.include({ code: 'resend-too-soon', extras: { retryAfter: 30 } });
      app.clock.advance(29_001);
      expect((await refusalOf(app.verifications.resend(owner, verification.id))).extras).to.deep.equal({
        retryAfter: 1,
      });
      app.clock.advance(999);
      const { verification: sent } = await app.verifications.resend(page(verification), verification.id, 'sms');
      expect(delivery(sent)).to.deep.include({ push: 'skipped: superseded', sms: 'pending' });
      await app.work();
      expect(app.outbox.messages().map(({ kind }) => kind)).to.deep.equal(['sms']);
    });

    it('shows the prompt again', async () => {
      const verification = await create({ steps: ['socket'] });
      app.clock.advance(30_000);
      app.hints.length = 0;
      await app.verifications.resend(owner, verification.id);
      expect(app.hints.map(({ type }) => type)).to.deep.equal(['prompt', 'changed', 'work']);
    });

    it('is capped at three by a thousand at once', async () => {
      const verification = await bySms();
      for (let round = 0; round < 4; round += 1) {
        app.clock.advance(120_000 / 2);
        await Promise.allSettled(Array.from({ length: 250 }, () => app.verifications.resend(owner, verification.id)));
      }
      expect((await read(verification)).resends).to.equal(3);
      await app.work();
      expect(app.outbox.messages().length).to.be.at.most(4);
    });

    it('after the end is told how it ended', async () => {
      const verification = await bySms();
      await app.verifications.submitCode(owner, verification.id, codeFor(verification));
      expect(await refusalOf(app.verifications.resend(owner, verification.id))).to.deep.include({
        code: 'already-decided',
        extras: { verificationStatus: 'approved' },
      });
    });
  });

  it('is canceled by either, and a second time is told the same', async () => {
    for (const by of ['relying-party', 'browser'] as const) {
      const verification = await create();
      const caller = by === 'browser' ? page(verification) : owner;
      const { verification: canceled } = await app.verifications.cancel(caller, verification.id);
      expect(canceled).to.include({ status: 'canceled', canceledBy: by });
      expect((await app.verifications.cancel(owner, verification.id)).verification).to.deep.equal(canceled);
    }
    const decided = await create();
    await app.verifications.decide(phone.device, phone.sign(decided, 'deny'));
    expect(await codeOf(app.verifications.cancel(owner, decided.id))).to.equal('already-decided');
  });

  it('keeps every transition and attempt in its timeline, in order', async () => {
    const verification = await create();
    await app.pass(3_000);
    await app.pass(10_000);
    await app.verifications.submitCode(owner, verification.id, wrongFor(verification)).catch(() => undefined);
    await app.verifications.submitCode(owner, verification.id, codeFor(verification));
    const { entries } = await app.verifications.timeline(app.application, verification.id);
    expect(
      entries.map(({ at, type, step, status }) => [at - verification.createdAt, type, step, status]),
    ).to.deep.equal([
      [0, 'created', undefined, undefined],
      [0, 'step', 'socket', 'pending'],
      [3_000, 'step', 'socket', 'failed'],
      [3_000, 'step', 'push', 'pending'],
      [3_000, 'attempt', 'push', 'accepted'],
      [3_000, 'step', 'push', 'accepted'],
      [13_000, 'step', 'sms', 'pending'],
      [13_000, 'attempt', 'sms', 'accepted'],
      [13_000, 'step', 'sms', 'accepted'],
      [13_000, 'code', undefined, 'code-incorrect'],
      [13_000, 'code', undefined, 'approved'],
      [13_000, 'ended', undefined, 'approved'],
    ]);
    const [first] = entries;
    expect(first && viewTimelineEntry(first)).to.deep.equal({ type: 'created', at: '2026-01-01T00:00:00.000Z' });
  });

  describe('as its readers see it', () => {
    it('is the resource of the contract', async () => {
      const verification = await create();
      const view = await app.verifications.view({ verification, now: app.clock.now() }, 'relying-party');
      const at = '2026-01-01T00:00:00.000Z';
      expect(view).to.deep.equal({
        id: verification.id,
        status: 'pending',
        rev: 1,
        userId: 'alice',
        action: 'Sign in',
        createdAt: at,
        expiresAt: '2026-01-01T00:05:00.000Z',
        matching: { mode: 'enter', number: verification.matching.number },
        delivery: [
          { step: 'socket', status: 'pending', attempts: 0, at },
          { step: 'push', status: 'waiting', attempts: 0 },
          { step: 'sms', status: 'waiting', attempts: 0 },
        ],
        code: { acceptable: false, attemptsLeft: 5 },
        resend: { left: 3, availableAt: '2026-01-01T00:00:30.000Z' },
        decision: null,
      });
    });

    it('gives the page no reason and no evidence, and the webhook no secret', async () => {
      const verification = await create({ userId: 'carol' });
      await enrollPhone(app, 'carol', { online: false, push: false });
      const open = await create({ userId: 'carol' });
      const reasons = (audience: 'relying-party' | 'browser') =>
        viewVerification(verification, audience).delivery.map((step) => ('reason' in step ? step.reason : undefined));
      expect(new Set(reasons('browser'))).to.deep.equal(new Set(['unavailable']));
      expect(reasons('relying-party')).to.deep.equal(['no-device-online', 'no-push-token', 'no-phone-number']);
      expect(viewVerification(open, 'webhook').matching).to.deep.equal({ mode: 'enter' });

      const decided = await create();
      const jws = phone.sign(decided, 'report');
      const snapshot = await app.verifications.decide(phone.device, jws);
      const seen = await Promise.all(
        (['relying-party', 'browser'] as const).map((who) => app.verifications.view(snapshot, who)),
      );
      const decision = {
        method: 'app',
        outcome: 'denied',
        at: '2026-01-01T00:00:00.000Z',
        deviceId: phone.device.id,
        reported: true,
      };
      expect(seen[0]?.decision).to.deep.equal({ ...decision, evidence: jws });
      expect(seen[1]?.decision).to.deep.equal(decision);
      expect(viewVerification(snapshot.verification, 'webhook').decision).to.deep.equal(decision);
    });

    it('carries a fresh result token once it has ended, however it did', async () => {
      const ended: Record<string, Verification> = {};
      const approved = await create();
      await app.verifications.decide(phone.device, phone.sign(approved, 'approve', approved.matching.number));
      ended['approved'] = await read(approved);
      const denied = await create();
      await app.verifications.decide(phone.device, phone.sign(denied, 'deny'));
      ended['denied'] = await read(denied);
      const typed = await bySms();
      await app.verifications.submitCode(owner, typed.id, codeFor(typed));
      ended['typed'] = await read(typed);
      const canceled = await create();
      await app.verifications.cancel(owner, canceled.id);
      ended['canceled'] = await read(canceled);
      const told = Object.values(ended).map((verification) => {
        const { status, method, amr } = resultClaims(verification) ?? {};
        return [status, method, amr];
      });
      expect(told).to.deep.equal([
        ['approved', 'app', ['pop', 'user']],
        ['denied', 'app', []],
        ['approved', 'sms-code', ['sms', 'otp']],
        ['canceled', undefined, []],
      ]);
      for (const verification of Object.values(ended)) {
        const { resultToken = '' } = await app.verifications.view({ verification, now: app.clock.now() }, 'browser');
        const claims = JSON.parse(Buffer.from(resultToken.split('.')[1] ?? '', 'base64url').toString());
        expect(claims).to.include({
          jti: verification.id,
          aud: app.application.id,
          sub: 'alice',
          status: verification.status,
        });
        expect(claims.exp - claims.iat).to.equal(60);
      }
    });
  });
});
