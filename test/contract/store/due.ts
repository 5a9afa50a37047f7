// The due index: claims, leases, fences, tries, and when to wake.
import { expect } from 'chai';
import type { DueClaim } from '../../../server/ports/store.ts';
import { givenStore } from './each.ts';
import {
  approvedOf,
  expiredOf,
  laterOf,
  mustCommit,
  nowOf,
  pendingOf,
  putDue,
  putOf,
  someUser,
  soon,
} from './fixture.ts';
import type { OpenFixture } from './fixture.ts';

const leaseMs = 2_000;

export function describeDue(open: OpenFixture): void {
  describe('claimDue', () => {
    const given = givenStore(open);
    const claim = async (limit = 100): Promise<DueClaim[]> => (await given.store.claimDue({ limit, leaseMs })).claims;
    const idsOf = (claims: DueClaim[]): string[] => claims.map(({ verificationId }) => verificationId);

    it('takes nothing before its time, and what is due at its time', async () => {
      const pending = pendingOf(someUser(), (await nowOf(given.store)) + soon);
      await mustCommit(given.store, { puts: [putOf(pending)] });
      expect(await claim()).to.deep.equal([]);
      await given.advance(soon);
      expect(idsOf(await claim())).to.deep.equal([pending.id]);
    });

    it('takes the earliest first, as many as asked, across users', async () => {
      const now = await nowOf(given.store);
      const due = [30, 10, 50, 20, 40].map((ago) => pendingOf(someUser(), now - ago));
      for (const pending of due) await mustCommit(given.store, { puts: [putOf(pending)] });
      const [at30, at10, at50, at20, at40] = due.map(({ id }) => id);
      expect(idsOf(await claim(2))).to.deep.equal([at50, at40]);
      expect(idsOf(await claim(2))).to.deep.equal([at30, at20]);
      expect(idsOf(await claim(2))).to.deep.equal([at10]);
    });

    it('passes over what is leased until the lease has run out; fences rise, tries count', async () => {
      const pending = await putDue(given.store);
      const fences = [];
      for (const tries of [1, 2, 3, 4]) {
        const [claimed] = await claim();
        expect(claimed).to.include({ verificationId: pending.id, tries });
        fences.push(claimed!.fence);
        expect(await claim()).to.deep.equal([]);
        await given.advance(leaseMs);
      }
      expect(fences).to.deep.equal([...new Set(fences)].toSorted((a, b) => a - b));
    });

    it('counts tries anew once the verification has changed, and goes on raising the fence', async () => {
      const pending = await putDue(given.store);
      const [first] = await claim();
      await given.advance(leaseMs);
      const [second] = await claim();
      await mustCommit(given.store, { puts: [putOf(laterOf(pending))], claim: second! });
      const [third] = await claim();
      expect(third).to.include({ tries: 1 });
      expect(third!.fence).to.be.above(second!.fence).and.above(first!.fence);
    });

    it('follows the due time of each change', async () => {
      const pending = await putDue(given.store);
      const [claimed] = await claim();
      const now = await nowOf(given.store);
      await mustCommit(given.store, { puts: [putOf(laterOf(pending, { dueAt: now + soon }))], claim: claimed! });
      await given.advance(leaseMs);
      expect(await claim()).to.deep.equal([]);
      await given.advance(soon);
      expect(idsOf(await claim())).to.deep.equal([pending.id]);
    });

    it('frees a leased verification when somebody else changes it', async () => {
      const pending = await putDue(given.store);
      await claim();
      await mustCommit(given.store, { puts: [putOf(laterOf(pending))] });
      expect(idsOf(await claim())).to.deep.equal([pending.id]);
    });

    it('never takes what has ended', async () => {
      const [expired, approved, leased] = [
        await putDue(given.store),
        await putDue(given.store),
        await putDue(given.store),
      ];
      await mustCommit(given.store, { puts: [putOf(expiredOf(expired))] });
      await mustCommit(given.store, { puts: [putOf(approvedOf(approved, 'dev'))] });
      expect(idsOf(await claim())).to.deep.equal([leased.id]);
      await mustCommit(given.store, { puts: [putOf(expiredOf(leased))] });
      await given.advance(leaseMs);
      expect(await claim()).to.deep.equal([]);
    });

    it('gives each to one caller only', async () => {
      const now = await nowOf(given.store);
      const due = Array.from({ length: 60 }, () => pendingOf(someUser(), now - 10));
      await Promise.all(due.map((pending) => mustCommit(given.store, { puts: [putOf(pending)] })));
      const other = await given.again();
      const claims = await Promise.all(Array.from({ length: 20 }, () => other.claimDue({ limit: 5, leaseMs })));
      const ids = claims.flatMap((answer) => idsOf(answer.claims));
      expect(ids).to.have.length(60);
      expect(new Set(ids)).to.deep.equal(new Set(due.map(({ id }) => id)));
    });
  });

  describe('release and nextWake, of verifications', () => {
    const given = givenStore(open);
    const claim = async (): Promise<DueClaim[]> => (await given.store.claimDue({ limit: 9, leaseMs })).claims;

    it('hands back a lease, so that the next claim need not wait', async () => {
      await putDue(given.store);
      const [first] = await claim();
      await given.store.release({ due: [first!] });
      const [second] = await claim();
      expect(second).to.include({ verificationId: first!.verificationId, tries: 2 });
      await given.store.release({ due: [first!] });
      expect(await claim(), 'an old fence frees nothing').to.deep.equal([]);
      await given.store.release({});
    });

    it('knows nothing to wake for when nothing waits', async () => {
      expect(await given.store.nextWake()).to.deep.include({ dueAt: undefined, outboxAt: {} });
      const pending = await putDue(given.store);
      await mustCommit(given.store, { puts: [putOf(expiredOf(pending))] });
      expect(await given.store.nextWake()).to.deep.include({ dueAt: undefined });
    });

    it('wakes for the earliest, overdue or not, and for a lease that will run out', async () => {
      const now = await nowOf(given.store);
      const late = pendingOf(someUser(), now + 2 * soon);
      const early = pendingOf(someUser(), now + soon);
      await mustCommit(given.store, { puts: [putOf(late)] });
      await mustCommit(given.store, { puts: [putOf(early)] });
      expect((await given.store.nextWake()).dueAt).to.equal(now + soon);
      await given.advance(soon);
      expect((await given.store.nextWake()).dueAt).to.equal(now + soon);
      const [claimed] = await claim();
      const leased = await given.store.nextWake();
      expect(leased.dueAt).to.be.within(now + soon + leaseMs, leased.now + leaseMs);
      await mustCommit(given.store, { puts: [putOf(expiredOf(early))], claim: claimed! });
      expect((await given.store.nextWake()).dueAt).to.equal(now + 2 * soon);
    });
  });
}
