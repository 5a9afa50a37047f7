// Escalation by contract section 9: which step is next, how long it waits, whom it skips and why, and what stops it.
import { expect } from 'chai';
import type { Reach } from '../../server/core/events.ts';
import type { StepReason } from '../../server/core/verification.ts';
import { accepted, begin, beginAt, nobody, notSent, reach, refused, timedOut } from '../support/life.ts';

const waiting = { socket: 'pending', push: 'waiting', sms: 'waiting' };

describe('escalation, step by step', () => {
  it('begins with the socket: a prompt is shown, the rest waits', () => {
    const life = begin();
    expect(life.delivery()).to.deep.equal(waiting);
    expect(life.has('prompt')).to.equal(true);
    expect(life.sends()).to.deep.equal([]);
    expect(life.dueAt).to.equal(3_000);
    expect(life.state).to.include({ status: 'pending', rev: 1 });
  });

  it('does nothing one millisecond early (S10)', () => {
    const life = begin();
    const before = life.state;
    life.at(2_999).due();
    expect(life.state).to.equal(before);
    expect(life.effects).to.deep.equal([]);
  });

  it('goes on to push when the socket wait has passed, and fails the socket', () => {
    const life = begin().at(3_000);
    life.due({ push: { targets: ['dev_a', 'dev_b'] } });
    expect(life.delivery()).to.deep.equal({ socket: 'failed: no-acknowledgement', push: 'pending', sms: 'waiting' });
    expect(life.step('socket').attempts).to.equal(1);
    expect(life.sends().map(({ step, round, target }) => ({ step, round, target }))).to.deep.equal([
      { step: 'push', round: 1, target: 'dev_a' },
      { step: 'push', round: 1, target: 'dev_b' },
    ]);
    expect(life.dueAt).to.equal(13_000);
  });

  it('goes on to SMS when the push wait has passed, whatever the provider said', () => {
    for (const result of [accepted, timedOut, undefined]) {
      const life = beginAt('push').at(3_100);
      if (result !== undefined) life.attempted('push', result);
      life.at(12_999).due();
      expect(life.step('sms').status).to.equal('waiting');
      life.at(13_000).due();
      expect(life.step('sms').status).to.equal('pending');
      expect(life.sends()).to.have.length(1);
      expect(life.dueAt, 'nothing comes after SMS but the deadline').to.equal(300_000);
    }
  });

  it('leaves the steps before as they ended', () => {
    expect(beginAt('sms').step('socket')).to.include({ status: 'failed', attempts: 1, at: 1_800_000_003_000 });
    const life = begin({ reach: { socket: { skip: 'no-device-online' } } }).at(10_000);
    life.due();
    expect(life.delivery()).to.deep.equal({ socket: 'skipped: no-device-online', push: 'pending', sms: 'pending' });
    expect(life.step('socket').attempts).to.equal(0);
  });

  it('counts a late start from when it happened, never from when it should have', () => {
    const life = begin().at(20_000);
    life.due();
    expect(life.dueAt).to.equal(30_000);
  });

  it('lets no wait reach past the deadline', () => {
    const short = begin({ facts: { expiresAt: 1_800_000_000_000 + 2_000 } });
    expect(short.dueAt).to.equal(2_000);
    const push = begin({ facts: { expiresAt: 1_800_000_000_000 + 5_000 } }).at(3_000);
    push.due();
    expect(push.dueAt).to.equal(5_000);
  });

  it('gives the last step that is left all the time there is', () => {
    const life = begin({ steps: [{ step: 'socket' }, { step: 'push' }] }).at(3_000);
    life.due();
    expect(life.dueAt).to.equal(300_000);
    const skipped = begin({ steps: [{ step: 'push' }, { step: 'sms', skip: 'preference' }] });
    expect(skipped.dueAt).to.equal(300_000);
  });
});

describe('a step with nobody to reach', () => {
  const cases: [keyof Omit<Reach, 'enrolled'>, StepReason][] = [
    ['socket', 'no-device-online'],
    ['push', 'no-push-token'],
    ['push', 'not-configured'],
    ['sms', 'no-phone-number'],
    ['sms', 'not-configured'],
  ];
  for (const [step, reason] of cases) {
    it(`is skipped at once: ${step}, ${reason}`, () => {
      const steps = step === 'socket' ? [{ step }, { step: 'sms' as const }] : [{ step: 'socket' as const }, { step }];
      const life = begin({ steps, reach: { [step]: { skip: reason } } });
      if (step !== 'socket') life.at(3_000).due({ [step]: { skip: reason } });
      expect(life.delivery()[step]).to.equal(`skipped: ${reason}`);
      expect(life.step(step)).to.include({ attempts: 0, round: 0 });
      expect(life.sends().filter((send) => send.step === step)).to.deep.equal([]);
    });
  }

  it('gives way at creation, so that the first one that reaches somebody starts', () => {
    const life = begin({ reach: { socket: { skip: 'no-device-online' }, push: { skip: 'no-push-token' } } });
    expect(life.delivery()).to.deep.equal({
      socket: 'skipped: no-device-online',
      push: 'skipped: no-push-token',
      sms: 'pending',
    });
    expect(life.sends()).to.have.length(1);
    expect(life.notes().map(({ step, status, reason }) => [step, status, reason])).to.deep.include.members([
      ['socket', 'skipped', 'no-device-online'],
      ['push', 'skipped', 'no-push-token'],
      ['sms', 'pending', undefined],
    ]);
  });

  it('is skipped for what policy or preference rule out, whoever could be reached', () => {
    const life = begin({
      steps: [{ step: 'socket', skip: 'policy' }, { step: 'push', skip: 'preference' }, { step: 'sms' }],
    });
    expect(life.delivery()).to.deep.equal({ socket: 'skipped: policy', push: 'skipped: preference', sms: 'pending' });
    expect(life.notes().map(({ type, step, status, reason }) => [type, step, status, reason])).to.deep.equal([
      ['created', undefined, undefined, undefined],
      ['step', 'socket', 'skipped', 'policy'],
      ['step', 'push', 'skipped', 'preference'],
      ['step', 'sms', 'pending', undefined],
    ]);
  });
});

describe('a connected device', () => {
  it('is shown the prompt as it comes, whether or not the socket step began', () => {
    for (const given of [
      {},
      { reach: { socket: { skip: 'no-device-online' as const } } },
      { steps: [{ step: 'push' as const }] },
      { steps: [{ step: 'socket' as const, skip: 'policy' as const }, { step: 'push' as const }] },
      { reach: { ...nobody, enrolled: true } },
    ]) {
      const prompts = begin(given).effects.filter(({ type }) => type === 'prompt');
      expect(prompts, JSON.stringify(given)).to.have.length(1);
    }
  });

  it('is shown nothing that it may not answer, or that has ended', () => {
    expect(begin({ facts: { promptable: false }, steps: [{ step: 'sms' }] }).has('prompt')).to.equal(false);
    expect(begin({ reach: nobody }).has('prompt')).to.equal(false);
    expect(begin({ trustedBrowserId: 'tru_1' }).has('prompt')).to.equal(false);
  });
});

describe('nobody left to reach', () => {
  it('ends as undeliverable at once when there is no device either', () => {
    const life = begin({ reach: nobody });
    expect(life.state.status).to.equal('undeliverable');
    expect(life.webhooks()).to.deep.equal(['verification.undeliverable']);
    expect(life.state.rev).to.equal(1);
  });

  it('stays pending while an enrolled device could still fetch the prompt, and tells the relying party once', () => {
    const life = begin({ reach: { ...nobody, enrolled: true } });
    expect(life.state.status).to.equal('pending');
    expect(life.webhooks()).to.deep.equal(['verification.delivery_failed']);
    expect(life.dueAt).to.equal(300_000);
    life.at(1_000).acknowledge('dev_a', 'http');
    expect(life.webhooks()).to.deep.equal([]);
    life.at(2_000).decide();
    expect(life.state.status).to.equal('approved');
  });

  it('ends although a device is enrolled when devices may not answer it (SMS only)', () => {
    const sms = begin({
      facts: { promptable: false },
      steps: [{ step: 'sms' }],
      reach: { sms: { skip: 'no-phone-number' } },
    });
    expect(sms.state.status).to.equal('undeliverable');
    expect(sms.has('close'), 'no device ever saw it').to.equal(false);
  });

  it('says delivery_failed once, when the last step fails', () => {
    const life = beginAt('push', { steps: [{ step: 'socket' }, { step: 'push' }] });
    life.at(4_000).attempted('push', refused);
    expect(life.delivery()).to.deep.equal({ socket: 'failed: no-acknowledgement', push: 'failed: provider-error' });
    expect(life.state.status).to.equal('pending');
    expect(life.webhooks()).to.deep.equal(['verification.delivery_failed']);
    life.at(5_000).attempted('push', refused);
    expect(life.webhooks()).to.deep.equal([]);
  });

  it('ends when the last step fails and the last device has gone', () => {
    const life = beginAt('sms');
    life.at(13_500).attempted('push', refused);
    life.at(14_000).attempted('sms', refused, { reach: reach({ enrolled: false }) });
    expect(life.state.status).to.equal('undeliverable');
    expect(life.has('drop-sends')).to.equal(true);
  });
});

describe('all at once', () => {
  const plan = { facts: { plan: 'all-at-once' as const } };

  it('starts every step that reaches somebody', () => {
    const life = begin(plan);
    expect(life.delivery()).to.deep.equal({ socket: 'pending', push: 'pending', sms: 'pending' });
    expect(life.has('prompt')).to.equal(true);
    expect(life.sends().map(({ step }) => step)).to.deep.equal(['push', 'sms']);
    expect(life.dueAt).to.equal(3_000);
  });

  it('skips only what reaches nobody', () => {
    const life = begin({ ...plan, reach: { push: { skip: 'no-push-token' } } });
    expect(life.delivery()).to.deep.equal({ socket: 'pending', push: 'skipped: no-push-token', sms: 'pending' });
  });

  it('fails the socket after its wait, and nothing else', () => {
    const life = begin(plan).at(3_000);
    life.due();
    expect(life.delivery()).to.deep.equal({ socket: 'failed: no-acknowledgement', push: 'pending', sms: 'pending' });
    expect(life.dueAt).to.equal(300_000);
  });

  it('takes no message back when a device acknowledges', () => {
    const life = begin(plan).at(500);
    life.acknowledge();
    expect(life.has('drop-sends')).to.equal(false);
    expect(life.step('socket').status).to.equal('acknowledged');
  });

  it('is undeliverable only when the last of them has failed', () => {
    const life = begin({ ...plan, reach: { socket: { skip: 'no-device-online' } } });
    life.at(100).attempted('push', refused, { reach: nobody });
    expect(life.state.status).to.equal('pending');
    life.at(200).attempted('sms', refused, { reach: nobody });
    expect(life.state.status).to.equal('undeliverable');
  });

  it('keeps a push that waits for its second try when the SMS is sent again', () => {
    const life = begin({ ...plan, reach: { socket: { skip: 'no-device-online' } } });
    life.at(100).attempted('sms', accepted);
    life.at(30_000).resend();
    expect(life.sends().map(({ step }) => step)).to.deep.equal(['sms']);
    expect(life.has('drop-sends')).to.equal(false);
  });
});

describe('a step that fails', () => {
  it('gives way to the next at once', () => {
    const life = beginAt('push').at(3_200);
    life.attempted('push', refused);
    expect(life.delivery()).to.include({ push: 'failed: provider-error', sms: 'pending' });
    expect(life.sends()).to.deep.include({
      type: 'send',
      step: 'sms',
      round: 1,
      target: 'phone',
      notBefore: 1_800_000_003_200,
    });
  });

  it('waits for its other targets first', () => {
    const life = begin().at(3_000);
    life.due({ push: { targets: ['dev_a', 'dev_b'] } });
    life.attempted('push', refused);
    expect(life.delivery()).to.include({ push: 'pending', sms: 'waiting' });
    life.attempted('push', accepted, { target: 'dev_b' });
    expect(life.delivery()).to.include({ push: 'accepted', sms: 'waiting' });
    expect(life.dueAt).to.equal(13_000);
  });

  it('changes nothing about what comes next when another step has started since', () => {
    const life = beginAt('sms').at(13_500);
    life.attempted('push', refused);
    expect(life.delivery()).to.deep.equal({
      socket: 'failed: no-acknowledgement',
      push: 'failed: provider-error',
      sms: 'pending',
    });
    expect(life.sends()).to.deep.equal([]);
    expect(life.dueAt).to.equal(300_000);
  });

  it('is not tried again once its time is over (a late answer must not send a late push)', () => {
    const life = beginAt('sms').at(13_500);
    life.attempted('push', notSent, { jitter: 0 });
    expect(life.sends()).to.deep.equal([]);
    expect(life.delivery()).to.include({ push: 'failed: provider-error' });
  });
});
