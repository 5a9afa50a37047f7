// How a message leaves the outbox: done, again later, or dropped.
import { expect } from 'chai';
import type { ClaimedMessage } from '../../../server/ports/store.ts';
import { givenStore } from './each.ts';
import {
  deviceOf,
  mustCommit,
  nowOf,
  pushOf,
  putDue,
  settling,
  someUser,
  soon,
  webhookOf,
  type OpenFixture,
} from './fixture.ts';

const leaseMs = 2_000;

export function describeSettling(open: OpenFixture): void {
  describe('settle', () => {
    const given = givenStore(open);
    const claim = async (): Promise<ClaimedMessage[]> =>
      (await given.store.claimOutbox({ topics: ['push', 'sms', 'webhook'], limit: 100, leaseMs })).messages;
    const namesOf = (messages: ClaimedMessage[]): string[] =>
      messages.map(({ id }) => id.slice(id.lastIndexOf('.') + 1)).toSorted();

    it('takes a message again at its time, and holds its lane back until then', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [webhookOf(pending, 'a'), webhookOf(pending, 'b')] });
      const [first] = await claim();
      const retryAt = (await nowOf(given.store)) + soon;
      await mustCommit(given.store, settling(first!, { retryAt }));
      expect((await given.store.nextWake()).outboxAt).to.deep.equal({ webhook: retryAt });
      await given.advance(leaseMs);
      expect(await claim()).to.deep.equal([]);
      await given.advance(soon);
      const [second] = await claim();
      expect(second).to.include({ id: first!.id, attempts: 2, notBefore: retryAt });
    });

    it('lets a message go, and its lane go on', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [webhookOf(pending, 'a'), webhookOf(pending, 'b')] });
      const [first] = await claim();
      await mustCommit(given.store, settling(first!, 'done'));
      expect(namesOf(await claim())).to.deep.equal(['b']);
      await given.advance(leaseMs);
      expect(namesOf(await claim())).to.deep.equal(['b']);
      expect(await given.store.commit(settling(first!, 'done'))).to.include({ conflict: 'fenced' });
    });

    it('refuses whoever was overtaken by another claim, with all else in the unit', async () => {
      const user = someUser();
      const pending = await putDue(given.store, user);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a')] });
      const [first] = await claim();
      await given.advance(leaseMs);
      const [second] = await claim();
      const device = deviceOf(user);
      const unit = { ...settling(first!, 'done'), puts: [{ kind: 'device' as const, record: device }] };
      expect(await given.store.commit(unit)).to.include({ ok: false, conflict: 'fenced' });
      expect((await given.store.read([{ kind: 'device', id: device.id }])).records).to.deep.equal([undefined]);
      expect(await given.store.commit(settling(second!, 'done'))).to.include({ ok: true });
      expect(await given.store.commit(settling(second!, 'done'))).to.include({ conflict: 'fenced' });
    });

    it('takes a claim whose lease has run out as long as nobody else claimed', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a')] });
      const [claimed] = await claim();
      await given.advance(5 * leaseMs);
      expect(await given.store.commit(settling(claimed!, 'done'))).to.include({ ok: true });
      expect(await claim()).to.deep.equal([]);
    });
  });

  describe('dropSends', () => {
    const given = givenStore(open);
    const claim = async (): Promise<ClaimedMessage[]> =>
      (await given.store.claimOutbox({ topics: ['push', 'sms', 'webhook'], limit: 100, leaseMs })).messages;
    const namesOf = (messages: ClaimedMessage[]): string[] =>
      messages.map(({ id }) => id.slice(id.lastIndexOf('.') + 1)).toSorted();

    it('takes out pushes and SMS of that verification, and nothing else', async () => {
      const [one, two] = [await putDue(given.store), await putDue(given.store)];
      const sms = pushOf(one, 'number', { topic: 'sms' });
      await mustCommit(given.store, { enqueue: [pushOf(one, 'a'), pushOf(one, 'b'), sms, webhookOf(one, 'w')] });
      await mustCommit(given.store, { enqueue: [pushOf(two, 'other')] });
      await mustCommit(given.store, { dropSends: one.id });
      expect(namesOf(await claim())).to.deep.equal(['other', 'w']);
    });

    it('takes out claimed ones too, whose settling is then fenced', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a')] });
      const [claimed] = await claim();
      await mustCommit(given.store, { dropSends: pending.id });
      expect(await given.store.commit(settling(claimed!, { retryAt: 1 }))).to.include({ conflict: 'fenced' });
      await given.advance(leaseMs);
      expect(await claim()).to.deep.equal([]);
    });

    it('comes after `settle` and before `enqueue` of the same unit', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a'), pushOf(pending, 'b')] });
      const claimed = (await claim()).find(({ id }) => id.endsWith('.a'))!;
      const now = await nowOf(given.store);
      await mustCommit(given.store, {
        ...settling(claimed, { retryAt: now }),
        dropSends: pending.id,
        enqueue: [pushOf(pending, 'c', { topic: 'sms' })],
      });
      await given.advance(leaseMs);
      expect(namesOf(await claim())).to.deep.equal(['c']);
    });

    it('lets a lane go on when its head was dropped', async () => {
      const [one, two] = [await putDue(given.store, someUser()), await putDue(given.store, someUser())];
      const lane = 'shared';
      await mustCommit(given.store, { enqueue: [pushOf(one, 'first', { lane }), pushOf(one, 'second', { lane })] });
      await mustCommit(given.store, { enqueue: [pushOf(two, 'third', { lane })] });
      await mustCommit(given.store, { dropSends: one.id });
      expect(namesOf(await claim())).to.deep.equal(['third']);
    });
  });
}
