// The evidence: what the timeline says of a life with everything in it, and what it keeps to itself.
import { expect } from 'chai';
import type { Caller } from '../../server/app/context.ts';
import { change } from '../../server/app/change.ts';
import { readReach } from '../../server/app/reach.ts';
import { viewTimelineEntry } from '../../server/app/views.ts';
import type { SimulatedResponse } from '../../server/channels/simulated.ts';
import type { CommandOf, TimelineEntry } from '../../server/core/events.ts';
import type { Verification } from '../../server/core/verification.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';

const phoneNumber = '+31612345678';
/** Figures at which a reader can tell what a field is. */
const pushMs = 3_000;
const smsMs = 13_000;

describe('the timeline of a verification', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp({ random: { fraction: () => 0 } });
    await app.users.put(app.application, 'alice', { phoneNumber });
  });
  afterEach(() => app.kill());

  const owner = (): Caller => ({ kind: 'relying-party', application: app.application });
  const respond = (...responses: SimulatedResponse[]) =>
    app.outbox.respond(() => responses.shift() ?? { kind: 'accepted', provider: 'simulated', providerId: 'msg-9' });
  const create = async () =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' })).verification;
  const entriesOf = async (verification: Verification) =>
    (await app.verifications.timeline(app.application, verification.id)).entries.map(
      ({ at, ...entry }): Partial<TimelineEntry> => ({ at: at - verification.createdAt, ...entry }),
    );
  const code = ({ id, codeSalt }: Verification) => app.context.secrets.smsCode(id, codeSalt);
  const wrong = (verification: Verification) => (code(verification) === '000000' ? '111111' : '000000');
  const receipt = async (verification: Verification, says: Partial<CommandOf<'receipt'>>) => {
    const reach = await readReach(app.context, verification);
    const base = { type: 'receipt', step: 'sms', outcome: 'delivered', provider: 'simulated', reach } as const;
    await change(app.context, verification.id, () => ({ ...base, ...says }));
  };

  it('shows each attempt with provider, its id, outcome, latency and reason; receipts, resends, codes and the end', async () => {
    const { device } = await enrollPhone(app, 'alice', { online: false });
    const { push } = app.outbox;
    app.context.channels.push = {
      ...push,
      send: (message, signal) => {
        app.clock.advance(40);
        return push.send(message, signal);
      },
    };
    respond(
      { kind: 'throttled', reason: 'quota-exceeded', retryAfterMs: 2_000 },
      { kind: 'unreachable', outcome: 'unknown', reason: 'timeout' },
      { kind: 'rejected', reason: 'recipient-gone', recipientGone: true },
    );
    const verification = await create();
    await app.work();
    await app.pass(2_000);
    await app.pass(1_000);
    await app.verifications.submitCode(owner(), verification.id, wrong(verification)).catch(() => undefined);
    await receipt(verification, { outcome: 'failed', providerId: 'msg-9', round: 1, reason: 'absent-subscriber' });
    await app.pass(60_000);
    await app.verifications.resend(owner(), verification.id, 'sms');
    await app.work();
    await receipt(verification, { providerId: 'msg-9', round: 2 });
    await app.verifications.submitCode(owner(), verification.id, code(verification));

    const pushAttempt = { type: 'attempt', step: 'push', round: 1, latencyMs: 40, provider: 'simulated' } as const;
    const sent = { provider: 'simulated', providerId: 'msg-9' } as const;
    const entries = await entriesOf(verification);
    expect(entries.map(({ at: _at, ...entry }) => entry)).to.deep.equal([
      { type: 'created' },
      { type: 'step', step: 'socket', status: 'skipped', reason: 'no-device-online' },
      { type: 'step', step: 'push', status: 'pending', round: 1 },
      { ...pushAttempt, attempt: 1, status: 'throttled', reason: 'quota-exceeded', deviceId: device.id },
      { ...pushAttempt, attempt: 2, status: 'unreachable', outcome: 'unknown', reason: 'timeout', deviceId: device.id },
      { ...pushAttempt, attempt: 3, status: 'rejected', reason: 'recipient-gone', deviceId: device.id },
      { type: 'step', step: 'push', status: 'failed', round: 1, reason: 'recipient-gone' },
      { type: 'step', step: 'sms', status: 'pending', round: 1 },
      { type: 'attempt', step: 'sms', round: 1, attempt: 1, status: 'accepted', latencyMs: 0, ...sent },
      { type: 'step', step: 'sms', status: 'accepted', round: 1 },
      { type: 'code', status: 'code-incorrect', attempt: 1 },
      { type: 'receipt', step: 'sms', status: 'failed', round: 1, reason: 'absent-subscriber', ...sent },
      { type: 'step', step: 'sms', status: 'failed', round: 1, reason: 'not-delivered' },
      { type: 'resend', step: 'sms', attempt: 1 },
      { type: 'step', step: 'sms', status: 'pending', round: 2 },
      { type: 'attempt', step: 'sms', round: 2, attempt: 2, status: 'accepted', latencyMs: 0, ...sent },
      { type: 'step', step: 'sms', status: 'accepted', round: 2 },
      { type: 'receipt', step: 'sms', status: 'delivered', round: 2, ...sent },
      { type: 'code', status: 'approved', attempt: 2 },
      { type: 'ended', status: 'approved', method: 'sms-code' },
    ]);
    const times = entries.map(({ at = Number.NaN }) => at);
    expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
  });

  it('names the provider of an attempt that was not made, and nobody when there was nobody to ask', async () => {
    await enrollPhone(app, 'alice', { online: false });
    respond({ kind: 'unreachable', outcome: 'not-sent', reason: 'breaker-open' });
    const tripped = await create();
    await app.work();
    const attempts = async (verification: Verification) =>
      (await entriesOf(verification)).filter(({ type }) => type === 'attempt');
    expect((await attempts(tripped))[0]).to.include({
      status: 'unreachable',
      outcome: 'not-sent',
      reason: 'breaker-open',
      provider: 'simulated',
    });
    const gone = await create();
    app.context.channels.push = undefined;
    await app.work();
    expect((await attempts(gone))[0]).to.include({ status: 'rejected', reason: 'not-configured' });
    expect((await attempts(gone))[0]).not.to.have.property('provider');
  });

  it('tells how long an acknowledgement took from the start of its step, also when a provider took the push first', async () => {
    const phone = await enrollPhone(app);
    const verification = await create();
    await app.pass(pushMs);
    await app.pass(250);
    await app.verifications.acknowledge(phone.device, verification.id, 'http');
    const entries = await entriesOf(verification);
    const acknowledged = { type: 'acknowledged', step: 'push', deviceId: phone.device.id };
    expect(entries.at(-1)).to.deep.equal({ at: pushMs + 250, latencyMs: 250, ...acknowledged });
  });

  it('tells wrong numbers apart, and who canceled', async () => {
    const phone = await enrollPhone(app);
    const verification = await create();
    const { number = '' } = verification.matching;
    const jws = phone.sign(verification, 'approve', number === '11' ? '12' : '11');
    await app.verifications.decide(phone.device, jws).catch(() => undefined);
    await app.verifications.cancel({ kind: 'browser', verificationId: verification.id }, verification.id);
    const [answer, end] = (await entriesOf(verification)).slice(-2);
    expect(answer).to.include({ type: 'answer', status: 'number-incorrect', attempt: 1, deviceId: phone.device.id });
    expect(end).to.include({ type: 'ended', status: 'canceled', reason: 'browser' });
  });

  it('holds no number, code, token, key, challenge or signature', async () => {
    const phone = await enrollPhone(app, 'alice');
    const verification = await create();
    await app.pass(pushMs);
    await app.pass(smsMs);
    await app.verifications.submitCode(owner(), verification.id, wrong(verification)).catch(() => undefined);
    const { number = '' } = verification.matching;
    const jws = phone.sign(verification, 'approve', number);
    await app.verifications.decide(phone.device, jws);
    const { entries } = await app.verifications.timeline(app.application, verification.id);
    const text = JSON.stringify(entries.map(viewTimelineEntry));
    const sms = app.outbox.messages().find((message) => message.kind === 'sms');
    const push = app.outbox.messages().find((message) => message.kind === 'push');
    const canaries = [
      phoneNumber.slice(1),
      code(verification),
      wrong(verification),
      `"${number}"`,
      verification.challenge,
      verification.codeSalt,
      jws,
      phone.keys.jwk.x,
      app.apiKey,
      sms?.kind === 'sms' ? sms.message.text : '',
      push?.kind === 'push' ? push.message.token : '',
      push?.kind === 'push' ? push.message.jwe : '',
    ];
    for (const canary of canaries) {
      expect(canary).to.have.length.above(3);
      expect(text).not.to.include(canary);
    }
  });
});
