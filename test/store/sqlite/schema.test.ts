// What the schema itself upholds, and what only the file shows.
import { expect } from 'chai';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../server/ports/store.ts';
import { expiredOf, mustCommit, pendingOf, putDue, putOf, someUser } from '../../contract/store/fixture.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

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

  it('makes records of the dead letters of an older version, the newest of each id', async () => {
    await store.close();
    raw.exec(olderDeadLetters);
    store = createSqliteStore({ file: `${folder.path}/hub.db`, clock });
    const { records } = await store.list({ kind: 'dead-letter', applicationId: 'app_1', limit: 9 });
    expect(records).to.deep.equal([
      {
        id: 'ver_1-2-verification-approved',
        rev: 1,
        applicationId: 'app_1',
        subject: 'ver_1',
        lane: 'webhook.ver_1',
        payload: { body: '{"a":"é"}' },
        attempts: 58,
        queuedAt: 10,
        reason: 'unknown',
        createdAt: 20,
      },
    ]);
    clock.jump(100 - clock.now());
    expect(await store.sweep({ limit: 9 })).to.equal(1);
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

/** As version 1 kept them: in a table of their own. */
const olderDeadLetters = `
  CREATE TABLE dead_letters (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, topic TEXT NOT NULL, lane TEXT NOT NULL, application_id TEXT NOT NULL,
    subject TEXT NOT NULL, attempts INTEGER NOT NULL, created_at INTEGER NOT NULL, died_at INTEGER NOT NULL,
    forget_at INTEGER NOT NULL, payload TEXT NOT NULL) STRICT;
  INSERT INTO dead_letters (id, topic, lane, application_id, subject, attempts, created_at, died_at, forget_at, payload) VALUES
    ('ver_1-2-verification-approved', 'webhook', 'webhook.ver_1', 'app_1', 'ver_1', 9, 5, 15, 50, '{"body":"old"}'),
    ('ver_1-2-verification-approved', 'webhook', 'webhook.ver_1', 'app_1', 'ver_1', 58, 10, 20, 100, '{"body":"{\\"a\\":\\"é\\"}"}'),
    ('ver_1.push', 'push', 'ver_1.push', 'app_1', 'ver_1', 1, 10, 20, 100, '{}');
  DROP INDEX outbox_age;
  PRAGMA user_version = 1;`;
