// Answering for itself, and letting go.
import { expect } from 'chai';
import { StoreUnavailableError, type Store } from '../../../server/ports/store.ts';
import { givenStore } from './each.ts';
import { deviceOf, nowOf, putDue, someUser, type OpenFixture } from './fixture.ts';

export function describeClosing(open: OpenFixture): void {
  describe('check and close', () => {
    const given = givenStore(open);

    it('answers a check, and leaves nothing behind by it', async () => {
      const before = await nowOf(given.store);
      const { now } = await given.store.check();
      expect(now).to.be.at.least(before);
      expect(await given.store.nextWake()).to.deep.include({ dueAt: undefined, outboxAt: {} });
      expect(await given.store.sweep({ limit: 10 })).to.equal(0);
    });

    it('finishes running commits when it is closed, and keeps them', async () => {
      const devices = Array.from({ length: 300 }, () => deviceOf(someUser()));
      const committing = devices.map((record) => given.store.commit({ puts: [{ kind: 'device', record }] }));
      await given.store.close();
      expect((await Promise.all(committing)).every(({ ok }) => ok)).to.equal(true);
      const store = await given.again();
      const { records } = await store.read(devices.map(({ id }) => ({ kind: 'device', id }) as const));
      expect(records).to.deep.equal(devices);
    });

    it('may be closed twice, at once and later', async () => {
      await Promise.all([given.store.close(), given.store.close()]);
      await given.store.close();
    });

    it('rejects every later call', async () => {
      const pending = await putDue(given.store);
      await given.store.close();
      const calls: Record<keyof Omit<Store, 'close'>, () => Promise<unknown>> = {
        read: () => given.store.read([{ kind: 'verification', id: pending.id }]),
        list: () => given.store.list({ kind: 'application' }),
        commit: () => given.store.commit({}),
        timeline: () => given.store.timeline(pending.id),
        claimDue: () => given.store.claimDue({ limit: 1, leaseMs: 1 }),
        claimOutbox: () => given.store.claimOutbox({ topics: ['push'], limit: 1, leaseMs: 1 }),
        release: () => given.store.release({}),
        nextWake: () => given.store.nextWake(),
        sweep: () => given.store.sweep({ limit: 1 }),
        check: () => given.store.check(),
      };
      for (const [verb, call] of Object.entries(calls)) {
        const outcome = await call().then(
          () => 'answered',
          (error: unknown) => error,
        );
        expect(outcome, verb).to.be.instanceOf(StoreUnavailableError);
      }
    });
  });
}
