// A device's answer through the use case: proof, owner, challenge, state and deadline in one atomic write; the same answer told again.
import { expect } from 'chai';
import type { Created, CreateRequest } from '../../server/app/create-verification.ts';
import { shownPrompt } from '../../server/app/views.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone, type AppPhone } from '../support/app-phone.ts';
import { codeOf, refusalOf } from '../support/refusals.ts';

describe('deciding', () => {
  let app: TestApp;
  let phone: AppPhone;
  beforeEach(async () => {
    app = await createTestApp();
    phone = await enrollPhone(app);
  });
  afterEach(() => app.kill());

  const create = (over: Partial<CreateRequest> = {}) =>
    app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over });
  const numberOf = ({ verification }: Created) => verification.matching.number;
  const approval = (created: Created, by = phone, claims = {}) =>
    by.sign(created.verification, 'approve', numberOf(created), claims);
  const stored = async ({ verification }: Created) => (await app.verifications.load(verification.id))?.verification;

  it('approves, keeping the signed answer as evidence', async () => {
    const created = await create();
    const jws = approval(created);
    const { verification } = await app.verifications.decide(phone.device, jws);
    expect(verification)
      .to.have.property('decision')
      .that.includes({ outcome: 'approved', evidence: jws, deviceId: phone.device.id });
    expect(await stored(created)).to.deep.equal(verification);
    const proof = await app.context.proofs.checkDecision(jws, phone.device.id, phone.device.signingKey);
    expect(proof.ok, 'evidence can be checked again later (S3)').to.equal(true);
  });

  it('takes the signed field, whatever the route (S4)', async () => {
    const created = await create();
    const { verification } = await app.verifications.decide(
      phone.device,
      phone.sign(created.verification, 'deny'),
      created.verification.id,
    );
    expect(verification.status).to.equal('denied');
  });

  const forgeries: [string, (created: Created) => string | Promise<string>][] = [
    [
      'another key',
      async (created) =>
        enrollPhone(app, 'alice').then((other) => approval(created, { ...other, device: phone.device })),
    ],
    ['another device as issuer', (created) => approval(created, phone, { iss: 'dev_1' })],
    ['another hub as audience', (created) => approval(created, phone, { aud: 'https://evil.test' })],
    ['no signature', (created) => `${approval(created).split('.').slice(0, 2).join('.')}.`],
    ['nonsense', () => 'nonsense'],
  ];
  for (const [what, forge] of forgeries) {
    it(`refuses ${what} as unauthenticated, and changes nothing`, async () => {
      const created = await create();
      expect(await codeOf(app.verifications.decide(phone.device, await forge(created)))).to.equal('unauthenticated');
      expect(await stored(created)).to.deep.equal(created.verification);
    });
  }

  it('refuses an answer to another verification than the route names', async () => {
    const [one, two] = [await create(), await create()];
    const call = app.verifications.decide(phone.device, approval(one), two.verification.id);
    expect(await codeOf(call)).to.equal('unauthenticated');
    expect((await stored(one))?.status).to.equal('pending');
  });

  it("refuses an answer over another verification's challenge", async () => {
    const [one, two] = [await create(), await create()];
    const { challenge } = two.verification;
    const jws = phone.sign({ id: one.verification.id, challenge }, 'approve', numberOf(one));
    expect(await codeOf(app.verifications.decide(phone.device, jws))).to.equal('challenge-mismatch');
  });

  it('is not found for another user, another application, an SMS-only one and one that is not there: all alike', async () => {
    const created = await create();
    const bob = await enrollPhone(app, 'bob');
    const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
    const namesake = await enrollPhone(app, 'alice', { application });
    await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678' });
    const smsOnly = await create({ steps: ['sms'] });
    const missing = { id: `ver_${'0'.repeat(34)}`, challenge: created.verification.challenge };
    const refusals = [
      await refusalOf(app.verifications.decide(bob.device, approval(created, bob))),
      await refusalOf(app.verifications.decide(namesake.device, approval(created, namesake))),
      await refusalOf(app.verifications.decide(phone.device, approval(smsOnly))),
      await refusalOf(app.verifications.decide(phone.device, phone.sign(missing, 'approve', '42'))),
      await refusalOf(app.verifications.acknowledge(bob.device, created.verification.id, 'socket')),
      await refusalOf(app.verifications.acknowledge(phone.device, missing.id, 'http')),
    ];
    for (const refusal of refusals) expect(refusal).to.deep.equal(refusals[0]);
    expect(refusals[0]?.code).to.equal('not-found');
  });

  it('checks the digest of what the person saw, when it is there', async () => {
    const created = await create({ details: [{ label: 'Amount', value: '120.00 EUR' }] });
    const other = app.context.secrets.digestJson({ ...shownPrompt(created.verification), details: [] });
    expect(await codeOf(app.verifications.decide(phone.device, approval(created, phone, { prompt: other })))).to.equal(
      'invalid',
    );
    expect((await stored(created))?.status).to.equal('pending');
    const seen = app.context.secrets.digestJson(shownPrompt(created.verification));
    await app.verifications.decide(phone.device, approval(created, phone, { prompt: seen }));
    expect((await stored(created))?.status).to.equal('approved');
  });

  it('tells the same device the same again, though its signature differs, and counts nothing', async () => {
    const created = await create();
    const first = await app.verifications.decide(phone.device, approval(created));
    app.hints.length = 0;
    for (let times = 0; times < 3; times += 1) {
      const again = await app.verifications.decide(phone.device, approval(created));
      expect(again.verification).to.deep.equal(first.verification);
    }
    expect(app.measured.filter(({ name }) => name === 'verificationEnded')).to.have.length(1);
    expect(app.hints, 'nothing was written, so nobody is told').to.deep.equal([]);
  });

  it('tells a wrong number the same again, and counts it once', async () => {
    const created = await create();
    const wrong = numberOf(created) === '11' ? '12' : '11';
    const answer = () => app.verifications.decide(phone.device, phone.sign(created.verification, 'approve', wrong));
    for (let times = 0; times < 5; times += 1) {
      expect(await refusalOf(answer())).to.deep.include({ code: 'number-incorrect', extras: { attemptsLeft: 2 } });
    }
    expect((await stored(created))?.wrongNumbers).to.equal(1);
  });

  it('tells everybody else what won', async () => {
    const created = await create();
    const second = await enrollPhone(app);
    await app.verifications.decide(phone.device, approval(created));
    for (const jws of [approval(created, second), second.sign(created.verification, 'deny')]) {
      const refusal = await refusalOf(app.verifications.decide(second.device, jws));
      expect(refusal).to.deep.include({ code: 'already-decided', extras: { verificationStatus: 'approved' } });
    }
  });

  it('after the deadline is 410, also for who had decided before, though no worker has come by', async () => {
    const [decided, open] = [await create(), await create()];
    const jws = approval(decided);
    await app.verifications.decide(phone.device, jws);
    app.clock.advance(300_000);
    expect(await codeOf(app.verifications.decide(phone.device, jws))).to.equal('verification-expired');
    expect(await codeOf(app.verifications.decide(phone.device, approval(open)))).to.equal('verification-expired');
    expect((await stored(open))?.status).to.equal('expired');
    expect((await stored(decided))?.status).to.equal('approved');
  });

  describe('and a revoked device (S3)', () => {
    it('decides nothing that it was prompted before', async () => {
      const created = await create();
      await app.devices.revoke(app.application.id, 'alice', phone.device.id);
      expect(await codeOf(app.verifications.decide(phone.device, approval(created)))).to.equal('unauthenticated');
      expect((await stored(created))?.status).to.equal('pending');
    });

    it('decides nothing when it is revoked between the check and the write', async () => {
      const created = await create();
      const { store } = app;
      let isFirst = true;
      // The moment after the device was read as active, and before the commit.
      app.context.store = {
        ...store,
        commit: async (unit) => {
          if (isFirst && unit.unchanged !== undefined) {
            isFirst = false;
            await app.devices.revoke(app.application.id, 'alice', phone.device.id);
          }
          return store.commit(unit);
        },
      };
      expect(await codeOf(app.verifications.decide(phone.device, approval(created)))).to.equal('unauthenticated');
      expect(isFirst).to.equal(false);
      expect((await stored(created))?.status).to.equal('pending');
    });

    it('either decided before it was revoked, or not at all: 100 races', async () => {
      for (let round = 0; round < 100; round += 1) {
        const racer = await enrollPhone(app, 'alice', { push: false });
        const created = await create();
        const [decision] = await Promise.allSettled([
          app.verifications.decide(racer.device, approval(created, racer)),
          app.devices.revoke(app.application.id, 'alice', racer.device.id),
        ]);
        const after = await stored(created);
        expect(after?.status).to.equal(decision.status === 'fulfilled' ? 'approved' : 'pending');
      }
    });

    it('may change its push token meanwhile: the decision is not lost', async () => {
      const created = await create();
      const token = { provider: 'simulated', token: 'new' };
      const [snapshot] = await Promise.all([
        app.verifications.decide(phone.device, approval(created)),
        app.devices.setPushToken(phone.device, token),
      ]);
      expect(snapshot.verification.status).to.equal('approved');
    });
  });
});
