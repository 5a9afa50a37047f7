// What the schema itself upholds, and what only the file shows.
import { expect } from 'chai';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../server/ports/store.ts';
import {
  expiredOf,
  mustCommit,
  pendingOf,
  pushOf,
  putDue,
  putOf,
  settling,
  someUser,
} from '../../contract/store/fixture.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const day = 86_400_000;

describe('the schema', () => {
  let clock: FakeClock;
  let folder: ReturnType<typeof temporaryFolder>;
  let store: Store;
  let raw: DatabaseSync;
  beforeEach(() => {
    clock = createFakeClock();
    folder = temporaryFolder();
    store = createSqliteStore({ file: `${folder.path}/hub.db`, clock });
    raw = new DatabaseSync(`${folder.path}/hub.db`);
  });
  afterEach(async () => {
    raw.close();
    await store.close();
    folder.remove();
  });

  it('has a due time exactly while a verification is pending (S14)', async () => {
    const pending = await putDue(store);
    expect(() => raw.exec('UPDATE verifications SET due_at = NULL')).to.throw(/CHECK/);
    expect(() => raw.exec("UPDATE verifications SET status = 'expired'")).to.throw(/CHECK/);
    await mustCommit(store, { puts: [putOf(expiredOf(pending))] });
    expect(() => raw.exec('UPDATE verifications SET due_at = 1')).to.throw(/CHECK/);
    expect(() => raw.exec('UPDATE verifications SET lease_until = 1')).to.throw(/CHECK/);
  });

  it('decides `late` to the millisecond', async () => {
    const pending = await putDue(store);
    const before = clock.now() + 1;
    const unit = { puts: [putOf(expiredOf(pending))], before };
    clock.advance(1);
    expect(await store.commit(unit)).to.deep.equal({ ok: false, conflict: 'late', now: before });
    clock.jump(-1);
    expect(await store.commit(unit)).to.deep.equal({ ok: true, now: before - 1 });
  });

  it('decides due times and leases to the millisecond, and is never early for a fraction', async () => {
    const now = clock.now();
    await mustCommit(store, { puts: [putOf(pendingOf(someUser(), now + 10.2))] });
    const claimed = async (): Promise<number> => (await store.claimDue({ limit: 1, leaseMs: 5 })).claims.length;
    clock.advance(10);
    expect(await claimed()).to.equal(0);
    clock.advance(1);
    expect(await claimed()).to.equal(1);
    clock.advance(4);
    expect(await claimed()).to.equal(0);
    clock.advance(1);
    expect(await claimed()).to.equal(1);
  });

  it('keeps dead letters for seven days, for an operator to look at', async () => {
    const deadLetters = (): unknown[] => raw.prepare('SELECT id, topic, attempts, died_at FROM dead_letters').all();
    const pending = await putDue(store);
    const message = pushOf(pending, 'phone');
    await mustCommit(store, { enqueue: [message] });
    const { messages } = await store.claimOutbox({ topics: ['push'], limit: 1, leaseMs: 1 });
    const now = await mustCommit(store, settling(messages[0]!, 'dead'));
    clock.advance(7 * day - 1);
    expect(await store.sweep({ limit: 10 })).to.equal(0);
    expect(deadLetters().map((row) => Object.assign({}, row))).to.deep.equal([
      { id: message.id, topic: 'push', attempts: 1, died_at: now },
    ]);
    clock.advance(1);
    expect(await store.sweep({ limit: 10 })).to.equal(1);
    expect(deadLetters()).to.deep.equal([]);
  });

  it('keeps no timeline without its verification', async () => {
    await mustCommit(store, { timeline: { verificationId: 'ver_unknown', entries: [{ at: 1, type: 'receipt' }] } });
    expect(raw.prepare('SELECT count(*) AS n FROM timeline').get()).to.include({ n: 0 });
  });

  it('leaves nothing behind by its checks', async () => {
    for (let i = 0; i < 5; i += 1) await store.check();
    const pages = raw.prepare('PRAGMA page_count').get();
    for (let i = 0; i < 50; i += 1) await store.check();
    expect(raw.prepare('PRAGMA page_count').get()).to.deep.equal(pages);
    expect(raw.prepare('SELECT count(*) AS n FROM ballast').get()).to.include({ n: 0 });
  });
});
