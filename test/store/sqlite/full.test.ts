// A full file and a full disk: an honest refusal, nothing half written, and work goes on when there is room again (F34).
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createSqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import { StoreUnavailableError, type CommitResult, type Put, type Store } from '../../../server/ports/store.ts';
import { deviceOf, expiredOf, mustCommit, putDue, putOf, someUser } from '../../contract/store/fixture.ts';
import { createFakeClock } from '../../support/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { spawnStore, type StoreProcess } from './support/spawn-store.ts';

describe('a full file', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: Store;
  beforeEach(() => {
    folder = temporaryFolder();
    store = createSqliteStore({ file: `${folder.path}/hub.db`, clock: createFakeClock(), maxBytes: 600_000 });
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  const sized = (bytes: number): Put => ({ kind: 'device', record: deviceOf(someUser(), { name: 'x'.repeat(bytes) }) });
  const large = (): Put => sized(20_000);
  const outcomeOf = (committing: Promise<unknown>): Promise<unknown> =>
    committing.then(
      () => 'taken',
      (error: unknown) => (error instanceof StoreUnavailableError ? 'unavailable' : error),
    );
  /** Large ones until none fits any more, then small ones into what is left. */
  const fill = async (): Promise<Put[]> => {
    const taken: Put[] = [];
    for (const bytes of [20_000, 1_000]) {
      for (let put = sized(bytes); (await outcomeOf(store.commit({ puts: [put] }))) === 'taken'; put = sized(bytes))
        taken.push(put);
    }
    return taken;
  };

  it('refuses what does not fit, keeps the rest, and turns the check red', async () => {
    expect(await outcomeOf(store.check())).to.equal('taken');
    const taken = await fill();
    expect(taken).to.have.length.above(10);
    expect(await outcomeOf(store.check())).to.equal('unavailable');
    const { records } = await store.read(taken.map(({ record }) => ({ kind: 'device', id: record.id }) as const));
    expect(records).to.deep.equal(taken.map(({ record }) => record));
  });

  it('works again once there is room, without a restart', async () => {
    const taken = await fill();
    const [first, second] = taken;
    await mustCommit(store, { removes: [first!, second!].map(({ record }) => ({ kind: 'device', id: record.id })) });
    expect(await outcomeOf(store.check())).to.equal('taken');
    await mustCommit(store, { puts: [large()] });
  });

  it('goes on deciding what is there, in the very turn in which creating fails', async () => {
    const pending = await putDue(store);
    await fill();
    const deciding: Promise<CommitResult> = store.commit({ puts: [putOf(expiredOf(pending))] });
    const outcomes = await Promise.all(
      [store.commit({ puts: [large()] }), deciding, store.commit({ puts: [large()] })].map(outcomeOf),
    );
    expect(outcomes).to.deep.equal(['unavailable', 'taken', 'unavailable']);
    expect(await deciding).to.include({ ok: true });
    const { records } = await store.read([{ kind: 'verification', id: pending.id }]);
    expect(records[0]).to.include({ status: 'expired' });
  });
});

describe('a full disk', () => {
  it('rejects everybody in the turn whose writing failed, and takes the next once there is room', async function () {
    this.timeout(30_000);
    const folder = temporaryFolder();
    const file = `${folder.path}/hub.db`;
    const child = spawnStore(file);
    expect(await child.nextLine()).to.equal('open');
    const before = await commit(child, 5);
    expect(before.errors).to.deep.equal([]);
    // A limit on the size of any file stands for a disk that takes no more: writing beyond it fails.
    limitFileSize(child.pid, statSync(`${file}-wal`).size + 5_000);
    const during = await commit(child, 20);
    expect(during.taken).to.deep.equal([]);
    expect(during.errors).to.have.length(20);
    for (const error of during.errors)
      expect(error).to.match(/^StoreUnavailableError: The embedded store could not commit/);
    child.tell('check');
    expect(await child.nextLine()).to.match(/^StoreUnavailableError/);
    limitFileSize(child.pid, 'unlimited');
    child.tell('check');
    expect(await child.nextLine()).to.equal('works');
    const after = await commit(child, 20);
    expect(after.errors).to.deep.equal([]);
    await child.kill();
    const store = createSqliteStore({ file, clock: createFakeClock() });
    const { records } = await store.read(
      [...before.taken, ...after.taken].map((id) => ({ kind: 'device', id }) as const),
    );
    expect(records).to.have.length(25).and.not.include(undefined);
    await store.close();
    folder.remove();
  });
});

interface Told {
  taken: string[];
  errors: string[];
}

async function commit(child: StoreProcess, count: number): Promise<Told> {
  child.tell(`commit ${count}`);
  return JSON.parse((await child.nextLine()) ?? '{}');
}

/** Bytes beyond which the process can write no file (RLIMIT_FSIZE); Node ignores the signal that comes with it. */
function limitFileSize(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}
