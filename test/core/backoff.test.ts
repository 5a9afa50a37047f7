// Backoff stays inside its bounds for every try and every throw of the dice.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { backoffMs } from '../../server/core/backoff.ts';

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  it('doubles its cap with every try', () => {
    const nearlyOne = 1 - Number.EPSILON;
    expect([1, 2, 3, 4].map((tries) => backoffMs(tries, nearlyOne))).to.deep.equal([499, 999, 1_999, 3_999]);
  });

  it('is spread over all of it: full jitter', () => {
    expect([0, 0.25, 0.5].map((random) => backoffMs(2, random))).to.deep.equal([0, 250, 500]);
  });

  it('is whole, never negative and never above its maximum, however many tries', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fraction,
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat(1e7),
        (tries, random, baseMs, maxMs) => {
          const ms = backoffMs(tries, random, { baseMs, maxMs });
          expect(Number.isInteger(ms)).to.equal(true);
          expect(ms).to.be.within(0, maxMs);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('has half a minute as its default maximum', () => {
    expect(backoffMs(50, 0.999_999)).to.be.within(29_000, 30_000);
  });
});
