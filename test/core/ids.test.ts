// Ids: their form, and the shard of the user that each one carries.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { makeId, shardOf, shardOfId } from '../../server/core/ids.ts';

const user = fc.record({ app: fc.string(), id: fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }) });

describe('ids', () => {
  it('are the prefix, the UUID without dashes, and the shard', () => {
    const uuid = '019a5f0c-2b7e-7d4f-8a1b-2c3d4e5f6071';
    expect(makeId('ver', uuid, '8a')).to.equal('ver_019a5f0c2b7e7d4f8a1b2c3d4e5f60718a');
  });

  it('carry the shard of their user, which never changes', () => {
    fc.assert(
      fc.property(user, fc.uuid(), ({ app, id }, uuid) => {
        const shard = shardOf(app, id);
        expect(shard).to.match(/^[0-9a-f]{2}$/);
        expect(shardOf(app, id)).to.equal(shard);
        expect(shardOfId(makeId('dev', uuid, shard))).to.equal(shard);
      }),
      { numRuns: 500 },
    );
  });

  it('keep the shards that stored ids already end in', () => {
    // Changing the hash would part users from their records.
    expect([
      shardOf('app_1', 'alice'),
      shardOf('app_1', 'bob'),
      shardOf('app_2', 'alice'),
      shardOf('app_1', '🙂'),
    ]).to.deep.equal(pinned);
  });

  it('tell the application from the user', () => {
    const shards = new Set<string>();
    for (let cut = 0; cut <= 16; cut += 1)
      shards.add(shardOf('abcdefghijklmnop'.slice(0, cut), 'abcdefghijklmnop'.slice(cut)));
    expect(shards.size).to.be.greaterThan(10);
  });

  it('spread users evenly: no shard has three times its share', () => {
    const counts = new Map<string, number>();
    const users = 25_600;
    for (let n = 0; n < users; n += 1) {
      const shard = shardOf('app_1', `user-${n}`);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(counts.size).to.equal(256);
    expect(Math.max(...counts.values())).to.be.below((3 * users) / 256);
  });
});

const pinned = ['b0', '63', 'f5', 'ce'];
