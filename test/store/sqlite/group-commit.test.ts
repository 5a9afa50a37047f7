// Group commit: one transaction a turn, nothing seen before it is durable, and nobody hurt by a neighbour.
import { expect } from 'chai';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import { StoreUnavailableError, type CommitResult, type Store } from '../../../server/ports/store.ts';
import { deviceOf, mustCommit, pendingOf, putOf, someUser } from '../../contract/store/fixture.ts';
import { createFakeClock } from '../../support/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { transactionsIn } from './support/wal.ts';

describe('group commit', () => {
  const clock = createFakeClock();
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  let store: Store;
  beforeEach(() => {
    folder = temporaryFolder();
    file = `${folder.path}/hub.db`;
    store = createSqliteStore({ file, clock });
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  const commitDevice = (name = 'Pixel', rev = 1): Promise<CommitResult> =>
    store.commit({ puts: [{ kind: 'device', record: deviceOf(someUser(), { name, rev }) }] });
  const transactionsDuring = async (work: () => Promise<unknown>): Promise<number> => {
    const before = transactionsIn(`${file}-wal`);
    await work();
    return transactionsIn(`${file}-wal`) - before;
  };

  it('writes all commits of one turn with one sync', async () => {
    expect(await transactionsDuring(() => Promise.all(Array.from({ length: 100 }, () => commitDevice())))).to.equal(1);
  });

  it('writes with one sync what callers come to after any number of awaits in one turn', async () => {
    const after = async (awaits: number): Promise<void> => {
      for (let i = 0; i < awaits; i += 1) await Promise.resolve();
      await commitDevice();
    };
    expect(await transactionsDuring(() => Promise.all([after(0), after(1), after(7), after(40)]))).to.equal(1);
  });

  it('writes commits of different turns one by one', async () => {
    const oneByOne = async (): Promise<void> => {
      for (let i = 0; i < 10; i += 1) await commitDevice();
    };
    expect(await transactionsDuring(oneByOne)).to.equal(10);
  });

  it('shares the transaction with claims, releases, sweeps and checks', async () => {
    await mustCommit(store, { puts: [putOf(pendingOf(someUser(), clock.now()))] });
    const count = await transactionsDuring(() =>
      Promise.all([
        commitDevice(),
        store.claimDue({ limit: 5, leaseMs: 1_000 }),
        store.claimOutbox({ topics: ['push'], limit: 5, leaseMs: 1_000 }),
        store.release({}),
        store.sweep({ limit: 5 }),
        store.check(),
      ]),
    );
    expect(count).to.equal(1);
  });

  it('writes nothing when there is nothing to claim or to sweep, or all is refused', async () => {
    const count = await transactionsDuring(() =>
      Promise.all([
        store.claimDue({ limit: 5, leaseMs: 1_000 }),
        store.claimOutbox({ topics: ['push'], limit: 5, leaseMs: 1_000 }),
        store.sweep({ limit: 5 }),
        commitDevice('refused', 7),
      ]),
    );
    expect(count).to.equal(0);
  });

  it('splits a crowd, so that sockets get their turn', async () => {
    expect(await transactionsDuring(() => Promise.all(Array.from({ length: 1_000 }, () => commitDevice())))).to.equal(
      4,
    );
  });

  it('refuses one alone, in the middle of its neighbours', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => commitDevice('Pixel', i === 20 ? 2 : 1)));
    expect(results.flatMap((result, i) => (result.ok ? [] : [[i, result.conflict]]))).to.deep.equal([[20, 'stale']]);
  });

  it('shows what was written before in the same turn to the next in line, and not to readers', async () => {
    const device = deviceOf(someUser());
    const ref = { kind: 'device', id: device.id } as const;
    const first = store.commit({ puts: [{ kind: 'device', record: device }] });
    const second = store.commit({
      puts: [{ kind: 'device', record: { ...device, rev: 2 } }],
      unchanged: [{ ...ref, rev: 1 }],
    });
    expect((await store.read([ref])).records).to.deep.equal([undefined]);
    expect([await first, await second].map(({ ok }) => ok)).to.deep.equal([true, true]);
    expect((await store.read([ref])).records[0]).to.include({ rev: 2 });
  });

  it('is on disk before it is answered', async () => {
    const device = deviceOf(someUser());
    await mustCommit(store, { puts: [{ kind: 'device', record: device }] });
    const reader = new DatabaseSync(file, { readOnly: true });
    expect(reader.prepare('SELECT count(*) AS n FROM records WHERE id = ?').get(device.id)).to.include({ n: 1 });
    reader.close();
  });

  it('rejects only the one whose unit is a mistake, and not as if the store were away', async () => {
    const { dueAt: _none, ...broken } = pendingOf(someUser(), 1);
    const [good, bad, alsoGood] = await Promise.allSettled([
      commitDevice(),
      store.commit({ puts: [putOf(JSON.parse(JSON.stringify(broken)))] }),
      commitDevice(),
    ]);
    expect([good.status, bad.status, alsoGood.status]).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(bad.status === 'rejected' && bad.reason)
      .to.be.instanceOf(Error)
      .and.not.instanceOf(StoreUnavailableError);
    expect(
      (await store.list({ kind: 'verification', applicationId: broken.applicationId, userId: broken.userId })).records,
    ).to.be.empty;
  });

  it('rejects all of a turn while another program holds the write lock, and goes on after', async () => {
    const shell = new DatabaseSync(file);
    shell.exec('BEGIN IMMEDIATE');
    const outcomes = await Promise.allSettled([commitDevice(), commitDevice(), store.check()]);
    expect(
      outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason instanceof StoreUnavailableError),
    ).to.deep.equal([true, true, true]);
    expect((await store.read([])).records).to.deep.equal([]);
    shell.exec('ROLLBACK');
    shell.close();
    expect(await commitDevice()).to.include({ ok: true });
  });
});
