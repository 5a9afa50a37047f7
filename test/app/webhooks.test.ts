// Webhooks: written with the change they tell of, in order, at least once, and in the end a dead letter.
import { expect } from 'chai';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import type { ChannelResult } from '../../server/core/events.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';
import { createFailingStore } from '../support/failing-store.ts';

const webhook = { url: 'https://bank.test/hook', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
const hour = 3_600_000;
const down: ChannelResult = { kind: 'unreachable', outcome: 'not-sent', reason: 'refused' };

describe('webhooks', () => {
  let app: TestApp;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ webhook, wrapStore: failing.wrap });
  });
  afterEach(() => app.kill());

  const create = async (over: Partial<CreateRequest> = {}) =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over })).verification;
  const got = () => app.receiver.requests.map(({ body }) => JSON.parse(body));
  const types = () => got().map(({ type }) => type);

  it('carry the resource without secrets, signed for the URL of the application', async () => {
    const phone = await enrollPhone(app);
    await app.work();
    app.receiver.requests.length = 0;
    const verification = await create();
    app.clock.advance(1_500);
    const jws = phone.sign(verification, 'approve', verification.matching.number);
    await app.verifications.decide(phone.device, jws);
    await app.work();
    const [request] = app.receiver.requests;
    expect(request).to.include({
      url: webhook.url,
      id: `${verification.id}-2-verification-approved`,
      timestamp: 1_767_225_601,
    });
    const [{ type, timestamp, data }] = got();
    expect({ type, timestamp }).to.deep.equal({ type: 'verification.approved', timestamp: '2026-01-01T00:00:01.500Z' });
    expect(data.verification).to.include({ id: verification.id, status: 'approved', rev: 2, userId: 'alice' });
    for (const secret of [jws, verification.challenge, verification.codeSalt])
      expect(request?.body).not.to.include(secret);
    expect(data.verification.matching).to.deep.equal({ mode: 'enter' });
  });

  it('tell of every end, of failed delivery, and of fraud', async () => {
    const phone = await enrollPhone(app);
    const end = async (id: string) => app.verifications.cancel({ kind: 'browser', verificationId: id }, id);
    await app.work();
    app.receiver.requests.length = 0;
    await app.verifications.decide(phone.device, phone.sign(await create(), 'report'));
    await end((await create()).id);
    await create({ userId: 'nobody' });
    app.presence.online.clear();
    await create({ steps: ['socket'] });
    await app.work();
    expect(types()).to.have.members([
      'verification.canceled',
      'verification.delivery_failed',
      'verification.denied',
      'verification.fraud_reported',
      'verification.undeliverable',
    ]);
    await app.pass(300_000);
    expect(types().filter((type) => type === 'verification.expired')).to.have.length(1);
  });

  it('tell of devices that come and go', async () => {
    const phone = await enrollPhone(app, 'alice');
    await app.devices.revoke(app.application.id, 'alice', phone.device.id);
    await app.work();
    expect(got().map(({ type, data }) => [type, data.userId, data.device.id])).to.deep.equal([
      ['device.enrolled', 'alice', phone.device.id],
      ['device.revoked', 'alice', phone.device.id],
    ]);
    expect(app.receiver.requests[0]?.body).not.to.include(phone.keys.jwk.x);
  });

  it('are not made for an application that has none', async () => {
    await using quiet = await createTestApp();
    await enrollPhone(quiet);
    await quiet.verifications.create(quiet.application, { userId: 'bob', action: 'Sign in' });
    expect((await quiet.store.nextWake()).outboxAt).to.deep.equal({});
  });

  it('are in the same commit as the change: a write that fails leaves neither, a lost answer leaves both', async () => {
    const phone = await enrollPhone(app);
    await app.work();
    app.receiver.requests.length = 0;
    for (const [when, expected] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      const verification = await create();
      failing.failAt(1, when, ['commit']);
      await app.verifications.decide(phone.device, phone.sign(verification, 'deny')).catch(() => undefined);
      expect(failing.heal()).to.equal(true);
      const { verification: after } = (await app.verifications.load(verification.id)) ?? {};
      expect(after?.status).to.equal(expected === 1 ? 'denied' : 'pending');
      await app.work();
      expect(types(), when).to.have.length(expected);
    }
  });

  it('of one verification leave in order: the second waits until the first is taken', async () => {
    const phone = await enrollPhone(app);
    await app.work();
    app.receiver.requests.length = 0;
    let isDown = true;
    app.receiver.respond = () => (isDown ? down : { kind: 'accepted', provider: 'receiver' });
    await app.verifications.decide(phone.device, phone.sign(await create(), 'report'));
    for (let minute = 0; minute < 10; minute += 1) await app.pass(60_000);
    expect(new Set(types())).to.deep.equal(new Set(['verification.denied']));
    isDown = false;
    await app.pass(hour);
    expect(types().slice(-2)).to.deep.equal(['verification.denied', 'verification.fraud_reported']);
  });

  it('of one verification do not hold up those of another', async () => {
    const stuck = await create();
    app.receiver.respond = ({ id }) => (id.startsWith(stuck.id) ? down : { kind: 'accepted', provider: 'receiver' });
    await app.work();
    const other = await create();
    await app.work();
    expect(app.receiver.requests.at(-1)?.id).to.include(other.id);
  });

  it('are tried again with the same id and the same body, whatever happened since', async () => {
    app.receiver.respond = () => down;
    const verification = await create();
    await app.work();
    await app.applications.ensure(app.apiKey, { name: 'Renamed', domain: 'bank.test', webhook });
    for (let minute = 0; minute < 5; minute += 1) await app.pass(60_000);
    expect(app.receiver.requests.length).to.be.greaterThan(2);
    const [first] = app.receiver.requests;
    for (const { id, body } of app.receiver.requests)
      expect({ id, body }).to.deep.equal({ id: first?.id, body: first?.body });
    expect(first?.id).to.include(verification.id);
  });

  it('back off with full jitter up to an hour, and honour Retry-After from the answer on', async () => {
    await using steady = await createTestApp({ webhook, random: { fraction: () => 0.999_999 } });
    const at: number[] = [];
    const born = steady.clock.now();
    const answers: ChannelResult[] = [down, down, down, { kind: 'throttled', reason: '429', retryAfterMs: 100_000 }];
    steady.receiver.respond = () => {
      at.push(steady.clock.now() - born);
      // The receiver takes two seconds.
      steady.clock.advance(2_000);
      return answers.shift() ?? { kind: 'accepted', provider: 'receiver' };
    };
    await steady.verifications.create(steady.application, { userId: 'alice', action: 'Sign in' });
    await steady.work();
    for (let second = 0; second < 130; second += 1) await steady.pass(1_000);
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0) - 2_000);
    expect(gaps).to.have.length(4);
    for (const [index, least] of [999, 1_999, 3_999, 100_000].entries()) {
      expect(gaps[index], `gap ${index}`).to.be.within(least, least + 1_001);
    }
  });

  it('become dead letters after a day, and say so in the log', async () => {
    app.receiver.respond = () => down;
    await create();
    await app.work();
    for (let hours = 0; hours < 23; hours += 1) await app.pass(hour);
    expect((await app.store.nextWake()).outboxAt.webhook, 'still tried').to.be.a('number');
    await app.pass(hour);
    await app.pass(hour);
    expect((await app.store.nextWake()).outboxAt).to.deep.equal({});
    expect(app.log.filter(({ message }) => message.includes('dead letter'))).to.have.length(1);
    expect(app.receiver.requests.length).to.be.within(24, 200);
  });

  it('become dead letters at once when the receiver is gone, and the next one has its turn', async () => {
    const phone = await enrollPhone(app);
    await app.work();
    app.receiver.requests.length = 0;
    app.receiver.respond = ({ body }) =>
      body.includes('verification.denied')
        ? { kind: 'rejected', reason: '410', recipientGone: true }
        : { kind: 'accepted', provider: 'receiver' };
    await app.verifications.decide(phone.device, phone.sign(await create(), 'report'));
    await app.work();
    expect(types()).to.deep.equal(['verification.denied', 'verification.fraud_reported']);
    expect((await app.store.nextWake()).outboxAt).to.deep.equal({});
  });

  it('that nobody wants any more are put aside', async () => {
    await create();
    await app.applications.ensure(app.apiKey, { name: 'Example Bank', domain: 'bank.test' });
    await app.work();
    expect(app.receiver.requests).to.deep.equal([]);
    expect((await app.store.nextWake()).outboxAt).to.deep.equal({});
  });

  it('have ids without full stops, each its own (Standard Webhooks, "Signature scheme")', async () => {
    const phone = await enrollPhone(app);
    await app.verifications.decide(phone.device, phone.sign(await create(), 'report'));
    await app.devices.revoke(app.application.id, 'alice', phone.device.id);
    await app.work();
    const ids = app.receiver.requests.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(4);
    for (const id of ids) expect(id).to.match(/^[a-z0-9_-]+$/);
  });

  it('come again after a hub died between sending and noting it: at least once, with the same id', async () => {
    await create();
    failing.failAt(1, 'before', ['commit']);
    await app.workers.webhook.runOnce();
    expect(failing.heal()).to.equal(true);
    expect(app.receiver.requests).to.have.length(1);
    await app.pass(11_999);
    expect(app.receiver.requests).to.have.length(1);
    await app.pass(1);
    expect(app.receiver.requests).to.have.length(2);
    expect(app.receiver.requests[1]?.id).to.equal(app.receiver.requests[0]?.id);
  });
});
