// An acknowledgement stops the escalation; the check every ANSWER_WAIT starts it again when the device has gone.
import { expect } from 'chai';
import { begin, beginAt, reach } from '../support/life.ts';

describe('an acknowledgement', () => {
  it('over the socket stops the escalation and takes waiting messages back', () => {
    const life = begin().at(800);
    life.acknowledge('dev_a', 'socket');
    expect(life.delivery()).to.deep.equal({ socket: 'acknowledged', push: 'waiting', sms: 'waiting' });
    expect(life.step('socket').attempts).to.equal(1);
    expect(life.dueAt).to.equal(60_800);
    expect(life.has('drop-sends')).to.equal(true);
    expect(life.notes()[0]).to.include({ type: 'acknowledged', step: 'socket', deviceId: 'dev_a', latencyMs: 800 });
    life.at(3_000).due();
    expect(life.step('push').status).to.equal('waiting');
  });

  it('over HTTP belongs to the push that brought it', () => {
    const life = beginAt('push').at(5_000);
    life.acknowledge('dev_a', 'http');
    expect(life.delivery()).to.deep.equal({
      socket: 'failed: no-acknowledgement',
      push: 'acknowledged',
      sms: 'waiting',
    });
    expect(life.dueAt).to.equal(65_000);
  });

  it('over HTTP before any push belongs to the step that has started', () => {
    const life = begin().at(100);
    life.acknowledge('dev_a', 'http');
    expect(life.delivery()).to.deep.equal({ socket: 'acknowledged', push: 'waiting', sms: 'waiting' });
  });

  it('counts although its step was skipped: the device came after', () => {
    const life = begin({ reach: { socket: { skip: 'no-device-online' } } });
    life.at(200).acknowledge('dev_a', 'socket');
    expect(life.delivery()).to.include({ socket: 'acknowledged', push: 'pending' });
    expect(life.step('socket')).not.to.have.property('reason');
  });

  it('counts with a push step alone, skipped or not', () => {
    const life = begin({ steps: [{ step: 'push' }], reach: { push: { skip: 'no-push-token' } } });
    life.at(200).acknowledge('dev_a', 'socket');
    expect(life.delivery()).to.deep.equal({ push: 'acknowledged' });
  });

  it('too late for its step still stops what comes next', () => {
    const life = beginAt('push').at(4_000);
    life.acknowledge('dev_a', 'socket');
    expect(life.delivery()).to.include({ socket: 'acknowledged', sms: 'waiting' });
    life.at(13_000).due();
    expect(life.step('sms').status).to.equal('waiting');
  });

  it('leaves an SMS that has been started alone', () => {
    const life = beginAt('sms').at(13_100);
    life.acknowledge();
    expect(life.has('drop-sends')).to.equal(false);
    expect(life.step('sms').status).to.equal('pending');
  });

  it('changes nothing when the same device sends it again', () => {
    const life = begin().at(100);
    life.acknowledge();
    const before = life.state;
    life.at(200).acknowledge();
    expect(life.state).to.equal(before);
    life.acknowledge('dev_a', 'http');
    expect(life.state, 'over HTTP it is a stronger one').not.to.equal(before);
    const stronger = life.state;
    life.acknowledge('dev_a', 'socket');
    expect(life.state).to.equal(stronger);
    expect(stronger.acknowledgements.map(({ deviceId, via }) => [deviceId, via])).to.deep.equal([['dev_a', 'http']]);
  });

  it('decides nothing where no step carries prompts', () => {
    const life = begin({ steps: [{ step: 'sms' }] });
    const before = life.state;
    life.acknowledge();
    expect(life.state).to.equal(before);
    expect(life.answer.ok).to.equal(true);
  });

  it('never reaches past the deadline with its check', () => {
    const life = beginAt('sms').at(280_000);
    life.acknowledge();
    expect(life.dueAt).to.equal(300_000);
  });
});

describe('every ANSWER_WAIT after an acknowledgement', () => {
  const acknowledged = () => {
    const life = begin().at(1_000);
    life.acknowledge('dev_a', 'socket');
    return life;
  };

  it('nothing happens while the device is connected, again and again', () => {
    const life = acknowledged();
    for (const at of [61_000, 121_000, 181_000]) {
      life.at(at).due({}, ['dev_a']);
      expect(life.delivery()).to.deep.equal({ socket: 'acknowledged', push: 'waiting', sms: 'waiting' });
      expect(life.dueAt).to.equal(at + 60_000);
    }
  });

  it('the next step starts when the device has gone, and not a millisecond earlier', () => {
    const life = acknowledged();
    life.at(60_999).due();
    expect(life.step('push').status).to.equal('waiting');
    life.at(61_000).due({}, ['dev_b']);
    expect(life.delivery()).to.deep.equal({ socket: 'acknowledged', push: 'pending', sms: 'waiting' });
    life.at(71_000).due();
    expect(life.step('sms').status).to.equal('pending');
  });

  it('one device that stayed is enough', () => {
    const life = acknowledged();
    life.at(2_000).acknowledge('dev_b', 'socket');
    life.at(62_000).due({}, ['dev_b']);
    expect(life.step('push').status).to.equal('waiting');
  });

  it('an acknowledgement over HTTP has no connection to lose', () => {
    const life = beginAt('push').at(5_000);
    life.acknowledge('dev_a', 'http');
    life.at(65_000).due();
    expect(life.step('sms').status).to.equal('waiting');
    expect(life.dueAt).to.equal(125_000);
  });

  it('nothing is left to start once everything was', () => {
    const life = beginAt('sms').at(14_000);
    life.acknowledge();
    life.at(74_000).due();
    expect(life.sends()).to.deep.equal([]);
    expect(life.dueAt).to.equal(134_000);
  });

  it('steps that reach nobody are skipped, and the check goes on', () => {
    const life = acknowledged();
    life.at(61_000).due({ push: { skip: 'no-push-token' }, sms: { skip: 'no-phone-number' } });
    expect(life.delivery()).to.deep.equal({
      socket: 'acknowledged',
      push: 'skipped: no-push-token',
      sms: 'skipped: no-phone-number',
    });
    expect(life.state.status).to.equal('pending');
    expect(life.webhooks()).to.deep.equal([]);
    expect(life.dueAt).to.equal(121_000);
  });

  it('a push that fails meanwhile does not start the next step by itself', () => {
    const life = acknowledged();
    life.at(61_000).due();
    life.at(61_500).attempted('push', { kind: 'rejected', reason: 'gone', recipientGone: true }, { reach: reach() });
    expect(life.delivery()).to.include({ push: 'failed: recipient-gone', sms: 'waiting' });
    life.at(71_000).due();
    expect(life.step('sms').status).to.equal('pending');
  });
});
