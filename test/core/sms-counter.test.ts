// What is remembered of sent SMS, and when it says no.
import { expect } from 'chai';
import {
  admitForNumber,
  convertInRange,
  coolDownMs,
  countForNumber,
  countInRange,
  type CountedInRange,
  type NumberCounter,
  type Range,
  type RangeCounter,
} from '../../server/core/sms-counter.ts';
import type { SmsLimits } from '../../server/core/sms-policy.ts';

const start = 1_800_000_000_000;
const minute = 60_000;
const limits: SmsLimits = {
  perNumber: 3,
  perPrefix: 100,
  perCountry: 5,
  perApplication: 5,
  perDay: 8,
  minConversionPercent: 10,
};

/** Counts `times` messages, the clock moving on by `gapMs` after each; stops at the first refusal. */
function flood(range: Range, times: number, gapMs = 0, known?: RangeCounter, from = start) {
  let counter = known;
  let last: CountedInRange = { next: undefined };
  let passed = 0;
  for (; passed < times; passed += 1) {
    last = countInRange(counter, range, limits, from + passed * gapMs);
    counter = last.next ?? counter;
    if (last.refused !== undefined) break;
  }
  return { counter: counter ?? expect.fail('nothing was counted'), last, passed };
}

describe('the counter of a number', () => {
  const send = (counter: NumberCounter | undefined, id: string, now: number) => {
    const { next, verdict } = countForNumber(counter, id, limits, now);
    return { counter: next ?? counter, verdict };
  };

  it('lets three messages through in any ten minutes', () => {
    let counter: NumberCounter | undefined;
    for (const id of ['a', 'b', 'c']) ({ counter } = send(counter, id, start));
    expect(send(counter, 'd', start + 10 * minute - 1).verdict).to.equal('refused');
    expect(send(counter, 'd', start + 10 * minute).verdict).to.equal('counted');
  });

  it('counts a message once, however often it comes', () => {
    let counter: NumberCounter | undefined;
    for (const id of ['a', 'a', 'a', 'b', 'c']) {
      const sent = send(counter, id, start);
      expect(sent.verdict).to.equal('counted');
      ({ counter } = sent);
    }
    expect(counter?.messages).to.have.length(3);
  });

  it('lets a message that was admitted pass for good', () => {
    const { counter } = send(undefined, 'a', start);
    const admitted = admitForNumber(counter ?? expect.fail(), 'a');
    expect(send(admitted, 'a', start + 9 * minute).verdict).to.equal('admitted');
    expect(send(admitted, 'b', start).verdict).to.equal('counted');
  });
});

describe('the counter of a range', () => {
  it('refuses what is over its limit, and tells that once in its time', () => {
    const { counter, last, passed } = flood('country', 99);
    expect(passed).to.equal(5);
    expect(last).to.deep.include({ refused: 'budget', alarm: { alarm: 'limit-reached', limit: 'country', most: 5 } });
    expect(countInRange(counter, 'country', limits, start + 1)).to.deep.equal({ next: undefined, refused: 'budget' });
  });

  it('tells it again when the limit is reached again later', () => {
    const first = flood('country', 99);
    const second = flood('country', 99, 0, first.counter, start + 11 * minute);
    expect(second.passed).to.equal(5);
    expect(second.last.alarm).to.deep.equal({ alarm: 'limit-reached', limit: 'country', most: 5 });
  });

  it('of an application also holds a budget for the day', () => {
    const { passed, last } = flood('application', 99, 5 * minute);
    expect(passed).to.equal(8);
    expect(last).to.deep.include({ refused: 'budget', alarm: { alarm: 'limit-reached', limit: 'day', most: 8 } });
    const { counter } = flood('application', 8, 5 * minute);
    expect(countInRange(counter, 'application', limits, start + 23 * 60 * minute).refused).to.equal('budget');
    expect(countInRange(counter, 'application', limits, start + 26 * 60 * minute).refused).to.equal(undefined);
  });
});

describe('the counter of a block of numbers', () => {
  const shut = () => flood('prefix', 99).counter;

  it('shuts after fifty messages that nobody used, and tells it once', () => {
    const { counter, last, passed } = flood('prefix', 99);
    expect(passed).to.equal(50);
    expect(last).to.deep.include({
      refused: 'fraud-guard',
      alarm: { alarm: 'low-conversion', sent: 50, converted: 0 },
    });
    expect(countInRange(counter, 'prefix', limits, start)).to.deep.equal({ next: undefined, refused: 'fraud-guard' });
  });

  it('stays open while a tenth of them is used', () => {
    let { counter } = flood('prefix', 49);
    for (let i = 0; i < 5; i += 1) counter = convertInRange(counter, start);
    expect(flood('prefix', 2, 0, counter).passed).to.equal(2);
    // 51 sent, 5 used.
    expect(flood('prefix', 3, 0, counter).last.refused).to.equal('fraud-guard');
  });

  it('opens as soon as people have typed their codes after all', () => {
    let counter = shut();
    for (let i = 0; i < 5; i += 1) {
      expect(countInRange(counter, 'prefix', limits, start + minute).refused).to.equal('fraud-guard');
      counter = convertInRange(counter, start + minute);
    }
    expect(countInRange(counter, 'prefix', limits, start + minute).refused).to.equal(undefined);
  });

  it('opens with a clean slate after half an hour: another fifty, and it shuts again', () => {
    const counter = shut();
    expect(countInRange(counter, 'prefix', limits, start + coolDownMs - 1).refused).to.equal('fraud-guard');
    const again = flood('prefix', 99, 0, counter, start + coolDownMs);
    expect(again.passed).to.equal(50);
    expect(again.last.alarm).to.include({ alarm: 'low-conversion', sent: 50 });
  });

  it('forgets what is older than an hour', () => {
    const { passed } = flood('prefix', 200, 2 * minute);
    expect(passed).to.equal(200);
  });

  it('never shuts when no part of them needs to be used', () => {
    const anyWillDo = { ...limits, minConversionPercent: 0 };
    const { counter } = flood('prefix', 50);
    expect(countInRange(counter, 'prefix', anyWillDo, start).refused).to.equal(undefined);
  });
});
