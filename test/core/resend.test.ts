// Sending again (contract section 4): the current step or straight to SMS, capped and cooled down.
import { expect } from 'chai';
import { resendCooldownMs, resendsLeft } from '../../server/core/limits.ts';
import { accepted, begin, beginAt, birth, nobody, reach, refused, type Life } from '../support/life.ts';

function refusal(life: Life): unknown {
  return life.answer.ok
    ? 'ok'
    : [life.answer.code, life.answer.retryAt === undefined ? undefined : life.answer.retryAt - birth];
}

describe('resend limits', () => {
  it('cool down for 30, 60 and 120 seconds', () => {
    expect([0, 1, 2, 3, 9].map(resendCooldownMs)).to.deep.equal([30_000, 60_000, 120_000, 120_000, 120_000]);
  });

  it('allow three, each after its cool-down, to the millisecond', () => {
    const life = beginAt('sms');
    for (const [count, at] of [30_000, 90_000, 210_000].entries()) {
      life.at(at - 1).resend();
      expect(refusal(life)).to.deep.equal(['resend-too-soon', at]);
      expect(resendsLeft(life.state)).to.equal(3 - count);
      life.at(at).resend();
      expect(life.answer.ok).to.equal(true);
      expect(resendsLeft(life.state)).to.equal(2 - count);
    }
    life.at(299_999).resend();
    expect(refusal(life)).to.deep.equal(['resend-exhausted', 300_000]);
  });

  it('count no refused one', () => {
    const life = begin({ reach: { socket: { skip: 'no-device-online' } } });
    life.at(30_000).resend('socket');
    expect(refusal(life)).to.deep.equal(['step-not-allowed', undefined]);
    expect(resendsLeft(life.state)).to.equal(3);
    expect(life.state.rev).to.equal(1);
  });
});

describe('resend of the current step', () => {
  it('socket: shows the prompt again and waits again', () => {
    const life = begin({ steps: [{ step: 'socket' }] }).at(3_000);
    life.due();
    life.at(30_000).resend();
    expect(life.has('prompt')).to.equal(true);
    expect(life.delivery()).to.deep.equal({ socket: 'pending' });
    expect(life.step('socket').round).to.equal(2);
    expect(life.dueAt).to.equal(33_000);
  });

  it('push: a new round to whoever can be reached now; what waited of the old one is dropped', () => {
    const life = beginAt('push', { facts: { waits: { socketMs: 3_000, pushMs: 60_000, answerMs: 60_000 } } });
    life.at(30_000).resend('push', { push: { targets: ['dev_b'] } });
    expect(life.sends()).to.deep.equal([
      { type: 'send', step: 'push', round: 2, target: 'dev_b', notBefore: birth + 30_000 },
    ]);
    expect(life.has('drop-sends')).to.equal(true);
    expect(life.effects.findIndex(({ type }) => type === 'drop-sends')).to.be.below(
      life.effects.findIndex(({ type }) => type === 'send'),
    );
    expect(life.dueAt).to.equal(90_000);
  });

  it('sms: the same target, a new round, attempts kept', () => {
    const life = beginAt('sms').at(14_000);
    life.attempted('sms', accepted);
    life.at(30_000).resend();
    expect(life.step('sms')).to.deep.include({ status: 'pending', round: 2, attempts: 1 });
    expect(life.sends()).to.have.length(1);
    expect(life.notes()[0]).to.deep.equal({ at: birth + 30_000, type: 'resend', attempt: 1 });
  });

  it('acknowledged: stays so, and the check of the acknowledgement keeps its time', () => {
    const life = begin().at(1_000);
    life.acknowledge();
    life.at(30_000).resend();
    expect(life.has('prompt')).to.equal(true);
    expect(life.delivery()).to.include({ socket: 'acknowledged', push: 'waiting' });
    expect(life.dueAt).to.equal(61_000);
  });

  it('that reaches nobody now gives way to the next one', () => {
    const life = begin({ facts: { waits: { socketMs: 60_000, pushMs: 10_000, answerMs: 60_000 } } });
    life.at(30_000).resend(undefined, { socket: { skip: 'no-device-online' }, push: { skip: 'no-push-token' } });
    expect(life.delivery()).to.include({ push: 'skipped: no-push-token', sms: 'pending' });
    expect(life.answer.ok).to.equal(true);
  });

  it('that gave way and is still open keeps its own end when its successor fails', () => {
    const life = begin({ facts: { waits: { socketMs: 60_000, pushMs: 90_000, answerMs: 60_000 } } });
    life.at(30_000).resend(undefined, { socket: { skip: 'no-device-online' } });
    expect(life.delivery()).to.deep.equal({ socket: 'pending', push: 'pending', sms: 'waiting' });
    life.at(31_000).attempted('push', refused);
    expect(life.delivery()).to.deep.equal({ socket: 'pending', push: 'failed: provider-error', sms: 'pending' });
    life.at(life.dueAt ?? 0).due();
    expect(life.delivery()).to.include({ socket: 'failed: no-acknowledgement', sms: 'pending' });
    expect(life.state.status).to.equal('pending');
  });

  it('is refused when neither it nor a later one reaches anybody', () => {
    const life = beginAt('sms').at(30_000);
    life.resend(undefined, { sms: { skip: 'no-phone-number' } });
    expect(refusal(life)).to.deep.equal(['step-not-allowed', undefined]);
  });

  it('is refused when nothing was ever started', () => {
    const life = begin({ reach: { ...nobody, enrolled: true } }).at(30_000);
    life.resend();
    expect(refusal(life)).to.deep.equal(['step-not-allowed', undefined]);
  });
});

describe('resend straight to SMS', () => {
  it('supersedes the push that had not begun', () => {
    const life = begin({ facts: { waits: { socketMs: 60_000, pushMs: 10_000, answerMs: 60_000 } } }).at(30_000);
    life.resend('sms');
    expect(life.delivery()).to.deep.equal({ socket: 'pending', push: 'skipped: superseded', sms: 'pending' });
    expect(life.notes().map(({ step, status, reason }) => [step, status, reason])).to.deep.include([
      'push',
      'skipped',
      'superseded',
    ]);
    expect(life.dueAt, 'the socket keeps its own end').to.equal(60_000);
    life.at(60_000).due();
    expect(life.delivery()).to.include({ socket: 'failed: no-acknowledgement', push: 'skipped: superseded' });
  });

  it('has all the time there is for its own retries, though the socket ends before', () => {
    const life = begin({ facts: { waits: { socketMs: 60_000, pushMs: 10_000, answerMs: 60_000 } } }).at(30_000);
    life.resend('sms');
    life.at(30_100).attempted('sms', { kind: 'throttled', reason: '429', retryAfterMs: 40_000 });
    expect(life.sends().map(({ notBefore }) => notBefore - birth)).to.deep.equal([70_100]);
    expect(life.dueAt).to.equal(60_000);
  });

  it('works after an acknowledgement: the person has another phone in hand', () => {
    const life = begin().at(1_000);
    life.acknowledge();
    life.at(30_000).resend('sms');
    expect(life.delivery()).to.deep.equal({ socket: 'acknowledged', push: 'skipped: superseded', sms: 'pending' });
    life.at(30_100).attempted('sms', { kind: 'throttled', reason: '429', retryAfterMs: 1_000 });
    expect(life.sends(), 'its own retries are not cut off by the acknowledgement').to.have.length(1);
  });

  it('is refused when policy, preference or the request rule SMS out', () => {
    const preferred = begin({ steps: [{ step: 'socket' }, { step: 'sms', skip: 'preference' }] }).at(30_000);
    preferred.resend('sms');
    expect(refusal(preferred)).to.deep.equal(['step-not-allowed', undefined]);
    const narrowed = begin({ steps: [{ step: 'socket' }] }).at(30_000);
    narrowed.resend('sms');
    expect(refusal(narrowed)).to.deep.equal(['step-not-allowed', undefined]);
  });

  it('is refused when there is no number any more, rather than sent another way', () => {
    const life = begin().at(30_000);
    life.resend('sms', { sms: { skip: 'no-phone-number' } });
    expect(refusal(life)).to.deep.equal(['step-not-allowed', undefined]);
  });

  it('is the only jump there is', () => {
    const life = begin().at(30_000);
    life.resend('push');
    expect(refusal(life)).to.deep.equal(['step-not-allowed', undefined]);
    const back = beginAt('sms').at(30_000);
    back.resend('socket');
    expect(refusal(back)).to.deep.equal(['step-not-allowed', undefined]);
  });
});

describe('a resend that fails', () => {
  const withoutDevice = () => {
    const life = begin({ steps: [{ step: 'sms' }], reach: { ...nobody, sms: { targets: ['phone'] } } });
    life.at(100).attempted('sms', accepted, { reach: nobody });
    life.at(30_000).resend(undefined, { ...nobody, sms: { targets: ['phone'] } });
    life.at(30_100).attempted('sms', refused, { reach: nobody });
    return life;
  };

  it('leaves the code of the SMS before good (contract section 8: the same on every resend)', () => {
    const life = withoutDevice();
    expect(life.delivery()).to.deep.equal({ sms: 'failed: provider-error' });
    expect(life.state.status, 'the person may hold the first SMS').to.equal('pending');
    life.at(31_000).code(true);
    expect(life.state.status).to.equal('approved');
  });

  it('can be sent again', () => {
    const life = withoutDevice();
    life.at(90_000).resend(undefined, { ...nobody, sms: { targets: ['phone'] } });
    expect(life.delivery()).to.deep.equal({ sms: 'pending' });
  });

  it('ends it when no SMS was ever taken', () => {
    const life = begin({ steps: [{ step: 'sms' }] }).at(100);
    life.attempted('sms', refused);
    expect(life.state.status, 'devices could fetch it').to.equal('pending');
    life.at(30_000).resend();
    life.at(30_100).attempted('sms', refused, { reach: reach({ enrolled: false }) });
    expect(life.state.status).to.equal('undeliverable');
  });
});
