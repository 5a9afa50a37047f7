// Receipts (contract section 8): they change a delivery step in any order they come, and never decide a verification.
import { expect } from 'chai';
import { accepted, begin, beginAt, nobody, reach, refused } from '../support/life.ts';

const sent = () => {
  const life = beginAt('sms').at(14_000);
  life.attempted('sms', accepted);
  return life.at(15_000);
};

describe('a receipt', () => {
  it('says that an SMS was delivered', () => {
    const life = sent();
    life.receipt('delivered', { providerId: 'm1' });
    expect(life.delivery()['sms']).to.equal('delivered');
    expect(life.state.status).to.equal('pending');
    expect(life.notes()).to.have.length(1);
  });

  it('changes nothing when it comes again, but for the timeline', () => {
    const life = sent();
    life.receipt('delivered');
    const before = life.state;
    life.receipt('delivered');
    life.receipt('failed');
    expect(life.state).to.equal(before);
    expect(life.notes()).to.have.length(1);
  });

  it('says that an SMS was not delivered', () => {
    const life = sent();
    life.receipt('failed', { providerId: 'm1' });
    expect(life.delivery()['sms']).to.equal('failed: not-delivered');
    const before = life.state;
    life.receipt('failed', { providerId: 'm1' });
    expect(life.state).to.equal(before);
  });

  it('of a delivery corrects one of a failure', () => {
    const life = sent();
    life.receipt('failed');
    life.receipt('delivered');
    expect(life.delivery()['sms']).to.equal('delivered');
  });

  it('may come before the reply of the provider', () => {
    const early = beginAt('sms').at(14_000);
    early.receipt('delivered', { providerId: 'm1' });
    expect(early.delivery()['sms']).to.equal('delivered');
    early.attempted('sms', accepted);
    expect(early.step('sms')).to.include({ status: 'delivered', attempts: 1 });
    const failed = beginAt('sms').at(14_000);
    failed.receipt('failed', { providerId: 'm1' });
    expect(failed.delivery()['sms']).to.equal('failed: not-delivered');
    failed.attempted('sms', accepted);
    expect(failed.delivery()['sms']).to.equal('failed: not-delivered');
  });

  it('for a step that has not begun, or that it does not have, is noted only', () => {
    const life = begin();
    const before = life.state;
    life.receipt('delivered');
    expect(life.state).to.equal(before);
    expect(life.notes()[0]).to.include({ type: 'receipt', status: 'delivered', provider: 'simulated' });
    const none = begin({ steps: [{ step: 'socket' }] });
    const other = none.state;
    none.receipt('failed');
    expect(none.state).to.equal(other);
  });

  it('leaves an acknowledged step alone', () => {
    const life = beginAt('push').at(4_000);
    life.acknowledge('dev_a', 'http');
    const before = life.state;
    life.receipt('failed', { step: 'push' });
    expect(life.state).to.equal(before);
  });

  it('of an SMS that was sent again since does not fail the newer one', () => {
    const life = sent();
    life.at(30_000).resend();
    life.at(30_100).attempted('sms', { ...accepted, providerId: 'm2' });
    life.at(31_000).receipt('failed', { providerId: 'm1', round: 1, reach: nobody });
    expect(life.delivery()['sms']).to.equal('accepted');
    expect(life.state.status).to.equal('pending');
    life.receipt('failed', { providerId: 'm2', round: 2 });
    expect(life.delivery()['sms']).to.equal('failed: not-delivered');
  });

  it('that an older SMS was delivered after all is good news of the code', () => {
    const life = sent();
    life.at(30_000).resend();
    life.at(30_100).receipt('delivered', { round: 1 });
    expect(life.delivery()['sms']).to.equal('delivered');
  });

  it('leaves the code good, whatever it says: a person who has it, has it', () => {
    const life = sent();
    life.receipt('failed');
    life.at(16_000).code(true);
    expect(life.state.status).to.equal('approved');
  });

  it('ends as undeliverable what nobody can answer any more', () => {
    const life = begin({ reach: { ...nobody, sms: { targets: ['phone'] } } }).at(100);
    life.attempted('sms', accepted, { reach: nobody });
    life.at(200).receipt('failed', { reach: reach({ enrolled: false }) });
    expect(life.state.status).to.equal('undeliverable');
    expect(life.webhooks()).to.deep.equal(['verification.undeliverable']);
  });

  it('never approves or denies, in any state and order', () => {
    for (const outcome of ['delivered', 'failed'] as const) {
      for (const life of [begin(), beginAt('push'), beginAt('sms'), sent()]) {
        for (const step of ['push', 'sms'] as const) life.receipt(outcome, { step, providerId: 'm1' });
        expect(life.state.status).to.equal('pending');
      }
    }
    const denied = sent();
    denied.decide({ number: '11' });
    denied.decide({ number: '12' });
    denied.decide({ number: '13' });
    const before = denied.state;
    denied.receipt('delivered');
    expect(denied.state).to.equal(before);
    denied.attempted('sms', refused);
    expect(denied.state).to.equal(before);
  });
});
