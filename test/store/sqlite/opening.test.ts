// Opening the data file: who may, what it must be, and what the operator is told.
import { expect } from 'chai';
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../../server/store/sqlite/database.ts';
import { StoreFileError } from '../../../server/store/sqlite/errors.ts';
import { schemaVersion } from '../../../server/store/sqlite/migrations.ts';
import { createSqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../server/ports/store.ts';
import { deviceOf, mustCommit, pushOf, putDue, settling, someUser } from '../../contract/store/fixture.ts';
import { createFakeClock } from '../../support/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { spawnStore } from './support/spawn-store.ts';

describe('the data file', () => {
  const clock = createFakeClock();
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  beforeEach(() => {
    folder = temporaryFolder();
    file = `${folder.path}/hub.db`;
  });
  afterEach(() => folder.remove());

  const open = (path = file): Store => createSqliteStore({ file: path, clock });
  const withRaw = <T>(work: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(file);
    try {
      return work(db);
    } finally {
      db.close();
    }
  };
  const storeOneDevice = async (store: Store): Promise<string> => {
    const record = deviceOf(someUser());
    await mustCommit(store, { puts: [{ kind: 'device', record }] });
    return record.id;
  };

  it('is made with its folders, for the owner alone', async () => {
    file = `${folder.path}/a/b/hub.db`;
    const store = open();
    await storeOneDevice(store);
    for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-lock`])
      expect(statSync(name).mode & 0o777, name).to.equal(0o600);
    expect(statSync(`${folder.path}/a`).mode & 0o777).to.equal(0o700);
    await store.close();
  });

  it('is refused at once where no folder can be made', () => {
    expect(() => createSqliteStore({ file: '/proc/nowhere/hub.db', clock: createFakeClock() })).to.throw(
      StoreFileError,
    );
  });

  it('keeps the mode that its operator gave it', async () => {
    await open().close();
    chmodSync(file, 0o640);
    await open().close();
    expect(statSync(file).mode & 0o777).to.equal(0o640);
  });

  it('is written ahead, synced at every commit, with its references held and its log kept small', () => {
    const { db, close } = openDatabase(file);
    const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'wal_autocheckpoint'].map((name) => {
      const row = db.prepare(`PRAGMA ${name}`).get();
      return Object.values(row ?? {})[0];
    });
    close();
    const full = 2;
    expect(settings).to.deep.equal(['wal', full, 1, 256]);
  });

  it('lets an operator back it up and look into it while the hub runs', async () => {
    const store = open();
    const id = await storeOneDevice(store);
    const shell = new DatabaseSync(file, { readOnly: true });
    const copying = backup(shell, `${folder.path}/copy.db`);
    await storeOneDevice(store);
    await copying;
    shell.close();
    await store.close();
    const copy = open(`${folder.path}/copy.db`);
    expect((await copy.read([{ kind: 'device', id }])).records[0]).to.include({ id });
    await copy.close();
  });

  it('serves one store at a time, also by another name, until that one is closed', async () => {
    const store = open();
    mkdirSync(`${folder.path}/elsewhere`);
    symlinkSync(file, `${folder.path}/elsewhere/link.db`);
    const message = new RegExp(`Another Verihub is using .*hub\\.db.*Stop the other one.*redis://`);
    expect(() => open()).to.throw(StoreFileError, message);
    expect(() => open(`${folder.path}/elsewhere/link.db`)).to.throw(StoreFileError, message);
    await storeOneDevice(store);
    await store.close();
    await open().close();
  });

  it('refuses a second process, and is free as soon as the first was killed', async function () {
    this.timeout(20_000);
    const first = spawnStore(file);
    expect(await first.nextLine()).to.equal('open');
    const second = spawnStore(file);
    expect(await second.nextLine()).to.match(/^refused StoreFileError: Another Verihub is using/);
    await second.end();
    expect(() => open()).to.throw(StoreFileError, /Another Verihub/);
    await first.kill();
    await open().close();
  });

  it('is refused when a newer version wrote it, and is not touched', async () => {
    await open().close();
    withRaw((db) => db.exec(`PRAGMA user_version = ${schemaVersion + 1}`));
    expect(() => open()).to.throw(
      StoreFileError,
      new RegExp(`version ${schemaVersion + 1}.*up to ${schemaVersion}.*newer version.*backup`),
    );
    withRaw((db) => db.exec(`PRAGMA user_version = ${schemaVersion}`));
    await open().close();
  });

  it('keeps schema and data when opened again and again', async () => {
    const first = open();
    const id = await storeOneDevice(first);
    await first.close();
    const schema = withRaw((db) => db.prepare('SELECT * FROM sqlite_schema').all());
    await open().close();
    const again = open();
    expect((await again.read([{ kind: 'device', id }])).records[0]).to.include({ id });
    await again.close();
    expect(withRaw((db) => db.prepare('SELECT * FROM sqlite_schema').all())).to.deep.equal(schema);
  });

  it('is refused when it belongs to another program, or is no database, or cannot be opened', () => {
    withRaw((db) => db.exec('CREATE TABLE theirs (a); PRAGMA user_version = 1'));
    expect(() => open()).to.throw(StoreFileError, /another program.*VERIHUB_STORE=sqlite:/);
    writeFileSync(`${folder.path}/text.db`, 'x'.repeat(5_000));
    expect(() => open(`${folder.path}/text.db`)).to.throw(StoreFileError, /not a database/);
    expect(() => open(`${folder.path}/text.db/hub.db`)).to.throw(
      StoreFileError,
      /cannot be opened .*able to write there/,
    );
    expect(() => open(folder.path)).to.throw(StoreFileError, /cannot be opened/);
  });

  it('stays free when opening failed', async () => {
    await open().close();
    withRaw((db) => db.exec('PRAGMA user_version = 99'));
    expect(() => open()).to.throw(StoreFileError);
    withRaw((db) => db.exec(`PRAGMA user_version = ${schemaVersion}`));
    await open().close();
  });

  it('takes back what a process before had claimed, whose claims are then fenced', async () => {
    const before = open();
    const pending = await putDue(before);
    await mustCommit(before, { enqueue: [pushOf(pending, 'phone')] });
    const claimAll = async (store: Store) => ({
      due: (await store.claimDue({ limit: 9, leaseMs: 60_000 })).claims,
      messages: (await store.claimOutbox({ topics: ['push'], limit: 9, leaseMs: 60_000 })).messages,
    });
    const lost = await claimAll(before);
    await before.close();
    const after = open();
    const { now, dueAt, outboxAt } = await after.nextWake();
    expect([dueAt, outboxAt.push]).to.satisfy((times: number[]) => times.every((at) => at <= now));
    const taken = await claimAll(after);
    expect(taken.due[0]).to.include({ verificationId: pending.id, tries: 2 });
    expect(taken.messages[0]).to.include({ subject: pending.id, attempts: 2 });
    expect(await after.commit({ claim: lost.due[0]! })).to.include({ conflict: 'fenced' });
    expect(await after.commit(settling(lost.messages[0]!, 'done'))).to.include({ conflict: 'fenced' });
    await after.close();
  });

  it('forgets everything in memory', async () => {
    const [one, two] = [open(':memory:'), open(':memory:')];
    const id = await storeOneDevice(one);
    expect((await two.read([{ kind: 'device', id }])).records).to.deep.equal([undefined]);
    await Promise.all([one.close(), two.close()]);
  });
});
