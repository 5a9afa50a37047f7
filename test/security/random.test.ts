// Chance: ids in the order of time, secrets of the asked size, numbers that reach every value.
import { expect } from 'chai';
import { createRandom } from '../../server/security/random.ts';

const random = createRandom();

describe('randomness', () => {
  it('makes UUIDs version 7, unique and in order (RFC 9562)', () => {
    const ids = Array.from({ length: 5_000 }, () => random.uuid());
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ids.toSorted()).to.deep.equal(ids);
  });

  it('makes secrets of as many bytes as asked, never twice the same', () => {
    const made = Array.from({ length: 1_000 }, () => random.secret(32));
    for (const secret of made) expect(secret).to.match(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(made).size).to.equal(made.length);
    expect(Buffer.from(random.secret(16), 'base64url')).to.have.length(16);
  });

  it('draws integers below the bound, all of them', () => {
    const drawn = new Set(Array.from({ length: 500 }, () => random.integer(7)));
    expect([...drawn]).to.have.members([0, 1, 2, 3, 4, 5, 6]);
    expect(random.integer(1)).to.equal(0);
    expect(() => random.integer(0)).to.throw(RangeError);
  });

  it('draws fractions from 0 to below 1', () => {
    const drawn = Array.from({ length: 500 }, () => random.fraction());
    for (const fraction of drawn) expect(fraction).to.be.within(0, 1 - Number.EPSILON / 2);
    expect(new Set(drawn).size).to.be.above(490);
  });
});
