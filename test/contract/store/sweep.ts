// Forgetting: what has outlived its `forgetAt` goes, with what hangs on it.
import { expect } from 'chai';
import { givenStore } from './each.ts';
import {
  deviceOf,
  enrollmentOf,
  expiredOf,
  laterOf,
  mustCommit,
  nowOf,
  pendingOf,
  putOf,
  someUser,
  soon,
} from './fixture.ts';
import type { OpenFixture } from './fixture.ts';

export function describeSweep(open: OpenFixture): void {
  describe('sweep', () => {
    const given = givenStore(open);

    it('deletes what has outlived its time, and answers how many', async () => {
      const user = someUser();
      const now = await nowOf(given.store);
      const [early, late, kept] = [enrollmentOf(user), enrollmentOf(user), deviceOf(user)];
      await mustCommit(given.store, {
        puts: [
          { kind: 'enrollment', record: early, forgetAt: now + soon },
          { kind: 'enrollment', record: late, forgetAt: now + 3 * soon },
          { kind: 'device', record: kept },
        ],
      });
      expect(await given.store.sweep({ limit: 10 })).to.equal(0);
      await given.advance(soon);
      expect(await given.store.sweep({ limit: 10 })).to.equal(1);
      expect(await given.store.sweep({ limit: 10 })).to.equal(0);
      const { records } = await given.store.read([
        { kind: 'enrollment', id: early.id },
        { kind: 'enrollment', id: late.id },
        { kind: 'device', id: kept.id },
      ]);
      expect(records).to.deep.equal([undefined, late, kept]);
    });

    it('deletes verifications with their timelines, out of lists and for a new rev 1', async () => {
      const now = await nowOf(given.store);
      const pending = pendingOf(someUser(), now);
      const timeline = { verificationId: pending.id, entries: [{ at: now, type: 'created' as const }] };
      await mustCommit(given.store, { puts: [putOf(pending)], timeline });
      await mustCommit(given.store, { puts: [putOf(expiredOf(pending), now + soon)] });
      await given.advance(soon);
      expect(await given.store.sweep({ limit: 10 })).to.equal(1);
      expect((await given.store.read([{ kind: 'verification', id: pending.id }])).records).to.deep.equal([undefined]);
      expect((await given.store.timeline(pending.id)).entries).to.deep.equal([]);
      await mustCommit(given.store, { puts: [putOf(pending)] });
      expect((await given.store.timeline(pending.id)).entries).to.deep.equal([]);
    });

    it('deletes no more than asked at a time, of all kinds together', async () => {
      const user = someUser();
      const now = await nowOf(given.store);
      for (let i = 0; i < 4; i += 1) {
        const pending = pendingOf(user, now);
        await mustCommit(given.store, { puts: [putOf(pending)] });
        await mustCommit(given.store, { puts: [putOf(expiredOf(pending), now - 1)] });
        await mustCommit(given.store, {
          puts: [{ kind: 'enrollment', record: enrollmentOf(user), forgetAt: now - 1 }],
        });
      }
      const swept = [];
      for (let i = 0; i < 4; i += 1) swept.push(await given.store.sweep({ limit: 3 }));
      expect(swept).to.deep.equal([3, 3, 2, 0]);
    });

    it('goes by the last put, with and without a time', async () => {
      const user = someUser();
      const now = await nowOf(given.store);
      const [kept, moved] = [deviceOf(user), deviceOf(user)];
      for (const record of [kept, moved])
        await mustCommit(given.store, { puts: [{ kind: 'device', record, forgetAt: now - 1 }] });
      await mustCommit(given.store, { puts: [{ kind: 'device', record: { ...kept, rev: 2 } }] });
      await mustCommit(given.store, { puts: [{ kind: 'device', record: { ...moved, rev: 2 }, forgetAt: now + soon }] });
      expect(await given.store.sweep({ limit: 10 })).to.equal(0);
      await given.advance(soon);
      expect(await given.store.sweep({ limit: 10 })).to.equal(1);
    });

    it('never loses a pending verification: it goes once it has ended', async () => {
      const now = await nowOf(given.store);
      const pending = pendingOf(someUser(), now + soon);
      await mustCommit(given.store, { puts: [putOf(pending, now - 1)] });
      expect(await given.store.sweep({ limit: 10 })).to.equal(0);
      await mustCommit(given.store, { puts: [putOf(expiredOf(laterOf(pending, { rev: 1 })), now - 1)] });
      expect(await given.store.sweep({ limit: 10 })).to.equal(1);
    });
  });
}
