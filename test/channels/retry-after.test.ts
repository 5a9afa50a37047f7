// Retry-After in seconds and as a date.
import { expect } from 'chai';
import { parseRetryAfter } from '../../server/channels/retry-after.ts';

const now = Date.UTC(2026, 9, 21, 7, 28, 0);

describe('Retry-After', () => {
  const cases: [value: string | undefined, ms: number | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['120', 120_000],
    ['0', 0],
    [' 5 ', 5000],
    ['999999999999', 3_600_000],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
    ['Wed, 21 Oct 2099 07:28:00 GMT', 3_600_000],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026-10-21', undefined],
    ['Wed, 99 Oct 2026 07:28:00 GMT', undefined],
  ];
  for (const [value, ms] of cases) {
    it(`${JSON.stringify(value)} is ${ms} ms`, () => expect(parseRetryAfter(value, now)).to.equal(ms));
  }
});
