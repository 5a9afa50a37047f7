// What a provider said: accepted, tried again inside the step's time, in doubt, or failed with its reason.
import { expect } from 'chai';
import type { ChannelResult } from '../../server/core/events.ts';
import { accepted, begin, beginAt, birth, notSent, reach, refused, timedOut } from '../support/life.ts';

const throttled = (retryAfterMs?: number): ChannelResult => ({
  kind: 'throttled',
  reason: '429',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

describe('an attempt', () => {
  it('that was accepted is not yet proof of anything', () => {
    const life = beginAt('push').at(3_050);
    life.attempted('push', accepted);
    expect(life.step('push')).to.deep.include({ status: 'accepted', attempts: 1, at: birth + 3_050 });
    expect(life.dueAt, 'the wait goes on').to.equal(13_000);
    expect(life.notes()[0]).to.deep.equal({
      at: birth + 3_050,
      type: 'attempt',
      step: 'push',
      round: 1,
      attempt: 1,
      status: 'accepted',
      latencyMs: 40,
      provider: 'simulated',
      providerId: 'm1',
      deviceId: 'dev_a',
    });
  });

  it('names no device for an SMS, and no provider id where there is none', () => {
    const life = beginAt('sms').at(13_100);
    life.attempted('sms', { kind: 'accepted', provider: 'simulated' });
    expect(life.notes()[0]).not.to.have.any.keys('deviceId', 'providerId', 'reason');
    life.at(13_200).attempted('sms', refused, { round: 9 });
    expect(life.notes()[0]).to.include({ status: 'rejected', reason: 'bad-request' });
  });

  it('at a provider whose breaker is open costs nothing but a skipped step', () => {
    const resting: ChannelResult = {
      kind: 'unreachable',
      outcome: 'not-sent',
      reason: 'breaker-open',
      resumesInMs: 4_000,
    };
    const push = beginAt('push').at(3_050);
    push.attempted('push', resting);
    expect(push.step('push')).to.include({ status: 'failed' });
    expect(push.step('sms')).to.include({ status: 'pending', at: birth + 3_050 });
    // Nothing comes after SMS: there it is worth the wait.
    const sms = beginAt('sms').at(13_050);
    sms.attempted('sms', resting);
    expect(sms.step('sms')).to.include({ status: 'pending' });
    expect(sms.effects.find((effect) => effect.type === 'send')?.notBefore).to.be.within(
      birth + 17_050,
      birth + 17_050 + 500,
    );
  });

  it('of an older round changes nothing but the timeline', () => {
    const life = beginAt('sms').at(30_000);
    life.resend();
    const before = life.state;
    life.at(30_001).attempted('sms', refused, { round: 1 });
    expect(life.state).to.equal(before);
    expect(life.effects.map(({ type }) => type)).to.deep.equal(['note']);
  });

  it('for a target or step that it does not have changes nothing either', () => {
    const life = beginAt('push').at(3_100);
    const { delivery } = life.state;
    life.attempted('push', refused, { target: 'dev_z' });
    expect(life.state.delivery).to.deep.equal(delivery);
    const sms = begin({ steps: [{ step: 'sms' }] });
    const before = sms.state;
    sms.attempted('sms', refused, { step: 'push' });
    expect(sms.state).to.equal(before);
  });

  it('that ends after a device acknowledged is counted, and leaves it acknowledged', () => {
    const life = beginAt('push').at(3_500);
    life.acknowledge('dev_a', 'http');
    life.at(3_600).attempted('push', accepted);
    expect(life.step('push')).to.include({ status: 'acknowledged', attempts: 1 });
  });

  it('that failed after an acknowledgement does not start the next step', () => {
    const life = beginAt('push').at(3_500);
    life.acknowledge('dev_a', 'socket');
    life.at(3_600).attempted('push', refused);
    expect(life.delivery()).to.include({ push: 'failed: provider-error', sms: 'waiting' });
    expect(life.dueAt).to.equal(63_500);
  });
});

describe('reasons of failure', () => {
  const reasons: [string, ChannelResult, string][] = [
    ['a rejection', refused, 'provider-error'],
    ['a recipient that is gone', { ...refused, recipientGone: true }, 'recipient-gone'],
    ['a country that is not allowed', { ...refused, skip: 'country-not-allowed' }, 'country-not-allowed'],
    ['a spent budget', { ...refused, skip: 'budget' }, 'budget'],
    ['a throttle that outlasts the step', throttled(60_000), 'throttled'],
  ];
  for (const [what, result, reason] of reasons) {
    it(`${what}: ${reason}`, () => {
      const life = beginAt('push').at(3_100);
      life.attempted('push', result);
      expect(life.delivery()['push']).to.equal(`failed: ${reason}`);
    });
  }

  it('a provider that could not be reached: provider-error', () => {
    const life = beginAt('push').at(3_100);
    for (let tries = 0; tries < 3; tries += 1) life.attempted('push', notSent, { jitter: 0 });
    expect(life.delivery()['push']).to.equal('failed: provider-error');
  });
});

describe('a retry', () => {
  it('waits with full jitter: 0 to 500 ms, then 0 to 1000 ms', () => {
    const life = beginAt('push').at(4_000);
    life.attempted('push', notSent, { jitter: 0.5 });
    expect(life.sends()).to.deep.equal([
      { type: 'send', step: 'push', round: 1, target: 'dev_a', notBefore: birth + 4_250 },
    ]);
    expect(life.step('push')).to.include({ status: 'pending', attempts: 1 });
    life.at(5_000).attempted('push', notSent, { jitter: 0.5 });
    expect(life.sends()[0]).to.include({ notBefore: birth + 5_500 });
  });

  it('comes twice at most', () => {
    const life = beginAt('push').at(4_000);
    life.attempted('push', notSent);
    life.attempted('push', notSent);
    life.attempted('push', notSent);
    expect(life.step('push')).to.deep.include({ status: 'failed', attempts: 3 });
    expect(life.step('sms').status).to.equal('pending');
  });

  it('honours Retry-After when that is longer', () => {
    const life = beginAt('push').at(4_000);
    life.attempted('push', throttled(2_000));
    expect(life.sends()[0]).to.include({ notBefore: birth + 6_000 });
    const quick = beginAt('push').at(4_000);
    quick.attempted('push', throttled(10), { jitter: 0.8 });
    expect(quick.sends()[0]).to.include({ notBefore: birth + 4_400 });
    const plain = beginAt('push').at(4_000);
    plain.attempted('push', throttled());
    expect(plain.sends()[0]).to.include({ notBefore: birth + 4_250 });
  });

  it('stays inside the step: else the next one starts at once', () => {
    const fits = beginAt('push').at(4_000);
    fits.attempted('push', throttled(8_999));
    expect(fits.sends()[0]).to.include({ step: 'push' });
    const late = beginAt('push').at(4_000);
    late.attempted('push', throttled(9_000));
    expect(late.sends().map(({ step }) => step)).to.deep.equal(['sms']);
  });

  it('of the last step has until the deadline', () => {
    const life = beginAt('sms').at(14_000);
    life.attempted('sms', throttled(285_999));
    expect(life.sends()[0]).to.include({ step: 'sms', round: 1, notBefore: birth + 299_999 });
    const late = beginAt('sms').at(14_000);
    late.attempted('sms', throttled(286_000));
    expect(late.sends()).to.deep.equal([]);
    expect(late.delivery()['sms']).to.equal('failed: throttled');
  });

  it('when all go at once may take until the deadline too', () => {
    const life = begin({ facts: { plan: 'all-at-once' } }).at(5_000);
    life.attempted('push', throttled(60_000));
    expect(life.sends()[0]).to.include({ step: 'push', notBefore: birth + 65_000 });
  });
});

describe('an outcome nobody knows', () => {
  it('of a push is tried again: providers collapse copies', () => {
    const life = beginAt('push').at(4_000);
    life.attempted('push', timedOut);
    expect(life.sends()).to.have.length(1);
  });

  it('of an SMS is never tried again in its round', () => {
    const life = beginAt('sms').at(14_000);
    life.attempted('sms', timedOut);
    expect(life.sends()).to.deep.equal([]);
    expect(life.delivery()['sms']).to.equal('pending: provider-timeout');
    expect(life.step('sms').sends).to.deep.equal([{ target: 'phone', status: 'unknown', tries: 1 }]);
    expect(life.state.status).to.equal('pending');
  });

  it('of an SMS leaves the code good: it may have arrived', () => {
    const life = beginAt('sms').at(14_000);
    life.attempted('sms', timedOut, { reach: reach({ enrolled: false }) });
    life.at(20_000).code(true);
    expect(life.state.status).to.equal('approved');
  });

  it('of an SMS that failed plainly before is in doubt, not failed', () => {
    const life = beginAt('sms').at(14_000);
    life.attempted('sms', notSent);
    life.attempted('sms', timedOut);
    expect(life.step('sms')).to.deep.include({ status: 'pending', attempts: 2 });
  });

  it('of a push with all tries used stays in doubt until its wait is over', () => {
    const life = beginAt('push').at(4_000);
    for (let tries = 0; tries < 3; tries += 1) life.attempted('push', timedOut, { jitter: 0 });
    expect(life.delivery()).to.include({ push: 'pending: provider-timeout', sms: 'waiting' });
    life.at(13_000).due();
    expect(life.step('sms').status).to.equal('pending');
  });
});
