// Push tokens that their provider calls gone: put aside, brought back, and given up.
import { expect } from 'chai';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone, type AppPhone } from '../support/app-phone.ts';

const day = 86_400_000;
const token = { provider: 'simulated', token: 'token-1' };

describe('a push token that its provider calls gone', () => {
  let app: TestApp;
  let phone: AppPhone;
  beforeEach(async () => {
    app = await createTestApp();
    phone = await enrollPhone(app);
    await app.devices.setPushToken(phone.device, token);
    app.outbox.respond(({ kind }) =>
      kind === 'push'
        ? { kind: 'rejected', reason: 'unregistered', recipientGone: true }
        : { kind: 'accepted', provider: 'simulated' },
    );
  });
  afterEach(() => app.kill());

  const strike = async (): Promise<void> => {
    await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', steps: ['push'] });
    await app.work();
  };
  const shown = async () => (await app.devices.list(app.application.id, 'alice')).devices[0]?.pushToken;

  it('is put aside, not thrown away, and not used again until it is registered again', async () => {
    await strike();
    expect(await shown()).to.include({ ...token, status: 'quarantined' });
    const { verification } = await app.verifications.create(app.application, {
      userId: 'alice',
      action: 'Sign in',
      steps: ['push'],
    });
    expect(verification.delivery[0]).to.include({ status: 'skipped', reason: 'no-push-token' });
    await app.devices.setPushToken(phone.device, token);
    expect(await shown()).to.include({ ...token, status: 'active' });
  });

  it('is given up at the third time', async () => {
    for (const left of ['quarantined', 'quarantined', undefined]) {
      await strike();
      expect((await shown())?.status).to.equal(left);
      if (left !== undefined) await app.devices.setPushToken(phone.device, token);
    }
  });

  it('counts anew for another token', async () => {
    for (const name of ['token-1', 'token-2', 'token-3', 'token-4']) {
      await app.devices.setPushToken(phone.device, { provider: 'simulated', token: name });
      await strike();
      expect(await shown()).to.include({ token: name, status: 'quarantined' });
    }
  });

  it('is given up after 30 days aside', async () => {
    await strike();
    app.clock.advance(30 * day - 1);
    expect(await shown()).to.include({ status: 'quarantined' });
    app.clock.advance(1);
    expect(await shown()).to.equal(undefined);
  });

  it('does not keep its device from acknowledging', async () => {
    await strike();
    const { verification } = await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' });
    const { prompt } = await app.verifications.acknowledge(phone.device, verification.id, 'http');
    expect(prompt.id).to.equal(verification.id);
  });
});
