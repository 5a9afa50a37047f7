// The bound of the cache, and who goes first when it is reached.
import { expect } from 'chai';
import { createBoundedCache } from '../../server/security/bounded-cache.ts';

describe('a bounded cache', () => {
  const filled = () => {
    const made: string[] = [];
    const cache = createBoundedCache<string>(3);
    const use = (key: string): string =>
      cache.get(key, () => {
        made.push(key);
        return key.toUpperCase();
      });
    return { cache, made, use };
  };

  it('makes a value once and holds it', () => {
    const { made, use } = filled();
    expect([use('a'), use('a'), use('b')]).to.deep.equal(['A', 'A', 'B']);
    expect(made).to.deep.equal(['a', 'b']);
  });

  it('never grows past its bound', () => {
    const { cache, use } = filled();
    for (let n = 0; n < 1_000; n += 1) use(`k${n}`);
    expect(cache.size).to.equal(3);
  });

  it('lets go of what was not used for longest', () => {
    const { made, use } = filled();
    for (const key of ['a', 'b', 'c', 'a', 'd']) use(key);
    made.length = 0;
    for (const key of ['a', 'c', 'd']) use(key);
    expect(made).to.deep.equal([]);
    use('b');
    expect(made).to.deep.equal(['b']);
  });

  it('holds nothing when making fails', () => {
    const { cache, use } = filled();
    const fail = () =>
      cache.get('a', () => {
        throw new Error('no');
      });
    expect(fail).to.throw('no');
    expect(cache.size).to.equal(0);
    expect(use('a')).to.equal('A');
  });

  it('holds undefined and empty values too', () => {
    const cache = createBoundedCache<string | undefined>(2);
    let made = 0;
    const make = (): undefined => {
      made += 1;
    };
    cache.get('a', make);
    cache.get('a', make);
    expect(made).to.equal(1);
  });

  it('forgets what is deleted', () => {
    const { cache, made, use } = filled();
    use('a');
    cache.delete('a');
    use('a');
    expect(made).to.deep.equal(['a', 'a']);
  });
});
