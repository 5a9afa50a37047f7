// The outbox: lanes, order, leases, and when to wake.
import { expect } from 'chai';
import type { ClaimedMessage, OutboxMessage } from '../../../server/ports/store.ts';
import { givenStore } from './each.ts';
import { mustCommit, nowOf, pendingOf, pushOf, putDue, putOf, settling, someUser, soon, webhookOf } from './fixture.ts';
import type { OpenFixture } from './fixture.ts';

const leaseMs = 2_000;
const every = ['push', 'sms', 'webhook'] as const;

export function describeOutbox(open: OpenFixture): void {
  describe('claimOutbox', () => {
    const given = givenStore(open);
    const claim = async (topics: readonly OutboxMessage['topic'][] = every, limit = 100): Promise<ClaimedMessage[]> =>
      (await given.store.claimOutbox({ topics, limit, leaseMs })).messages;
    const done = async (message: ClaimedMessage): Promise<void> => {
      await mustCommit(given.store, settling(message, 'done'));
    };

    it('gives a message as it was put in, counting the claim', async () => {
      const pending = await putDue(given.store);
      const message = pushOf(pending, 'é', {
        payload: { list: [], map: {}, nothing: null, large: 1_767_225_600_123 },
        attempts: 3,
      });
      await mustCommit(given.store, { enqueue: [message] });
      const [claimed] = await claim();
      expect(claimed).to.deep.equal({ ...message, attempts: 4, fence: claimed!.fence });
      expect(claimed!.fence).to.be.a('number');
    });

    it('lets a lane leave in order, one at a time, while others go their way', async () => {
      const [one, two] = [await putDue(given.store), await putDue(given.store)];
      await mustCommit(given.store, { enqueue: [webhookOf(one, 'a'), webhookOf(one, 'b')] });
      await mustCommit(given.store, { enqueue: [webhookOf(two, 'a')] });
      await mustCommit(given.store, { enqueue: [webhookOf(one, 'c')] });
      const left: string[] = [];
      for (let messages = await claim(); messages.length > 0; messages = await claim()) {
        left.push(
          messages
            .map(({ id }) => id.replace(one.id, 'one').replace(two.id, 'two'))
            .toSorted()
            .join(),
        );
        for (const message of messages) await done(message);
      }
      expect(left).to.deep.equal(['one.a,two.a', 'one.b', 'one.c']);
    });

    it('holds a lane back for a head that is not due yet or is leased', async () => {
      const pending = await putDue(given.store);
      const now = await nowOf(given.store);
      await mustCommit(given.store, {
        enqueue: [webhookOf(pending, 'a', { notBefore: now + soon }), webhookOf(pending, 'b')],
      });
      expect(await claim()).to.deep.equal([]);
      await given.advance(soon);
      expect(await claim()).to.have.length(1);
      expect(await claim()).to.deep.equal([]);
    });

    it('takes the topics asked for only, up to the limit', async () => {
      const pending = await putDue(given.store);
      const sms = pushOf(pending, 'number', { topic: 'sms' });
      await mustCommit(given.store, {
        enqueue: [webhookOf(pending, 'w'), sms, pushOf(pending, 'a'), pushOf(pending, 'b')],
      });
      expect(await claim([])).to.deep.equal([]);
      expect((await claim(['sms'])).map(({ topic }) => topic)).to.deep.equal(['sms']);
      expect(await claim(['push', 'webhook'], 2)).to.have.length(2);
      expect(await claim(['push', 'webhook'], 2)).to.have.length(1);
    });

    it('gives a message again when its lease has run out, with a higher fence and one more attempt', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a')] });
      const [first] = await claim();
      expect(await claim()).to.deep.equal([]);
      await given.advance(leaseMs);
      const [second] = await claim();
      expect(second).to.include({ id: first!.id, attempts: 2 });
      expect(second!.fence).to.be.above(first!.fence);
    });

    it('gives each to one caller only', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: Array.from({ length: 40 }, (_, i) => pushOf(pending, `d${i}`)) });
      const other = await given.again();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => other.claimOutbox({ topics: every, limit: 4, leaseMs })),
      );
      const ids = answers.flatMap(({ messages }) => messages.map(({ id }) => id));
      expect(ids).to.have.length(40);
      expect(new Set(ids)).to.have.property('size', 40);
    });

    it('replaces a message that waits under the same id, in its place', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [webhookOf(pending, 'a'), webhookOf(pending, 'b')] });
      await mustCommit(given.store, {
        enqueue: [webhookOf(pending, 'a', { payload: { event: 'newer' }, attempts: 5 })],
      });
      const [head] = await claim();
      expect(head).to.deep.include({ id: webhookOf(pending, 'a').id, payload: { event: 'newer' }, attempts: 6 });
      await done(head!);
      expect((await claim()).map(({ payload }) => payload)).to.deep.equal([{ event: 'b' }]);
    });

    it('replaces a message behind the head without letting it pass', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: ['a', 'b', 'c'].map((event) => webhookOf(pending, event)) });
      await mustCommit(given.store, { enqueue: [webhookOf(pending, 'b', { payload: { event: 'newer' } })] });
      const left: unknown[] = [];
      for (let messages = await claim(); messages.length > 0; messages = await claim()) {
        left.push(messages.map(({ payload }) => payload['event']));
        for (const message of messages) await done(message);
      }
      expect(left).to.deep.equal([['a'], ['newer'], ['c']]);
    });

    it('fences off the claim of a message that was replaced meanwhile', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a')] });
      const [claimed] = await claim();
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a', { payload: { newer: true } })] });
      expect(await given.store.commit(settling(claimed!, 'done'))).to.include({ conflict: 'fenced' });
      expect((await claim()).map(({ payload }) => payload)).to.deep.equal([{ newer: true }]);
    });

    it('takes the same id again once the first has left, without confusing their fences', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a')] });
      const [first] = await claim();
      await done(first!);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a')] });
      const [second] = await claim();
      expect(second).to.include({ attempts: 1 });
      expect(await given.store.commit(settling(first!, 'done'))).to.include({ conflict: 'fenced' });
    });
  });

  describe('release and nextWake, of messages', () => {
    const given = givenStore(open);
    const claim = async (): Promise<ClaimedMessage[]> =>
      (await given.store.claimOutbox({ topics: every, limit: 9, leaseMs })).messages;

    it('hands back a lease; an older fence frees nothing', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [pushOf(pending, 'a')] });
      const [first] = await claim();
      await given.store.release({ messages: [first!] });
      expect(await claim()).to.have.length(1);
      await given.store.release({ messages: [first!] });
      expect(await claim()).to.deep.equal([]);
    });

    it('wakes for the earliest head of each topic, and for a lease that will run out', async () => {
      const now = await nowOf(given.store);
      const pending = pendingOf(someUser(), now + 9 * soon, { createdAt: now });
      await mustCommit(given.store, {
        puts: [putOf(pending)],
        enqueue: [
          webhookOf(pending, 'head', { notBefore: now + 3 * soon }),
          webhookOf(pending, 'behind', { notBefore: now }),
          pushOf(pending, 'a', { notBefore: now + 2 * soon }),
          pushOf(pending, 'b', { topic: 'sms', notBefore: now + soon }),
        ],
      });
      const later = { webhook: now + 3 * soon, push: now + 2 * soon };
      expect((await given.store.nextWake()).outboxAt).to.deep.equal({ ...later, sms: now + soon });
      await given.advance(soon);
      const [sms] = await claim();
      expect(sms).to.include({ topic: 'sms' });
      const leased = await given.store.nextWake();
      expect(leased.outboxAt.sms).to.be.within(now + soon + leaseMs, leased.now + leaseMs);
      expect(leased.outboxAt).to.deep.include(later);
      await mustCommit(given.store, { dropSends: pending.id });
      expect((await given.store.nextWake()).outboxAt).to.deep.equal({ webhook: now + 3 * soon });
    });
  });
}
