// What is sent, to whom, with which words, and what an outcome changes.
import { expect } from 'chai';
import { createPrivateKey } from 'node:crypto';
import { compactDecrypt } from 'jose';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import type { Caller } from '../../server/app/context.ts';
import type { SimulatedResponse } from '../../server/channels/simulated.ts';
import type { DeliveryPreference } from '../../server/ports/records.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone, enrollRequest } from '../support/app-phone.ts';
import { delivery } from '../support/delivery.ts';
import { settle } from '../support/settle.ts';
import { makeKeyPair } from '../security/forge.ts';

const phoneNumber = '+31612345678';

describe('delivery', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp();
  });
  afterEach(() => app.kill());

  const create = async (over: Partial<CreateRequest> = {}) =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over })).verification;
  const load = async ({ id }: { id: string }) => {
    const snapshot = await app.verifications.load(id);
    if (snapshot === undefined) throw new Error('it is gone');
    return snapshot.verification;
  };
  const owner = (): Caller => ({ kind: 'relying-party', application: app.application });
  const respond = (...responses: SimulatedResponse[]) =>
    app.outbox.respond(() => responses.shift() ?? { kind: 'accepted', provider: 'simulated' });
  const offline = (options = {}) => enrollPhone(app, 'alice', { online: false, ...options });
  const reachable = (preference: DeliveryPreference = 'push_then_sms') =>
    app.users.put(app.application, 'alice', { phoneNumber, delivery: preference });

  describe('of a push', () => {
    it('encrypts the prompt to the device, and shows the provider nothing else', async () => {
      const { enrollmentToken } = await app.devices.createEnrollment(app.application, 'alice');
      const encryption = makeKeyPair();
      const request = enrollRequest(enrollmentToken, makeKeyPair(), {
        encryptionKey: encryption.jwk,
        pushToken: { provider: 'simulated', token: 'a token' },
      });
      await app.devices.enroll(enrollmentToken, request);
      const verification = await create({ action: 'Transfer 1,000 EUR' });
      await app.pass(20_000);
      const [sent] = app.outbox.messages();
      if (sent?.kind !== 'push') throw new Error('no push');
      const { jwe, ...rest } = sent.message;
      expect(rest).to.deep.include({
        verificationId: verification.id,
        token: 'a token',
        platform: 'android',
        ttlMs: 280_000,
      });
      expect(JSON.stringify(sent.message)).not.to.include('Transfer');
      const key = createPrivateKey(encryption.privateKey.export({ format: 'pem', type: 'pkcs8' }));
      const { plaintext, protectedHeader } = await compactDecrypt(jwe, key);
      expect(protectedHeader).to.include({ alg: 'ECDH-ES', enc: 'A256GCM' });
      const prompt = JSON.parse(new TextDecoder().decode(plaintext));
      expect(prompt).to.include({
        id: verification.id,
        action: 'Transfer 1,000 EUR',
        challenge: verification.challenge,
      });
      expect(prompt.matching).to.deep.equal({ mode: 'enter', digits: 2 });
    });

    it('goes to each device that has a token, once', async () => {
      await offline();
      await offline();
      await offline({ push: false });
      const verification = await create();
      await app.work();
      await app.work();
      expect(app.outbox.messages().map(({ copies }) => copies)).to.deep.equal([1, 1]);
      const { devices } = await app.devices.list(app.application.id, 'alice');
      expect(devices.map(({ pushToken }) => pushToken?.status)).to.deep.equal(['active', 'active', undefined]);
      expect((await load(verification)).delivery.find(({ step }) => step === 'push')).to.include({
        status: 'accepted',
        attempts: 2,
      });
    });

    it('quarantines a token whose app is gone; registering it again revives it', async () => {
      const phone = await offline();
      respond({ kind: 'rejected', reason: 'UNREGISTERED', recipientGone: true });
      const verification = await create();
      await app.work();
      expect(delivery(await load(verification))).to.include({ push: 'failed: recipient-gone' });
      const [device] = (await app.devices.list(app.application.id, 'alice')).devices;
      expect(device?.pushToken?.status).to.equal('quarantined');
      expect(delivery(await create())).to.include({ push: 'skipped: no-push-token' });
      const { provider = '', token = '' } = device?.pushToken ?? {};
      await app.devices.setPushToken(phone.device, { provider, token });
      expect(delivery(await create())).to.include({ push: 'pending' });
    });

    it('quarantines no token that was registered while the push was on its way', async () => {
      const phone = await offline();
      await create();
      const { push } = app.outbox;
      app.context.channels.push = {
        ...push,
        send: async () => {
          await app.devices.setPushToken(phone.device, { provider: 'simulated', token: 'a newer one' });
          return { kind: 'rejected', reason: 'UNREGISTERED', recipientGone: true };
        },
      };
      await app.work();
      const [device] = (await app.devices.list(app.application.id, 'alice')).devices;
      expect(device?.pushToken).to.include({ token: 'a newer one', status: 'active' });
    });

    it('to a device that was revoked meanwhile fails, and the next step starts at once', async () => {
      const phone = await offline();
      await reachable();
      const verification = await create();
      await app.devices.revoke(app.application.id, 'alice', phone.device.id);
      await app.work();
      expect(delivery(await load(verification))).to.include({ push: 'failed: no-push-token', sms: 'accepted' });
      expect(app.outbox.messages().map(({ kind }) => kind)).to.deep.equal(['sms']);
    });
  });

  describe('of an SMS', () => {
    const text = () => {
      const sent = app.outbox.messages().find(({ kind }) => kind === 'sms');
      return sent?.kind === 'sms' ? sent.message.text : '';
    };

    it('goes to the number as it is when it is sent', async () => {
      await reachable();
      await create();
      await app.users.put(app.application, 'alice', { phoneNumber: '+31687654321' });
      await app.work();
      expect(app.outbox.messages()[0]?.message).to.include({ to: '+31687654321', ttlMs: 300_000 });
    });

    it('fails with its reason when the number was removed meanwhile', async () => {
      await reachable();
      const verification = await create();
      await app.users.put(app.application, 'alice', { phoneNumber: null });
      await app.work();
      const after = await load(verification);
      expect(delivery(after)).to.include({ sms: 'failed: no-phone-number' });
      expect(after.status).to.equal('undeliverable');
    });

    it('is in the language of the verification, else of the user', async () => {
      await app.users.put(app.application, 'alice', { phoneNumber, locale: 'nl' });
      await create();
      await app.work();
      expect(text()).to.match(/^\d{6} Uw code/);
      await create({ locale: 'de', userId: 'alice' });
      await app.work();
      expect(app.outbox.messages().at(-1))
        .to.have.nested.property('message.text')
        .that.matches(/^\d{6} Ihr Code/);
    });

    const fallback = 'We could not reach your app.';
    it('says that the app was not reached when it was not', async () => {
      await reachable();
      await offline();
      await create();
      await app.work();
      await app.pass(10_000);
      expect(text()).to.include(fallback);
    });

    it('says so although no step could even begin: no device online, no push token', async () => {
      await reachable();
      await offline({ push: false });
      await create();
      await app.work();
      expect(text()).to.include(fallback);
    });

    it('does not say so to a person who has no app', async () => {
      await reachable();
      await create();
      await app.work();
      expect(text())
        .to.match(/Your code for Example Bank/)
        .and.not.include(fallback);
    });

    for (const preference of ['sms', 'push_and_sms'] as const) {
      it(`does not say so when the person wanted it: ${preference}`, async () => {
        await reachable(preference);
        await enrollPhone(app);
        await create();
        await app.work();
        expect(text()).to.include('Your code').and.not.include(fallback);
      });
    }

    it('does not say so when the app was reached and not answered', async () => {
      await reachable();
      const phone = await enrollPhone(app);
      const verification = await create();
      await app.verifications.acknowledge(phone.device, verification.id, 'socket');
      await app.pass(30_000);
      await app.verifications.resend(owner(), verification.id, 'sms');
      await app.work();
      expect(text()).to.include('Your code').and.not.include(fallback);
    });

    it('whose outcome is unknown is not sent again in its round; a resend is, with the same code and another id', async () => {
      await reachable();
      respond({ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' });
      const verification = await create();
      await app.work();
      await app.pass(29_999);
      expect(delivery(await load(verification))).to.include({ sms: 'pending: provider-timeout' });
      expect(app.outbox.messages()).to.deep.equal([]);
      await app.pass(1);
      await app.verifications.resend(owner(), verification.id);
      await app.work();
      const [sent] = app.outbox.messages();
      expect(sent?.message.dedupeId).to.equal(`${verification.id}.sms.2.phone`);
      const code = app.context.secrets.smsCode(verification.id, verification.codeSalt);
      expect(text()).to.include(`#${code}`);
    });
  });

  it('measures what it tries', async () => {
    await reachable();
    await offline();
    await create();
    await app.work();
    await app.pass(10_000);
    const measured = app.measured.filter(({ name }) => name === 'attempt').map(({ values }) => values);
    expect(measured).to.deep.equal([
      ['push', 'accepted', 0],
      ['sms', 'accepted', 0],
    ]);
  });

  it('does not look again and again for what waits for the slots of another topic', async () => {
    const createdAt = app.clock.now();
    const [topic, applicationId] = ['webhook', app.application.id] as const;
    const waiting = { id: 'evt_1', topic, lane: 'hook', applicationId, subject: 'ver_1', payload: {}, attempts: 0 };
    await app.store.commit({ enqueue: [{ ...waiting, notBefore: createdAt, createdAt }] });
    app.workers.push.start();
    for (let ms = 0; ms < 400; ms += 1) {
      app.clock.advance(1);
      await settle(1);
    }
    await app.workers.push.drain();
    const looks = app.measured.filter(({ name }) => name === 'nextWorkSeen');
    expect(looks.map(({ values }) => values[2])).to.deep.equal([createdAt]);
  });

  it('goes on with the others when one message cannot be handled', async () => {
    await reachable();
    await app.users.put(app.application, 'bob', { phoneNumber });
    const { secrets } = app.context;
    const poisoned = await create();
    app.context.secrets = {
      ...secrets,
      smsCode: (id, salt) => {
        if (id === poisoned.id) throw new Error('poison');
        return secrets.smsCode(id, salt);
      },
    };
    const other = await create({ userId: 'bob' });
    await app.work();
    expect(delivery(await load(other))).to.include({ sms: 'accepted' });
    expect(app.log.filter(({ level }) => level === 'error')).to.have.length(1);
    await app.pass(300_000);
    expect((await load(poisoned)).status).to.equal('expired');
  });
});
