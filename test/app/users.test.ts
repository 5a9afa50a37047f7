// A relying party's users: put, read, and forgotten with all that was theirs.
import { expect } from 'chai';
import type { Caller } from '../../server/app/context.ts';
import { viewUser } from '../../server/app/views.ts';
import { createTestApp, bankWebhook, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';
import { createFailingStore } from '../support/failing-store.ts';
import { codeOf, told } from '../support/refusals.ts';

describe('a user', () => {
  let app: TestApp;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ wrapStore: failing.wrap });
  });
  afterEach(() => app.kill());

  const put = (changes: Parameters<TestApp['users']['put']>[2]) => app.users.put(app.application, 'alice', changes);
  const get = async () => viewUser((await app.users.get(app.application.id, 'alice')).user);

  it('is created by the first put, and is not there before', async () => {
    expect(await codeOf(app.users.get(app.application.id, 'alice'))).to.equal('not-found');
    await put({});
    expect(await get()).to.deep.equal({
      userId: 'alice',
      delivery: 'push_then_sms',
      createdAt: '2026-01-01T00:00:00.000Z',
    });
  });

  it('changes what is named, keeps what is not, and clears what is null', async () => {
    await put({ phoneNumber: '+31612345678', locale: 'nl', delivery: 'push' });
    await put({ delivery: 'sms' });
    expect(await get()).to.include({ phoneNumber: '+31612345678', locale: 'nl', delivery: 'sms' });
    await put({ phoneNumber: null });
    expect(await get())
      .to.include({ locale: 'nl' })
      .and.not.have.property('phoneNumber');
    await put({ locale: null, phoneNumber: '+31687654321' });
    expect(await get())
      .to.include({ phoneNumber: '+31687654321' })
      .and.not.have.property('locale');
    await app.users.setDelivery(app.application.id, 'alice', 'push_and_sms');
    expect(await get()).to.include({ delivery: 'push_and_sms' });
  });

  it('keeps every change of ten at once', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => put(n % 2 === 0 ? { locale: 'nl' } : { phoneNumber: '+31612345678' })),
    );
    expect(await get()).to.include({ locale: 'nl', phoneNumber: '+31612345678' });
    expect((await app.users.get(app.application.id, 'alice')).user.rev).to.equal(10);
  });

  it('belongs to one application', async () => {
    await put({ phoneNumber: '+31612345678' });
    const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
    expect(await codeOf(app.users.get(application.id, 'alice'))).to.equal('not-found');
    expect(await codeOf(app.users.remove(application, 'alice'))).to.equal('not-found');
    expect(await get()).to.include({ phoneNumber: '+31612345678' });
  });

  it('is put the same again after a failure', async () => {
    for (const when of ['before', 'after'] as const) {
      failing.failAt(1, when, ['commit']);
      await put({ locale: 'nl' }).catch(() => undefined);
      expect(failing.heal()).to.equal(true);
      await put({ locale: 'nl' });
      expect(await get()).to.include({ locale: 'nl' });
    }
  });
});

describe('a user who is deleted', () => {
  let app: TestApp;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ wrapStore: failing.wrap, webhook: bankWebhook });
  });
  afterEach(() => app.kill());

  const remove = () => app.users.remove(app.application, 'alice');
  const create = (trustToken = '') =>
    app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', trustToken });
  /** With a phone, a trusted browser and something pending. */
  const settled = async () => {
    const phone = await enrollPhone(app);
    const first = await create();
    const { id, matching } = first.verification;
    await app.verifications.decide(phone.device, phone.sign(first.verification, 'approve', matching.number));
    const { trustToken } = await app.trustedBrowsers.grant(app.application, id, 30);
    return { phone, trustToken, pending: (await create()).verification };
  };
  /** Nothing of before is left, for the same id created anew. */
  const expectNothingLeft = async ({ phone, trustToken, pending }: Awaited<ReturnType<typeof settled>>) => {
    const owner: Caller = { kind: 'relying-party', application: app.application };
    expect((await app.verifications.get(owner, pending.id)).verification.status).to.equal('canceled');
    expect(await app.devices.isActive(phone.device.id)).to.equal(false);
    expect(await codeOf(app.users.get(app.application.id, 'alice'))).to.equal('not-found');
    expect((await create(trustToken)).verification.status).to.equal('undeliverable');
    expect((await app.trustedBrowsers.list(app.application.id, 'alice')).browsers).to.deep.equal([]);
  };

  it('loses devices, trusted browsers and what is pending', async () => {
    const before = await settled();
    await remove();
    await expectNothingLeft(before);
    await app.work();
    const types = app.receiver.requests.map(({ body }) => JSON.parse(body).type);
    expect(types).to.include.members(['device.revoked', 'verification.canceled']);
  });

  it('is not found the second time', async () => {
    await settled();
    await remove();
    expect(await codeOf(remove())).to.equal('not-found');
  });

  it('is deleted once by five at once, and none of them fails otherwise than by not finding anybody', async () => {
    const before = await settled();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => told(remove())));
    expect(outcomes.some(({ ok }) => ok)).to.equal(true);
    for (const outcome of outcomes) if (!outcome.ok) expect(outcome.refusal.code).to.equal('not-found');
    await expectNothingLeft(before);
  });

  it('is deleted although something of theirs changes at the same moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      const before = await settled();
      const [removal] = await Promise.all([
        told(remove()),
        create(before.trustToken),
        told(app.users.put(app.application, 'alice', { locale: 'nl' })),
        told(app.devices.setPushToken(before.phone.device, { provider: 'simulated', token: 'new' })),
        told(app.devices.revoke(app.application.id, 'alice', before.phone.device.id)),
      ]);
      expect(removal.ok).to.equal(true);
      expect(await app.devices.isActive(before.phone.device.id)).to.equal(false);
      expect((await app.trustedBrowsers.list(app.application.id, 'alice')).browsers).to.deep.equal([]);
      await told(remove());
      app.clock.advance(1_000);
    }
  });

  it('keeps no device that was being enrolled at that moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      await enrollPhone(app);
      const [, late] = await Promise.all([remove(), enrollPhone(app).catch(() => undefined)]);
      const active = (await app.devices.list(app.application.id, 'alice')).devices;
      const user = await told(app.users.get(app.application.id, 'alice'));
      // Whoever came after the deletion is a new person, with the new phone.
      expect(active.map(({ id }) => id)).to.deep.equal(user.ok && late !== undefined ? [late.device.id] : []);
      await told(remove());
      app.clock.advance(1_000);
    }
  });

  it('can be deleted again wherever the store failed, until nothing is left (law 5)', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let call = 1, isReached = true; isReached; call += 1) {
        const before = await settled();
        failing.failAt(call, when);
        const attempt = await told(remove()).catch(() => undefined);
        isReached = failing.heal();
        expect(attempt === undefined, `${when} ${call}`).to.equal(isReached);
        const again = await told(remove());
        if (!again.ok) expect(again.refusal.code, 'it was done before').to.equal('not-found');
        await expectNothingLeft(before);
        await remove();
        app.clock.advance(1_000);
        expect(call).to.be.below(40);
      }
    }
  });
});
