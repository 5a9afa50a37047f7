// Many at once on one record: one winner for each rev, and no update is lost.
import { expect } from 'chai';
import type { Store } from '../../../server/ports/store.ts';
import { givenStore } from './each.ts';
import {
  approvedOf,
  expiredOf,
  mustCommit,
  nowOf,
  pendingOf,
  putOf,
  someUser,
  soon,
  userOf,
  type OpenFixture,
} from './fixture.ts';

export function describeConcurrency(open: OpenFixture): void {
  describe('contention', () => {
    const given = givenStore(open);

    it('lets one of 1,000 simultaneous writers of a rev win', async () => {
      const pending = pendingOf(someUser(), (await nowOf(given.store)) + soon);
      await mustCommit(given.store, { puts: [putOf(pending)] });
      const results = await Promise.all(
        Array.from({ length: 1_000 }, (_, i) =>
          given.store.commit({ puts: [putOf(i % 2 === 0 ? approvedOf(pending, `dev_${i}`) : expiredOf(pending))] }),
        ),
      );
      expect(results.filter(({ ok }) => ok)).to.have.length(1);
      expect(results.filter((result) => !result.ok && result.conflict === 'stale')).to.have.length(999);
      const [stored] = (await given.store.read([{ kind: 'verification', id: pending.id }])).records;
      const winner = results.findIndex(({ ok }) => ok);
      expect(stored).to.deep.equal(winner % 2 === 0 ? approvedOf(pending, `dev_${winner}`) : expiredOf(pending));
    });

    // Each increment is a durable write of its own: on a slow disk they take their time.
    it('loses none of 1,000 increments by 20 who read, add and try again', async function () {
      this.timeout(60_000);
      const user = someUser();
      await mustCommit(given.store, { puts: [{ kind: 'user', record: userOf(user, { createdAt: 0 }) }] });
      const other = await given.again();
      const wins: number[] = [];
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          for (let i = 0; i < 50; i += 1) wins.push(await increment(other, userOf(user).id));
        }),
      );
      expect(wins.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 1_000 }, (_, i) => i + 2));
      const { records } = await other.read([{ kind: 'user', id: userOf(user).id }]);
      expect(records[0]).to.include({ rev: 1_001, createdAt: 1_000 });
    });
  });
}

/** Adds one to a field that stands for a counter, and answers the rev it won. */
async function increment(store: Store, id: string): Promise<number> {
  for (;;) {
    const [found] = (await store.read([{ kind: 'user', id }])).records;
    const record = { ...found!, rev: found!.rev + 1, createdAt: found!.createdAt + 1 };
    if ((await store.commit({ puts: [{ kind: 'user', record }] })).ok) return record.rev;
  }
}
