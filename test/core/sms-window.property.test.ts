// Whatever comes when: no stretch of time as long as the window holds more than the limit, and room comes back in time.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { add, countIn, current, takeBack, type Bucket, type Window } from '../../server/core/sms-window.ts';

const window: Window = { lengthMs: 600_000, bucketMs: 60_000 };

/** What is let through of what arrives, one by one, under a limit. */
function admitted(
  arrivals: readonly number[],
  most: number,
): { taken: number[]; refused: number[]; buckets: Bucket[] } {
  let buckets: Bucket[] = [];
  const taken: number[] = [];
  const refused: number[] = [];
  for (const at of arrivals) {
    if (countIn(buckets, window, at) >= most) {
      refused.push(at);
      continue;
    }
    buckets = add(buckets, window, at);
    taken.push(at);
  }
  return { taken, refused, buckets };
}

const within = (times: readonly number[], after: number, upTo: number) =>
  times.filter((time) => time > after && time <= upTo).length;

/** Steps of very different sizes, so that bursts, trickles and long silences all come up. */
const arrivals = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 0, max: 120_000 }),
      fc.integer({ min: 0, max: 900_000 }),
    ),
    {
      maxLength: 200,
    },
  )
  .chain((gaps) =>
    fc
      .integer({ min: 0, max: 1e13 })
      .map((start) => gaps.map((gap, index) => start + gaps.slice(0, index).reduce((sum, one) => sum + one, gap))),
  );

describe('a window of buckets', () => {
  it('never lets more than the limit through in any stretch of its length', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 20 }), (times, most) => {
        const { taken } = admitted(times, most);
        for (const end of taken) expect(within(taken, end - window.lengthMs, end)).to.be.at.most(most);
      }),
    );
  });

  it('refuses only when the limit was used up in its length and one bucket more', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 20 }), (times, most) => {
        const { taken, refused } = admitted(times, most);
        const { lengthMs, bucketMs } = window;
        for (const at of refused) expect(within(taken, at - lengthMs - bucketMs, at)).to.be.at.least(most);
      }),
    );
  });

  it('is as if it had not been, what is taken back', () => {
    fc.assert(
      fc.property(arrivals, fc.nat(), (times, chosen) => {
        const { buckets, taken } = admitted(times, 1_000);
        const [last, at] = [times.at(-1) ?? 0, taken[chosen % Math.max(1, taken.length)] ?? 0];
        const others = taken.toSpliced(taken.indexOf(at), 1);
        const without = admitted(others, 1_000).buckets;
        expect(countIn(takeBack(buckets, window, at), window, last)).to.equal(countIn(without, window, last));
      }),
    );
  });

  it('stays small, whatever comes', () => {
    fc.assert(
      fc.property(arrivals, (times) => {
        const { buckets } = admitted(times, 1_000);
        expect(buckets).to.have.length.of.at.most(window.lengthMs / window.bucketMs + 2);
      }),
    );
  });

  it('counts on when the clock is set back a little, and forgets what lies too far ahead', () => {
    const now = 1_800_000_000_000;
    const buckets = add(add([], window, now), window, now + 90_000);
    expect(countIn(buckets, window, now - 60_000)).to.equal(2);
    expect(countIn(add([], window, now + 86_400_000), window, now)).to.equal(0);
    expect(current(add([], window, now), window, now + window.lengthMs + window.bucketMs)).to.deep.equal([]);
  });
});
