// Idempotency-Key (contract section 4, S7): one verification a key, whatever is lost, repeated or sent at once.
import { expect } from 'chai';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import { StoreUnavailableError } from '../../server/ports/store.ts';
import { viewVerification } from '../../server/app/views.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';
import { createFailingStore } from '../support/failing-store.ts';
import { codeOf } from '../support/refusals.ts';

const request: CreateRequest = { userId: 'alice', action: 'Sign in' };
const day = 86_400_000;

describe('an idempotency key', () => {
  let app: TestApp;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ wrapStore: failing.wrap });
    await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678' });
    await enrollPhone(app);
  });
  afterEach(() => app.kill());

  const create = (key: string, over: Partial<CreateRequest> = {}) =>
    app.verifications.create(app.application, { ...request, ...over }, key);
  const pendingOf = async (userId = 'alice') =>
    (await app.store.list({ kind: 'verification', applicationId: app.application.id, userId })).records;
  const created = () => app.measured.filter(({ name }) => name === 'verificationCreated').length;

  it('with the same body gets the same verification, and a token minted anew', async () => {
    const first = await create('key');
    app.clock.advance(1_000);
    const again = await create('key');
    expect(again.verification).to.deep.equal(first.verification);
    expect(await app.context.tokens.checkWaiter(again.waiterToken, again.now)).to.equal(first.verification.id);
    expect(await pendingOf()).to.have.length(1);
  });

  it('with the same body in another order of members is the same', async () => {
    const first = await create('key', { locale: 'nl', session: 's' });
    const { userId, action } = request;
    const again = await app.verifications.create(
      app.application,
      { session: 's', locale: 'nl', action, userId },
      'key',
    );
    expect(again.verification.id).to.equal(first.verification.id);
  });

  it('with another body is refused', async () => {
    await create('key');
    expect(await codeOf(create('key', { action: 'Pay' }))).to.equal('idempotency-key-reused');
    expect(await codeOf(create('key', { userId: 'bob' }))).to.equal('idempotency-key-reused');
    expect(created()).to.equal(1);
  });

  it('belongs to one application', async () => {
    const first = await create('key');
    const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
    const other = await app.verifications.create(application, request, 'key');
    expect(other.verification.id).not.to.equal(first.verification.id);
    expect(other.verification.applicationId).to.equal(application.id);
  });

  it('replays the first reply although it has gone on since, and shows the end after the deadline', async () => {
    const first = await create('key');
    await app.pass(3_000);
    await app.pass(10_000);
    const [moved] = await pendingOf();
    expect(moved?.rev).to.be.greaterThan(1);
    const again = await create('key');
    expect(viewVerification(again.verification, 'relying-party')).to.deep.equal(
      viewVerification(first.verification, 'relying-party'),
    );
    await app.verifications.cancel({ kind: 'relying-party', application: app.application }, first.verification.id);
    expect((await create('key')).verification.status).to.equal('pending');
    app.clock.advance(300_000);
    expect((await create('key')).verification.status).to.equal('canceled');
  });

  it('replays nothing of how it ended since', async () => {
    const phone = await enrollPhone(app);
    for (const decision of ['approve', 'deny'] as const) {
      const first = await create(decision);
      const { matching } = first.verification;
      const number = decision === 'approve' ? matching.number : undefined;
      await app.verifications.decide(phone.device, phone.sign(first.verification, decision, number));
      const again = await create(decision);
      const view = await app.verifications.view(again, 'relying-party');
      expect(view).to.deep.equal(await app.verifications.view(first, 'relying-party'));
      expect(view).to.include({ status: 'pending', decision: null }).and.not.have.property('resultToken');
    }
  });

  it('never replays pending after the deadline, although no worker has come by', async () => {
    await create('key');
    app.clock.advance(300_000);
    const again = await create('key');
    expect(again.verification.status).to.equal('expired');
  });

  it('is remembered for 24 hours and not longer', async () => {
    const first = await create('key');
    app.clock.advance(day - 1);
    await app.workers.sweeper.runOnce();
    expect((await create('key')).verification.id).to.equal(first.verification.id);
    app.clock.advance(1);
    const next = await create('key');
    expect(next.verification.id).not.to.equal(first.verification.id);
    app.clock.advance(day);
    await app.workers.sweeper.runOnce();
    expect((await create('key', { action: 'Pay' })).verification.action).to.equal('Pay');
  });

  it('fifty at once make one verification, one prompt and one answer', async () => {
    app.hints.length = 0;
    const made = await Promise.all(Array.from({ length: 50 }, () => create('key')));
    for (const { verification } of made) expect(verification).to.deep.equal(made[0]?.verification);
    expect(await pendingOf()).to.have.length(1);
    expect(app.hints.filter(({ type }) => type === 'prompt')).to.have.length(1);
    expect(created()).to.equal(1);
  });

  it('fifty at once with two bodies make one verification; the other body is refused', async () => {
    const bodies = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? 'Sign in' : 'Pay'));
    const answers = await Promise.all(
      bodies.map(async (action) => {
        try {
          return (await create('key', { action })).verification.action;
        } catch (error) {
          return error instanceof Error && 'code' in error ? error.code : error;
        }
      }),
    );
    const [winner] = await pendingOf();
    for (const [index, answer] of answers.entries()) {
      expect(answer).to.equal(bodies[index] === winner?.action ? winner?.action : 'idempotency-key-reused');
    }
    expect(created()).to.equal(1);
  });

  it('goes on with the same id when the hub died between the reservation and the verification', async () => {
    // The first commit reserves, the second creates.
    failing.failAt(2, 'before', ['commit']);
    let lost: unknown;
    await create('key').catch((error: unknown) => {
      lost = error;
    });
    expect(failing.heal()).to.equal(true);
    expect(lost).to.be.instanceOf(StoreUnavailableError);
    expect(await pendingOf()).to.deep.equal([]);
    const first = await create('key');
    const again = await create('key');
    expect(again.verification.id).to.equal(first.verification.id);
    expect(await pendingOf()).to.have.length(1);
    expect(await codeOf(create('key', { action: 'Pay' }))).to.equal('idempotency-key-reused');
  });

  it('gives the same answer wherever the store fails, before or after it has written (law 5)', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let call = 1, isReached = true; isReached; call += 1) {
        const key = `${when}-${call}`;
        const user = { userId: `user-${key}` };
        failing.failAt(call, when);
        const attempt = await create(key, user).catch((error: unknown) => error);
        isReached = failing.heal();
        if (isReached) expect(attempt, key).to.be.instanceOf(StoreUnavailableError);
        const first = await create(key, user);
        const again = await create(key, user);
        expect(again.verification).to.deep.equal(first.verification);
        expect(first.verification.status, 'nobody to reach').to.equal('undeliverable');
        expect(call).to.be.below(20);
      }
    }
  });
});
