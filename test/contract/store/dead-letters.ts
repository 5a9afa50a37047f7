// Dead letters and what waits: a message becomes a record and a message again, in one write each way, and both can be listed.
import { expect } from 'chai';
import type { DeadLetterRecord } from '../../../server/ports/records.ts';
import type { ClaimedMessage, OutboxMessage, Unit } from '../../../server/ports/store.ts';
import { givenStore } from './each.ts';
import {
  deadLetterOf,
  mustCommit,
  nowOf,
  pendingOf,
  pushOf,
  putDue,
  settling,
  someUser,
  soon,
  webhookOf,
  type OpenFixture,
} from './fixture.ts';

const leaseMs = 2_000;

export function describeDeadLetters(open: OpenFixture): void {
  describe('dead letters', () => {
    const given = givenStore(open);
    const claim = async (): Promise<ClaimedMessage[]> =>
      (await given.store.claimOutbox({ topics: ['webhook'], limit: 100, leaseMs })).messages;
    const list = (query: { applicationId?: string; limit?: number; after?: DeadLetterRecord } = {}) =>
      given.store.list({ limit: 100, ...query, kind: 'dead-letter' });
    const bury = async (record: DeadLetterRecord, forgetAt?: number): Promise<void> => {
      const forget = forgetAt === undefined ? {} : { forgetAt };
      await mustCommit(given.store, { puts: [{ kind: 'dead-letter', record, ...forget }] });
    };
    const burying = (claimed: ClaimedMessage, record: DeadLetterRecord): Unit => ({
      ...settling(claimed, 'done'),
      puts: [{ kind: 'dead-letter', record }],
    });
    /** In the outbox once, with a lane of two. */
    const givenClaimed = async (): Promise<ClaimedMessage> => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [webhookOf(pending, 'a'), webhookOf(pending, 'b')] });
      const [claimed] = await claim();
      return claimed!;
    };

    it('take the place of a message, and let its lane go on', async () => {
      const claimed = await givenClaimed();
      const record = deadLetterOf(claimed, { createdAt: 7 });
      await mustCommit(given.store, burying(claimed, record));
      expect((await list()).records).to.deep.equal([record]);
      expect((await claim()).map(({ payload }) => payload['event'])).to.deep.equal(['b']);
    });

    it('are not made by whoever was overtaken', async () => {
      const claimed = await givenClaimed();
      await given.advance(leaseMs);
      const [second] = await claim();
      const outcome = await given.store.commit(burying(claimed, deadLetterOf(claimed)));
      expect(outcome).to.include({ ok: false, conflict: 'fenced' });
      expect(await list()).to.deep.include({ records: [], total: 0 });
      expect(await given.store.commit(settling(second!, 'done'))).to.include({ ok: true });
    });

    it('become a message again once, however many ask at the same time', async () => {
      const claimed = await givenClaimed();
      const record = deadLetterOf(claimed);
      await mustCommit(given.store, burying(claimed, record));
      const ref = { kind: 'dead-letter', id: record.id } as const;
      const { attempts: _spent, fence: _old, ...message } = claimed;
      const replay: Unit = {
        unchanged: [{ ...ref, rev: 1 }],
        removes: [ref],
        enqueue: [{ ...message, attempts: 0 }],
      };
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => given.store.commit(replay)));
      expect(outcomes.filter(({ ok }) => ok)).to.have.length(1);
      expect(await list()).to.deep.include({ records: [], total: 0 });
      const [next] = await claim();
      expect(next?.payload, 'behind what had been waiting').to.include({ event: 'b' });
      await mustCommit(given.store, settling(next!, 'done'));
      expect((await claim())[0]).to.deep.include({ id: record.id, payload: record.payload, attempts: 1 });
    });

    it('are listed oldest first, a page at a time, whatever leaves in between', async () => {
      const pending = pendingOf(someUser(), soon);
      const records = [3, 1, 2, 2, 5, 4].map((createdAt, n) =>
        deadLetterOf(webhookOf(pending, `e${n}`), { createdAt }),
      );
      for (const record of records) await bury(record);
      const order = records.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
      expect(await list({ limit: 2 })).to.deep.include({ records: order.slice(0, 2), total: 6 });
      await given.store.commit({ removes: [{ kind: 'dead-letter', id: order[1]!.id }] });
      const second = await list({ limit: 3, after: order[1]! });
      expect(second).to.deep.include({ records: order.slice(2, 5), total: 5 });
      expect((await list({ after: order[5]! })).records).to.deep.equal([]);
      expect(await list({ limit: 0 })).to.deep.include({ records: [], total: 5 });
    });

    it('of one application are not seen by another', async () => {
      const [one, two] = [pendingOf(someUser(), soon), pendingOf(someUser(), soon)];
      const [ours, theirs] = [deadLetterOf(webhookOf(one, 'a')), deadLetterOf(webhookOf(two, 'a'))];
      await bury(ours);
      await bury(theirs);
      expect(await list({ applicationId: one.applicationId })).to.deep.include({ records: [ours], total: 1 });
      expect(await list({ applicationId: one.applicationId.slice(0, -1) })).to.deep.include({ records: [], total: 0 });
      expect((await list()).records).to.have.deep.members([ours, theirs]);
    });

    it('are forgotten when their time has passed', async () => {
      const now = await nowOf(given.store);
      const pending = pendingOf(someUser(), soon);
      await bury(deadLetterOf(webhookOf(pending, 'a')), now + soon);
      expect(await given.store.sweep({ limit: 10 })).to.equal(0);
      await given.advance(soon);
      expect(await given.store.sweep({ limit: 10 })).to.equal(1);
      expect(await list()).to.deep.include({ records: [], total: 0 });
    });
  });

  describe('what waits in the outbox', () => {
    const given = givenStore(open);
    const list = (topic: OutboxMessage['topic'], limit = 100) => given.store.list({ kind: 'message', topic, limit });

    it('is listed by topic, longest waiting first, and counted', async () => {
      const pending = await putDue(given.store);
      const messages = [30, 10, 20].map((createdAt) => webhookOf(pending, `e${createdAt}`, { createdAt }));
      const push = pushOf(pending, 'phone');
      await mustCommit(given.store, { enqueue: [...messages, push] });
      const order = [messages[1], messages[2], messages[0]];
      expect(await list('webhook')).to.deep.include({ records: order, total: 3 });
      expect(await list('webhook', 1)).to.deep.include({ records: order.slice(0, 1), total: 3 });
      expect(await list('push')).to.deep.include({ records: [push], total: 1 });
      expect(await list('sms')).to.deep.include({ records: [], total: 0 });
    });

    it('is there while it is claimed and while it waits for another try, and no longer when it is done', async () => {
      const pending = await putDue(given.store);
      await mustCommit(given.store, { enqueue: [webhookOf(pending, 'a')] });
      const { messages } = await given.store.claimOutbox({ topics: ['webhook'], limit: 1, leaseMs });
      expect((await list('webhook')).records).to.deep.equal([{ ...webhookOf(pending, 'a'), attempts: 1 }]);
      const retryAt = (await nowOf(given.store)) + soon;
      await mustCommit(given.store, settling(messages[0]!, { retryAt }));
      const waiting = { ...webhookOf(pending, 'a'), attempts: 1, notBefore: retryAt };
      expect((await list('webhook')).records).to.deep.equal([waiting]);
      await given.advance(soon);
      const again = await given.store.claimOutbox({ topics: ['webhook'], limit: 1, leaseMs });
      await mustCommit(given.store, settling(again.messages[0]!, 'done'));
      expect(await list('webhook')).to.deep.include({ records: [], total: 0 });
    });
  });
}
