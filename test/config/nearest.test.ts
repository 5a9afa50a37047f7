// A mistyped name finds the one that was meant, or none.
import { expect } from 'chai';
import { nearest } from '../../server/config/nearest.ts';

describe('the nearest name', () => {
  const cases: [name: string, known: string[], found: string | undefined][] = [
    ['abc', ['abc'], 'abc'],
    ['kitten', ['sitting', 'bitten'], 'bitten'],
    ['abcdefghi', ['abcdef'], undefined],
    ['abcdefgh', ['abcdef'], 'abcdef'],
    ['abc', ['abcdefghi'], undefined],
    ['abcdef', ['abcdefghi'], 'abcdefghi'],
    ['xbcdeyghz', ['abcdefghi'], 'abcdefghi'],
    ['xbcdeyghzz', ['abcdefghi'], undefined],
    ['', ['abc'], undefined],
    ['abc', [], undefined],
  ];
  for (const [name, known, found] of cases) {
    it(`of ${JSON.stringify(name)} among ${known.join(', ')} is ${found}`, () =>
      expect(nearest(name, known)).to.equal(found));
  }
});
