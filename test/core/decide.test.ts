// A device's answer: the challenge, the number it must carry, how wrong ones count, and what a repeated one is told.
import { expect } from 'chai';
import type { Answer } from '../../server/core/events.ts';
import { wrongNumberLimit } from '../../server/core/limits.ts';
import type { Matching } from '../../server/core/verification.ts';
import { begin, birth, unnumbered, type Life } from '../support/life.ts';

const at = (ms: number) => birth + ms;
const code = (answer: Answer): string => (answer.ok ? 'ok' : answer.code);
const withMatching = (matching: Matching): Life => begin({ facts: { matching } }).at(1_000);

describe('an approval', () => {
  it('ends it, with the signed answer as evidence', () => {
    const life = begin().at(1_000);
    life.decide({ evidence: 'header.payload.signature' });
    expect(life.state).to.deep.include({
      status: 'approved',
      rev: 2,
      endedAt: at(1_000),
      decision: {
        method: 'app',
        outcome: 'approved',
        at: at(1_000),
        deviceId: 'dev_a',
        evidence: 'header.payload.signature',
      },
    });
    expect(life.dueAt).to.equal(undefined);
    expect(life.webhooks()).to.deep.equal(['verification.approved']);
    expect([life.has('close'), life.has('drop-sends')]).to.deep.equal([true, true]);
  });

  it('needs no acknowledgement first', () => {
    const life = begin({ reach: { socket: { skip: 'no-device-online' }, push: { skip: 'no-push-token' } } }).at(1_000);
    life.decide();
    expect(life.state.status).to.equal('approved');
  });

  it('of another challenge is refused and counts nothing', () => {
    const life = begin().at(1_000);
    const before = life.state;
    life.decide({ challenge: 'of yesterday' });
    expect(code(life.answer)).to.equal('challenge-mismatch');
    life.knock(unnumbered({ decision: 'deny', challenge: 'of yesterday' }));
    expect(code(life.answer)).to.equal('challenge-mismatch');
    expect(life.state).to.equal(before);
  });
});

describe('a refusal', () => {
  it('denies, without a number', () => {
    const life = begin().at(1_000);
    life.knock(unnumbered({ decision: 'deny' }));
    expect(life.state.status).to.equal('denied');
    expect(life.state).to.have.property('decision').that.includes({ outcome: 'denied', method: 'app' });
    expect(life.state).to.have.property('decision').that.does.not.have.property('reported');
    expect(life.webhooks()).to.deep.equal(['verification.denied']);
  });

  it('that reports fraud denies and says so, in this order', () => {
    const life = begin().at(1_000);
    life.knock(unnumbered({ decision: 'report' }));
    expect(life.state.status).to.equal('denied');
    expect(life.state).to.have.property('decision').that.includes({ reported: true });
    expect(life.webhooks()).to.deep.equal(['verification.denied', 'verification.fraud_reported']);
    expect(life.notes()[0]).to.include({ type: 'answer', status: 'reported', deviceId: 'dev_a' });
  });

  it('is never turned by an approval that comes after it (S4)', () => {
    const life = begin().at(1_000);
    life.knock(unnumbered({ decision: 'deny' }));
    life.decide();
    expect(life.state.status).to.equal('denied');
    expect(code(life.answer)).to.equal('already-decided');
  });
});

describe('matching', () => {
  it('none: a tap, and a number is refused', () => {
    const life = withMatching({ mode: 'none' });
    life.decide({ number: '42' });
    expect([code(life.answer), life.state.status]).to.deep.equal(['invalid', 'pending']);
    life.knock(unnumbered({ decision: 'approve' }));
    expect(life.state.status).to.equal('approved');
  });

  it('choose: the first wrong one ends it as denied', () => {
    const life = withMatching({ mode: 'choose', number: '42', choices: ['17', '42', '99'] });
    life.decide({ number: '17' });
    expect(life.answer).to.deep.include({ code: 'number-incorrect', attemptsLeft: 0 });
    expect(life.state.status).to.equal('denied');
    expect(life.webhooks()).to.deep.equal(['verification.denied']);
  });

  for (const mode of ['enter', 'qr'] as const) {
    it(`${mode}: the third wrong one ends it as denied, whoever sent it`, () => {
      const life = withMatching({ mode, number: '42' });
      life.decide({ number: '11' });
      expect(life.answer).to.deep.include({ code: 'number-incorrect', attemptsLeft: 2 });
      life.decide({ number: '11', deviceId: 'dev_b' });
      expect(life.answer).to.deep.include({ code: 'number-incorrect', attemptsLeft: 1 });
      expect([life.state.status, life.dueAt]).to.deep.equal(['pending', 3_000]);
      life.decide({ number: '12' });
      expect(life.answer).to.deep.include({ code: 'number-incorrect', attemptsLeft: 0 });
      expect(life.state).to.deep.include({ status: 'denied', wrongNumbers: 3 });
      expect(life.state).to.have.property('decision').that.includes({ evidence: 'jws', deviceId: 'dev_a' });
    });

    it(`${mode}: the right one after two wrong ones approves`, () => {
      const life = withMatching({ mode, number: '42' });
      life.decide({ number: '11' });
      life.decide({ number: '12' });
      life.decide();
      expect(life.state.status).to.equal('approved');
    });
  }

  it('needs the number, and does not count an answer without one', () => {
    const life = begin().at(1_000);
    const before = life.state;
    life.knock(unnumbered({ decision: 'approve' }));
    expect(code(life.answer)).to.equal('invalid');
    expect(life.state).to.equal(before);
  });

  it('compares the text, not the value', () => {
    const life = withMatching({ mode: 'enter', number: '07', digits: 2 });
    for (const number of ['7', '007']) {
      life.decide({ number });
      expect(code(life.answer)).to.equal('number-incorrect');
    }
    life.decide({ number: '07' });
    expect(life.state.status).to.equal('approved');
  });

  it('has a limit for every mode', () => {
    expect(wrongNumberLimit).to.deep.equal({ none: 0, choose: 1, enter: 3, qr: 3 });
  });
});

describe('an answer sent again', () => {
  it('by the same device, the same in all that counts, is told the same', () => {
    const life = begin().at(1_000);
    life.decide();
    const before = life.state;
    for (const ms of [1_000, 2_000, 299_999]) {
      life.at(ms).decide({ evidence: 'another signature' });
      expect(life.answer).to.deep.equal({ ok: true });
      expect(life.state).to.equal(before);
    }
  });

  it('is told the same of a refusal and a report', () => {
    for (const decision of ['deny', 'report'] as const) {
      const life = begin().at(1_000);
      life.knock(unnumbered({ decision }));
      life.knock(unnumbered({ decision }));
      expect(life.answer.ok).to.equal(true);
    }
  });

  it('with a wrong number counts once and is told the same, while pending and after', () => {
    const life = begin().at(1_000);
    for (let times = 0; times < 5; times += 1) {
      life.decide({ number: '11' });
      expect(life.answer).to.deep.include({ code: 'number-incorrect', attemptsLeft: 2 });
    }
    expect(life.state).to.deep.include({ status: 'pending', wrongNumbers: 1 });
    life.decide({ number: '12' });
    life.decide({ number: '13' });
    life.decide({ number: '13' });
    expect(life.answer).to.deep.include({ code: 'number-incorrect', attemptsLeft: 0 });
    life.decide({ number: '11' });
    expect(life.answer, 'its own first answer').to.deep.include({ code: 'number-incorrect', attemptsLeft: 2 });
  });

  it('by another device, or with another number or decision, is told what won', () => {
    const life = begin().at(1_000);
    life.decide();
    for (const other of [{ deviceId: 'dev_b' }, { number: '43' }, { challenge: 'other' }]) {
      life.decide(other);
      expect(code(life.answer), JSON.stringify(other)).to.equal('already-decided');
    }
    life.knock(unnumbered({ decision: 'deny' }));
    expect(code(life.answer)).to.equal('already-decided');
  });

  it('after the deadline is too late, however it ended', () => {
    const life = begin().at(1_000);
    life.decide();
    for (const ms of [300_000, 300_001, 3_600_000]) {
      life.at(ms).decide();
      expect(code(life.answer)).to.equal('verification-expired');
      life.at(ms).decide({ deviceId: 'dev_b' });
      expect(code(life.answer)).to.equal('verification-expired');
    }
    expect(life.state.status).to.equal('approved');
  });

  it('to one that ended otherwise is told how', () => {
    const life = begin().at(1_000);
    life.cancel();
    life.decide();
    expect(code(life.answer)).to.equal('already-decided');
  });
});

describe('a trusted browser', () => {
  it('approves at creation: nothing is sent, and every step says why', () => {
    const life = begin({ trustedBrowserId: 'tru_1' });
    expect(life.state).to.deep.include({
      status: 'approved',
      rev: 1,
      decision: { method: 'trusted-browser', outcome: 'approved', at: birth, trustedBrowserId: 'tru_1' },
    });
    expect(life.delivery()).to.deep.equal({
      socket: 'skipped: trusted-browser',
      push: 'skipped: trusted-browser',
      sms: 'skipped: trusted-browser',
    });
    expect(life.sends()).to.deep.equal([]);
    expect(life.has('prompt')).to.equal(false);
    expect(life.webhooks()).to.deep.equal(['verification.approved']);
  });
});

describe('a cancellation', () => {
  for (const by of ['relying-party', 'browser'] as const) {
    it(`by the ${by} ends it and takes prompts down`, () => {
      const life = begin().at(1_000);
      life.knock({ type: 'cancel', by });
      expect(life.state).to.deep.include({ status: 'canceled', canceledBy: by, endedAt: at(1_000) });
      expect(life.has('close')).to.equal(true);
      expect(life.webhooks()).to.deep.equal(['verification.canceled']);
    });
  }
});
