// What a page can do about SMS, and what it learns (security.md, M4 and M5): send a few again, and nothing about the number.
import { expect } from 'chai';
import type { Caller } from '../../server/app/context.ts';
import type { SmsPolicy } from '../../server/core/sms-policy.ts';
import type { Verification } from '../../server/core/verification.ts';
import type { Kind } from '../../server/ports/records.ts';
import type { Store } from '../../server/ports/store.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';
import { codeOf } from '../support/refusals.ts';

const number = '+31612345678';
const limits = { perNumber: 3, perPrefix: 4, perCountry: 9, perApplication: 9, perDay: 9, minConversionPercent: 10 };
const policy: SmsPolicy = { countries: ['NL'], limits };

const pageOf = ({ id }: Verification): Caller => ({ kind: 'browser', verificationId: id });

describe('M4: an SMS that a page or a phone asks for', () => {
  let app: TestApp;
  let sent: string[];
  const open = async (sms: SmsPolicy) => {
    app = await createTestApp({ sms });
    sent = [];
    app.outbox.respond((send) => {
      if (send.kind === 'sms') sent.push(send.message.to);
      return { kind: 'accepted', provider: 'simulated' };
    });
    await app.users.put(app.application, 'alice', { phoneNumber: number });
  };
  afterEach(() => app.kill());
  const create = async () => {
    const request = { userId: 'alice', action: 'Sign in', lifetimeSeconds: 600 };
    return (await app.verifications.create(app.application, request)).verification;
  };

  it('goes three times more at most, each after its cool-down', async () => {
    await open({ countries: ['NL'], limits: undefined });
    const verification = await create();
    await app.work();
    for (const coolDownMs of [30_000, 60_000, 120_000]) {
      const early = app.verifications.resend(pageOf(verification), verification.id, 'sms');
      expect(await codeOf(early)).to.equal('resend-too-soon');
      await app.pass(coolDownMs);
      await app.verifications.resend(pageOf(verification), verification.id, 'sms');
      await app.work();
    }
    await app.pass(200_000);
    const more = app.verifications.resend(pageOf(verification), verification.id, 'sms');
    expect(await codeOf(more)).to.equal('resend-exhausted');
    expect(sent).to.deep.equal([number, number, number, number]);
  });

  it('goes within the bounds of the number, however many pages ask', async () => {
    await open(policy);
    const verifications = [await create(), await create(), await create()];
    for (const coolDownMs of [0, 30_000, 60_000, 120_000]) {
      await app.pass(coolDownMs);
      const pages = coolDownMs === 0 ? [] : verifications;
      await Promise.all(pages.map((one) => app.verifications.resend(pageOf(one), one.id, 'sms')));
      await app.work();
    }
    expect(sent).to.deep.equal([number, number, number]);
  });

  it('goes for its own verification only', async () => {
    await open(policy);
    const [own, other] = [await create(), await create()];
    await app.work();
    await app.pass(60_000);
    const before = sent.length;
    expect(await codeOf(app.verifications.resend(pageOf(own), other.id, 'sms'))).to.equal('not-found');
    await app.work();
    expect(sent).to.have.length(before);
  });

  it('is nothing that a device can cause: its preference counts for what the relying party begins later', async () => {
    await open(policy);
    await enrollPhone(app);
    await create();
    await app.users.setDelivery(app.application.id, 'alice', 'sms');
    await app.work();
    expect(sent).to.deep.equal([]);
  });

  it('keeps the code that came, when one more is over the bounds', async () => {
    await open({ ...policy, limits: { ...limits, perNumber: 1 } });
    const verification = await create();
    await app.work();
    await app.pass(30_000);
    await app.verifications.resend(pageOf(verification), verification.id, 'sms');
    await app.work();
    expect(sent).to.have.length(1);
    const code = app.context.secrets.smsCode(verification.id, verification.codeSalt);
    const told = await app.verifications.submitCode(pageOf(verification), verification.id, code);
    expect(told.verification.status).to.equal('approved');
  });
});

describe('M5: a page', () => {
  let app: TestApp;
  const kinds = new Set<Kind>();
  beforeEach(async () => {
    app = await createTestApp({ sms: policy, wrapStore: (store) => listened(store, (kind) => kinds.add(kind)) });
  });
  afterEach(() => app.kill());

  const stepsOf = async (userId: string) => {
    const { verification } = await app.verifications.create(app.application, { userId, action: 'Sign in' });
    await app.work();
    const found = (await app.verifications.load(verification.id)) ?? expect.fail('it is gone');
    const seen = async (audience: 'browser' | 'relying-party') => {
      const { delivery } = await app.verifications.view(found, audience);
      return delivery.map(({ step, status, reason }) => ({ step, status, reason }));
    };
    return { browser: await seen('browser'), relyingParty: await seen('relying-party') };
  };
  const smsReason = (steps: { step: string; reason: string | undefined }[]) =>
    steps.find(({ step }) => step === 'sms')?.reason;

  it('sees one and the same, whether a person is known, has a number, or has one that gets no SMS', async () => {
    await app.users.put(app.application, 'no number', {});
    await app.users.put(app.application, 'elsewhere', { phoneNumber: '+33612345678' });
    await app.users.put(app.application, 'premium', { phoneNumber: '+31900123456' });
    await app.users.put(app.application, 'satellite', { phoneNumber: '+881612345678' });
    const unknown = await stepsOf('nobody has met me');
    const reasons = [smsReason(unknown.relyingParty)];
    for (const userId of ['no number', 'elsewhere', 'premium', 'satellite']) {
      const { browser, relyingParty } = await stepsOf(userId);
      expect(browser, userId).to.deep.equal(unknown.browser);
      reasons.push(smsReason(relyingParty));
    }
    expect(unknown.browser.map(({ reason }) => reason)).to.deep.equal(['unavailable', 'unavailable', 'unavailable']);
    expect(reasons).to.deep.equal([
      'no-phone-number',
      'no-phone-number',
      'country-not-allowed',
      'number-not-allowed',
      'country-not-allowed',
    ]);
  });

  it('sees no difference between a budget that is spent and a block of numbers that is shut', async () => {
    const refused = async (n: number) => {
      await app.users.put(app.application, `user ${n}`, { phoneNumber: `+3161234567${n}` });
      return stepsOf(`user ${n}`);
    };
    for (let n = 0; n < 4; n += 1) await refused(n);
    const { browser, relyingParty } = await refused(5);
    expect(smsReason(relyingParty)).to.equal('budget');
    expect(smsReason(browser)).to.equal('unavailable');
  });

  it('learns nothing from the time either: what is counted is counted after the answer', async () => {
    await app.users.put(app.application, 'known', { phoneNumber: number });
    kinds.clear();
    await app.verifications.create(app.application, { userId: 'known', action: 'Sign in' });
    expect([...kinds])
      .to.include('user')
      .and.not.include('sms-counter');
    await app.work();
    expect([...kinds]).to.include('sms-counter');
  });

  it('and a relying party are not told that a number is somebody else’s already', async () => {
    const put = async (userId: string) => {
      const { user } = await app.users.put(app.application, userId, { phoneNumber: number });
      return { phoneNumber: user.phoneNumber, delivery: user.delivery, rev: user.rev };
    };
    expect(await put('first')).to.deep.equal(await put('second'));
  });
});

/** The same store, heard at each read. */
function listened(store: Store, hear: (kind: Kind) => void): Store {
  return {
    ...store,
    read: (refs) => {
      for (const { kind } of refs) hear(kind);
      return store.read(refs);
    },
  };
}
