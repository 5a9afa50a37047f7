// Refusals: stale, late and fenced, and that a refused unit changes nothing.
import { expect } from 'chai';
import type { Store, Unit } from '../../../server/ports/store.ts';
import { givenStore } from './each.ts';
import { deviceOf, expiredOf, idFor, laterOf, mustCommit, nowOf, pendingOf, pushOf, putDue, putOf } from './fixture.ts';
import { settling, someUser, soon, userOf, webhookOf, type OpenFixture } from './fixture.ts';

export function describeConflicts(open: OpenFixture): void {
  describe('commit: stale', () => {
    const given = givenStore(open);

    it('takes a record only at one above the stored rev', async () => {
      const device = deviceOf(someUser());
      const tries = [2, 0, 1, 1, 3, 2, 2, 4, 3];
      const taken = [];
      for (const rev of tries) {
        const result = await given.store.commit({
          puts: [{ kind: 'device', record: { ...device, rev, name: `at ${rev}` } }],
        });
        taken.push(result.ok ? rev : result.conflict);
      }
      expect(taken).to.deep.equal(['stale', 'stale', 1, 'stale', 'stale', 2, 'stale', 'stale', 3]);
      const { records } = await given.store.read([{ kind: 'device', id: device.id }]);
      expect(records[0]).to.include({ rev: 3, name: 'at 3' });
    });

    it('takes a verification only at one above the stored rev', async () => {
      const pending = pendingOf(someUser(), (await nowOf(given.store)) + soon);
      const taken = [];
      for (const rev of [2, 0, 1, 1, 3, 2]) {
        const result = await given.store.commit({ puts: [putOf({ ...pending, rev })] });
        taken.push(result.ok ? rev : result.conflict);
      }
      expect(taken).to.deep.equal(['stale', 'stale', 1, 'stale', 'stale', 2]);
    });

    it('refuses when what was read has changed, has gone or was never there', async () => {
      const user = someUser();
      const device = deviceOf(user);
      const unitWith = (rev: number, id = device.id): Unit => ({
        puts: [{ kind: 'user', record: userOf(user) }],
        unchanged: [{ kind: 'device', id, rev }],
      });
      await mustCommit(given.store, { puts: [{ kind: 'device', record: device }] });
      await mustCommit(given.store, { puts: [{ kind: 'device', record: { ...device, rev: 2 } }] });
      expect(await given.store.commit(unitWith(1))).to.include({ ok: false, conflict: 'stale' });
      expect(await given.store.commit(unitWith(3))).to.include({ ok: false, conflict: 'stale' });
      expect(await given.store.commit(unitWith(1, idFor('dev', user)))).to.include({ ok: false, conflict: 'stale' });
      expect(await given.store.commit(unitWith(2))).to.include({ ok: true });
      await mustCommit(given.store, {
        removes: [
          { kind: 'device', id: device.id },
          { kind: 'user', id: userOf(user).id },
        ],
      });
      expect(await given.store.commit(unitWith(2))).to.include({ ok: false, conflict: 'stale' });
    });

    it('compares what is unchanged before it writes', async () => {
      const pending = await putDue(given.store);
      const unchanged = [{ kind: 'verification', id: pending.id, rev: 1 } as const];
      expect(await given.store.commit({ puts: [putOf(laterOf(pending))], unchanged })).to.include({ ok: true });
    });
  });

  describe('commit: late', () => {
    const given = givenStore(open);

    it('refuses from the very millisecond of `before` on', async () => {
      const pending = await putDue(given.store);
      const now = await nowOf(given.store);
      expect(await given.store.commit({ puts: [putOf(laterOf(pending))], before: now })).to.include({
        conflict: 'late',
      });
      expect(await given.store.commit({ puts: [putOf(laterOf(pending))], before: now + soon })).to.include({
        ok: true,
      });
      await given.advance(soon);
      const again = laterOf(laterOf(pending));
      expect(await given.store.commit({ puts: [putOf(again)], before: now + soon })).to.include({ conflict: 'late' });
      expect(await given.store.commit({ puts: [putOf(again)] })).to.include({ ok: true });
    });
  });

  describe('commit: fenced', () => {
    const given = givenStore(open);
    const claimOne = async (): Promise<{ verificationId: string; fence: number }> => {
      const { claims } = await given.store.claimDue({ limit: 1, leaseMs: 2_000 });
      return claims[0]!;
    };

    it('refuses whoever was overtaken by another claim, and takes the other', async () => {
      const pending = await putDue(given.store);
      const first = await claimOne();
      await given.advance(2_000);
      const second = await claimOne();
      const unit = { puts: [putOf(expiredOf(pending))] };
      expect(await given.store.commit({ ...unit, claim: first })).to.include({ ok: false, conflict: 'fenced' });
      expect(await given.store.commit({ ...unit, claim: second })).to.include({ ok: true });
    });

    it('takes a claim whose lease has run out as long as nobody else claimed', async () => {
      const pending = await putDue(given.store);
      const claim = await claimOne();
      await given.advance(10_000);
      expect(await given.store.commit({ puts: [putOf(expiredOf(pending))], claim })).to.include({ ok: true });
    });

    it('refuses the claim of a verification that is gone', async () => {
      const pending = await putDue(given.store);
      const claim = await claimOne();
      await mustCommit(given.store, { removes: [{ kind: 'verification', id: pending.id }] });
      expect(await given.store.commit({ claim })).to.include({ conflict: 'fenced' });
    });
  });

  describe('commit: all or nothing', () => {
    const given = givenStore(open);

    it('changes nothing when refused, whatever the reason and wherever it stands', async () => {
      const scene = await setScene(given.store);
      await given.advance(2_000);
      await given.store.claimDue({ limit: 1, leaseMs: 1_000 });
      const before = await pictureOf(given.store, scene);
      const { user, pending, claim, message, full } = scene;
      const stale = putOf({ ...pendingOf(user, 1), rev: 7 });
      const refusals: Unit[] = [
        { ...full, puts: [...(full.puts ?? []), stale] },
        { ...full, puts: [stale, ...(full.puts ?? [])] },
        { ...full, unchanged: [{ kind: 'verification', id: pending.id, rev: 9 }] },
        { ...full, before: await nowOf(given.store) },
        { ...full, claim },
        { ...full, ...settling({ ...message, fence: message.fence + 1_000 }, 'done') },
        { ...full, ...settling({ id: 'no such message', fence: 1 }, 'done') },
      ];
      const told = [];
      for (const unit of refusals) {
        const result = await given.store.commit(unit);
        told.push(result.ok || result.conflict);
        expect(await pictureOf(given.store, scene)).to.deep.equal(before);
      }
      expect(told).to.deep.equal(['stale', 'stale', 'stale', 'late', 'fenced', 'fenced', 'fenced']);
      await mustCommit(given.store, full);
      expect(await pictureOf(given.store, scene)).not.to.deep.equal(before);
    });

    it('does not hurt its neighbours of the same moment', async () => {
      const user = someUser();
      const now = await nowOf(given.store);
      const verifications = Array.from({ length: 20 }, () => pendingOf(user, now + soon));
      const results = await Promise.all(
        verifications.map((pending, i) =>
          given.store.commit({ puts: [putOf(i % 2 === 0 ? pending : { ...pending, rev: 5 })] }),
        ),
      );
      expect(results.map(({ ok }) => ok)).to.deep.equal(verifications.map((_, i) => i % 2 === 0));
      const { records } = await given.store.list({ kind: 'verification', ...user });
      expect(records).to.have.length(10);
    });
  });
}

/** A claimed verification with a claimed push, and a unit that changes all that can be changed. */
async function setScene(store: Store) {
  const user = someUser();
  const device = deviceOf(user);
  const pending = await putDue(store, user);
  await mustCommit(store, {
    puts: [{ kind: 'device', record: device }],
    enqueue: [pushOf(pending, 'a'), pushOf(pending, 'b', { notBefore: (await nowOf(store)) + soon })],
  });
  const claim = (await store.claimDue({ limit: 1, leaseMs: 2_000 })).claims[0]!;
  const message = (await store.claimOutbox({ topics: ['push'], limit: 1, leaseMs: soon })).messages[0]!;
  const full: Unit = {
    puts: [
      putOf(laterOf(pending, { action: 'changed', dueAt: pending.dueAt + 2 * soon })),
      { kind: 'user', record: userOf(user) },
    ],
    removes: [{ kind: 'device', id: device.id }],
    timeline: { verificationId: pending.id, entries: [{ at: 1, type: 'code' }] },
    ...settling(message, 'done'),
    dropSends: pending.id,
    enqueue: [webhookOf(pending, 'new')],
  };
  return { user, device, pending, claim, message, full };
}

async function pictureOf(store: Store, { user, device, pending }: Awaited<ReturnType<typeof setScene>>) {
  const { records } = await store.read([
    { kind: 'verification', id: pending.id },
    { kind: 'user', id: userOf(user).id },
    { kind: 'device', id: device.id },
  ]);
  const { entries } = await store.timeline(pending.id);
  const { dueAt, outboxAt } = await store.nextWake();
  const { messages } = await store.claimOutbox({ topics: ['webhook'], limit: 1, leaseMs: 1 });
  return { records, entries, dueAt, outboxAt, messages };
}
