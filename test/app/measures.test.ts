// What is counted of a life: why each step began or was missed, how long an acknowledgement took, how it was approved.
import { expect } from 'chai';
import { outcomeOf } from '../../server/app/attempt.ts';
import type { Caller } from '../../server/app/context.ts';
import type { SimulatedResponse } from '../../server/channels/simulated.ts';
import type { ChannelResult } from '../../server/core/events.ts';
import type { Verification } from '../../server/core/verification.ts';
import type { Metrics } from '../../server/ports/runtime.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';

describe('what is measured', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp();
    await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678' });
  });
  afterEach(() => app.kill());

  const owner = (): Caller => ({ kind: 'relying-party', application: app.application });
  const create = async () =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' })).verification;
  const of = (name: keyof Metrics) => app.measured.filter((event) => event.name === name).map(({ values }) => values);
  const respond = (...responses: SimulatedResponse[]) =>
    app.outbox.respond(() => responses.shift() ?? { kind: 'accepted', provider: 'simulated' });
  const code = ({ id, codeSalt }: Verification) => app.context.secrets.smsCode(id, codeSalt);

  it('tells the steps that escalation began from the first and from those asked for', async () => {
    await enrollPhone(app);
    const verification = await create();
    await app.pass(3_000);
    await app.pass(10_000);
    await app.pass(60_000);
    await app.verifications.resend(owner(), verification.id, 'sms');
    expect(of('stepStarted')).to.deep.equal([
      ['socket', 'created'],
      ['push', 'unacknowledged'],
      ['sms', 'unacknowledged'],
      ['sms', 'resend'],
    ]);
    expect(of('stepMissed')).to.deep.equal([['socket', 'no-acknowledgement']]);
  });

  it('tells a step that began because the one before failed, and says why that was', async () => {
    await enrollPhone(app, 'alice', { online: false });
    respond({ kind: 'rejected', reason: 'recipient-gone', recipientGone: true });
    await create();
    await app.work();
    expect(of('stepStarted')).to.deep.equal([
      ['push', 'created'],
      ['sms', 'failed'],
    ]);
    expect(of('stepMissed')).to.deep.equal([
      ['socket', 'no-device-online'],
      ['push', 'recipient-gone'],
    ]);
    expect(of('pushTokenQuarantined')).to.have.length(1);
    expect(of('attempt').map(([, outcome]) => outcome)).to.deep.equal(['recipient-gone', 'accepted']);
  });

  it('tells a step that began because the phone that had the prompt went away', async () => {
    const phone = await enrollPhone(app);
    const verification = await create();
    await app.pass(500);
    await app.verifications.acknowledge(phone.device, verification.id, 'socket');
    app.presence.online.clear();
    await app.pass(60_000);
    expect(of('stepStarted')).to.deep.equal([
      ['socket', 'created'],
      ['push', 'disconnected'],
    ]);
  });

  it('measures an acknowledgement from the start of its step, and once', async () => {
    const phone = await enrollPhone(app);
    const verification = await create();
    await app.pass(3_000);
    app.clock.advance(400);
    await app.verifications.acknowledge(phone.device, verification.id, 'http');
    await app.verifications.acknowledge(phone.device, verification.id, 'http');
    expect(of('acknowledged')).to.deep.equal([['push', 400]]);
  });

  it('counts approvals by how they were given', async () => {
    const phone = await enrollPhone(app);
    const first = await create();
    await app.verifications.decide(phone.device, phone.sign(first, 'approve', first.matching.number));
    const second = await create();
    await app.pass(3_000);
    await app.pass(10_000);
    await app.verifications.submitCode(owner(), second.id, code(second));
    const third = await create();
    await app.verifications.decide(phone.device, phone.sign(third, 'deny'));
    expect(of('approved')).to.deep.equal([['app'], ['sms-code']]);
  });

  it('says when work is next to be done, whenever a worker has looked', async () => {
    const { escalation, push } = app.workers;
    const verification = await create();
    for (const worker of [escalation, push]) worker.start();
    for (const queue of ['verifications', 'outbox']) {
      const seen = () => of('nextWorkSeen').some(([name]) => name === queue);
      for (let turns = 0; turns < 1_000 && !seen(); turns += 1) {
        app.clock.advance(10);
        await new Promise(setImmediate);
      }
      expect(seen(), queue).to.equal(true);
    }
    const [, now, at] = of('nextWorkSeen').find(([queue]) => queue === 'verifications') ?? [];
    expect(at).to.be.above(Number(now)).and.at.most(verification.expiresAt);
    await Promise.all([escalation.drain(), push.drain()]);
  });
});

describe('the outcome of an attempt, as it is counted', () => {
  const cases: [ChannelResult, string][] = [
    [{ kind: 'accepted', provider: 'x' }, 'accepted'],
    [{ kind: 'throttled', reason: '429' }, 'throttled'],
    [{ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' }, 'unanswered'],
    [{ kind: 'unreachable', outcome: 'not-sent', reason: 'breaker-open' }, 'not-sent'],
    [{ kind: 'rejected', reason: 'http-400' }, 'rejected'],
    [{ kind: 'rejected', reason: 'gone', recipientGone: true }, 'recipient-gone'],
    [{ kind: 'rejected', reason: 'no-number', skip: 'no-phone-number' }, 'skipped'],
    [{ kind: 'rejected', reason: 'low-balance', configuration: true, skip: 'provider-error' }, 'misconfigured'],
  ];
  for (const [result, outcome] of cases) {
    it(`is ${outcome}`, () => expect(outcomeOf(result)).to.equal(outcome));
  }
});
