// The SMS code: when it may be typed, and how tries are counted.
import { expect } from 'chai';
import { codeAcceptable } from '../../server/core/code.ts';
import { codeAttemptsLeft } from '../../server/core/limits.ts';
import { accepted, begin, beginAt, birth, nobody, refused, type Life } from '../support/life.ts';

const code = ({ answer }: Life): string => (answer.ok ? 'ok' : answer.code);

describe('the SMS code', () => {
  it('is not acceptable before the SMS step, and a try then counts nothing', () => {
    for (const life of [begin(), beginAt('push'), begin({ steps: [{ step: 'socket' }] })]) {
      expect(codeAcceptable(life.state)).to.equal(false);
      life.at(4_000).code(true);
      expect(code(life)).to.equal('code-not-acceptable');
      expect(life.state.status).to.equal('pending');
      expect(codeAttemptsLeft(life.state)).to.equal(5);
    }
  });

  it('is acceptable from the start of the step: a fast reader is not turned away', () => {
    const life = beginAt('sms');
    expect(codeAcceptable(life.state)).to.equal(true);
  });

  it('is not acceptable when the only SMS was refused', () => {
    const life = beginAt('sms').at(14_000);
    life.attempted('sms', refused);
    expect(codeAcceptable(life.state)).to.equal(false);
    life.code(true);
    expect(code(life)).to.equal('code-not-acceptable');
  });

  it('approves when it is right, and names the method', () => {
    const life = beginAt('sms').at(14_000);
    life.code(true);
    expect(life.state).to.deep.include({
      status: 'approved',
      codeAttempts: 1,
      decision: { method: 'sms-code', outcome: 'approved', at: birth + 14_000 },
    });
    expect(life.webhooks()).to.deep.equal(['verification.approved']);
    expect(codeAcceptable(life.state)).to.equal(false);
  });

  it('allows five tries; the sixth is told so, right or wrong', () => {
    const life = beginAt('sms').at(14_000);
    for (const left of [4, 3, 2, 1, 0]) {
      life.code(false);
      expect(life.answer).to.deep.include({ code: 'code-incorrect', attemptsLeft: left });
    }
    expect(codeAcceptable(life.state)).to.equal(false);
    const before = life.state;
    for (const matches of [false, true]) {
      life.code(matches);
      expect(life.answer).to.deep.include({
        code: 'code-attempts-exhausted',
        attemptsLeft: 0,
        retryAt: birth + 300_000,
      });
      expect(life.state).to.equal(before);
    }
  });

  it('approves on the fifth try', () => {
    const life = beginAt('sms').at(14_000);
    for (let tries = 0; tries < 4; tries += 1) life.code(false);
    life.code(true);
    expect(life.state.status).to.equal('approved');
  });

  it('gets no new tries from a resend (NIST SP 800-63B-4: a new code does not reset the count)', () => {
    const life = beginAt('sms').at(14_000);
    life.attempted('sms', accepted);
    for (let tries = 0; tries < 5; tries += 1) life.code(false);
    life.at(30_000).resend();
    life.code(true);
    expect(code(life)).to.equal('code-attempts-exhausted');
  });

  it('leaves the app able to approve when all tries are used', () => {
    const life = beginAt('sms').at(14_000);
    for (let tries = 0; tries < 6; tries += 1) life.code(false);
    life.decide();
    expect(life.state.status).to.equal('approved');
  });

  it('is good after an acknowledgement, and whether or not a newer one was refused', () => {
    const life = beginAt('sms').at(14_000);
    life.attempted('sms', accepted);
    life.acknowledge();
    life.at(30_000).resend('sms');
    life.attempted('sms', refused);
    expect(codeAcceptable(life.state)).to.equal(true);
    life.code(true);
    expect(life.state.status).to.equal('approved');
  });

  it('that was tried in vain does not keep an undeliverable one alive', () => {
    const life = begin({ steps: [{ step: 'sms' }], reach: { enrolled: false } }).at(100);
    life.attempted('sms', accepted);
    for (let tries = 0; tries < 5; tries += 1) life.code(false);
    life.at(30_000).resend();
    life.at(30_100).attempted('sms', refused, { reach: nobody });
    expect(life.state.status).to.equal('undeliverable');
  });
});
