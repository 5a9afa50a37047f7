// Creating a verification: who it goes to, over which steps, with which number.
import { expect } from 'chai';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import type { DeliveryPreference } from '../../server/ports/records.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';
import { delivery } from '../support/delivery.ts';

const request: CreateRequest = { userId: 'alice', action: 'Sign in to Example Bank' };

describe('creating a verification', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp();
  });
  afterEach(() => app.kill());

  const create = (over: Partial<CreateRequest> = {}) =>
    app.verifications.create(app.application, { ...request, ...over });
  const steps = async (over: Partial<CreateRequest> = {}) => delivery((await create(over)).verification);

  it('meets a user it does not know: the user is created', async () => {
    await create();
    const { user } = await app.users.get(app.application.id, 'alice');
    expect(user).to.include({ userId: 'alice', delivery: 'push_then_sms', rev: 1 });
  });

  it('answers as soon as it is stored, before any provider is called', async () => {
    await enrollPhone(app, 'alice', { online: false });
    const created = await create();
    expect(app.outbox.messages()).to.deep.equal([]);
    const stored = await app.verifications.get(
      { kind: 'relying-party', application: app.application },
      created.verification.id,
    );
    expect(stored.verification).to.deep.equal(created.verification);
    expect(await app.context.tokens.checkWaiter(created.waiterToken, created.now)).to.equal(created.verification.id);
  });

  it('has the defaults of the contract', async () => {
    const { verification } = await create();
    expect(verification.expiresAt - verification.createdAt).to.equal(300_000);
    expect(verification.matching).to.include({ mode: 'enter', digits: 2 });
    expect(verification.matching.number).to.match(/^\d\d$/);
    expect(verification).to.deep.include({ rev: 1, details: [], context: {}, plan: 'escalate', promptable: true });
    expect(Buffer.from(verification.challenge, 'base64url')).to.have.length(32);
  });

  it('keeps what it was asked', async () => {
    const asked = {
      details: [{ label: 'Amount', value: '120.00 EUR' }],
      context: { ip: '203.0.113.7', userAgent: 'Firefox', location: 'Utrecht, NL' },
      session: 'b7c0',
      locale: 'nl',
    };
    const { verification } = await create({ ...asked, lifetimeSeconds: 30 });
    expect(verification).to.deep.include(asked);
    expect(verification.expiresAt - verification.createdAt).to.equal(30_000);
  });

  describe('with everybody in reach', () => {
    beforeEach(async () => {
      await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678' });
      await enrollPhone(app);
    });

    const preferences: [DeliveryPreference, Record<string, string>][] = [
      ['push_then_sms', { socket: 'pending', push: 'waiting', sms: 'waiting' }],
      ['push', { socket: 'pending', push: 'waiting', sms: 'skipped: preference' }],
      ['sms', { socket: 'skipped: preference', push: 'skipped: preference', sms: 'pending' }],
      ['push_and_sms', { socket: 'pending', push: 'pending', sms: 'pending' }],
    ];
    for (const [preference, expected] of preferences) {
      it(`follows the user's preference ${preference}`, async () => {
        await app.users.put(app.application, 'alice', { delivery: preference });
        expect(await steps()).to.deep.equal(expected);
      });
    }

    it('narrows to the steps asked for, in the order of escalation', async () => {
      expect(await steps({ steps: ['sms', 'push'] })).to.deep.equal({ push: 'pending', sms: 'waiting' });
      expect(await steps({ steps: ['socket'] })).to.deep.equal({ socket: 'pending' });
    });

    it('cannot be widened beyond the preference', async () => {
      await app.users.put(app.application, 'alice', { delivery: 'push' });
      const { verification } = await create({ steps: ['sms'] });
      expect(delivery(verification)).to.deep.equal({ sms: 'skipped: preference' });
      expect(verification.status).to.equal('undeliverable');
    });

    it('follows the policy of the application', async () => {
      const application = await app.applications.ensure(app.apiKey, {
        name: 'Example Bank',
        domain: 'bank.test',
        steps: ['push'],
      });
      const { verification } = await app.verifications.create(application, request);
      expect(delivery(verification)).to.deep.equal({
        socket: 'skipped: policy',
        push: 'pending',
        sms: 'skipped: policy',
      });
    });

    it('shows devices nothing when only SMS is allowed, by request, preference or policy', async () => {
      const phone = await enrollPhone(app);
      await create({ steps: ['sms'] });
      await app.users.put(app.application, 'alice', { delivery: 'sms' });
      await create();
      await app.users.put(app.application, 'alice', { delivery: 'push_then_sms' });
      const application = await app.applications.ensure(app.apiKey, {
        name: 'Example Bank',
        domain: 'bank.test',
        steps: ['sms'],
      });
      const { verification } = await app.verifications.create(application, request);
      expect(delivery(verification)).to.deep.include({ sms: 'pending' });
      expect((await app.verifications.prompts(phone.device)).prompts).to.deep.equal([]);
      expect(app.hints.filter(({ type }) => type === 'prompt')).to.deep.equal([]);
    });
  });

  it('skips at once what reaches nobody, with the reason', async () => {
    await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678' });
    expect(await steps()).to.deep.equal({
      socket: 'skipped: no-device-online',
      push: 'skipped: no-push-token',
      sms: 'pending',
    });
    await enrollPhone(app, 'bob', { online: false, push: false });
    expect(await steps({ userId: 'bob' })).to.deep.equal({
      socket: 'skipped: no-device-online',
      push: 'skipped: no-push-token',
      sms: 'skipped: no-phone-number',
    });
  });

  it('is undeliverable at once for a person who has nothing', async () => {
    const { verification } = await create();
    expect(verification.status).to.equal('undeliverable');
  });

  it('takes no notice of a device of somebody else, or a revoked one, that is online', async () => {
    await enrollPhone(app, 'bob');
    const phone = await enrollPhone(app, 'alice');
    await app.devices.revoke(app.application.id, 'alice', phone.device.id);
    expect(await steps()).to.include({ socket: 'skipped: no-device-online', push: 'skipped: no-push-token' });
  });

  it('goes on to push when presence cannot be asked: it is a hint only', async () => {
    await enrollPhone(app);
    app.presence.fail = true;
    expect(await steps()).to.include({ socket: 'skipped: no-device-online', push: 'pending' });
  });

  it('fifty at once for one new person make one user and fifty verifications', async () => {
    const made = await Promise.all(Array.from({ length: 50 }, () => create()));
    expect(new Set(made.map(({ verification }) => verification.id)).size).to.equal(50);
    expect((await app.users.get(app.application.id, 'alice')).user.rev).to.equal(1);
  });

  it('hints only what is committed (S17): the prompt, then the change', async () => {
    await enrollPhone(app);
    app.hints.length = 0;
    const { verification } = await create();
    expect(app.hints.map(({ type }) => type)).to.deep.equal(['prompt', 'changed', 'work']);
    expect(app.hints[0]).to.have.property('verification').that.deep.equals(verification);
  });
});

describe('a provider that is not configured', () => {
  it('is skipped as such', async () => {
    await using app = await createTestApp({ without: ['push', 'sms'] });
    await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678' });
    await enrollPhone(app);
    app.presence.online.clear();
    const { verification } = await app.verifications.create(app.application, request);
    expect(delivery(verification)).to.deep.equal({
      socket: 'skipped: no-device-online',
      push: 'skipped: not-configured',
      sms: 'skipped: not-configured',
    });
  });
});
