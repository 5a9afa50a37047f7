// kill -9 and cut logs: what was answered is there, whole; what was not is there whole or not at all (S6, S14).
import { expect } from 'chai';
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../server/ports/store.ts';
import { createFakeClock } from '../../support/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createSeededRandom } from './support/seeded-random.ts';
import { spawnStore } from './support/spawn-store.ts';

interface Answered {
  id: string;
  rev: number;
}

describe('after a crash', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  beforeEach(() => {
    folder = temporaryFolder();
    file = `${folder.path}/hub.db`;
  });
  afterEach(() => folder.remove());

  it('every answered commit is there, whole, over 20 kills at random moments', async function () {
    this.timeout(120_000);
    const random = createSeededRandom(20_261_101);
    const answered: Answered[] = [];
    const rounds = 20;
    for (let round = 0; round < rounds; round += 1) {
      const latest = await crashAfter(file, { lines: 1 + random.below(200), atOnce: 1 + random.below(12) });
      answered.push(...latest);
      const store = createSqliteStore({ file, clock: createFakeClock() });
      for (const { id, rev } of round + 1 < rounds ? latest : answered)
        expect(await revOf(store, id), `${id} in round ${round}`).to.be.at.least(rev);
      await store.close();
      expect(faultsIn(file), `round ${round}`).to.deep.equal([]);
    }
    expect(answered.length).to.be.above(1_000);
  });

  it('a log cut or damaged anywhere leaves the first so many commits, each whole', async function () {
    this.timeout(60_000);
    const random = createSeededRandom(42);
    const answered = await crashAfter(file, { lines: 20, atOnce: 1 });
    const wal = readFileSync(`${file}-wal`);
    expect(wal.length, 'none of it has been copied into the data file yet').to.be.below(1024 * 1024);
    const lengths = new Set<number>();
    for (let round = 0; round < 25; round += 1) {
      const copy = `${folder.path}/copy-${round}.db`;
      copyFileSync(file, copy);
      const at = 40_000 + random.below(wal.length - 40_000);
      writeFileSync(`${copy}-wal`, wal);
      if (round % 2 === 0) truncateSync(`${copy}-wal`, at);
      else writeFileSync(`${copy}-wal`, Buffer.concat([wal.subarray(0, at), Buffer.alloc(wal.length - at, 0xa5)]));
      lengths.add(await prefixOf(copy, answered));
    }
    expect(lengths.size, 'different cuts leave different lengths').to.be.above(5);
  });
});

/** Lets a store work in a process of its own until it has said so many lines, kills it, and answers all it said. */
async function crashAfter(file: string, { lines, atOnce }: { lines: number; atOnce: number }): Promise<Answered[]> {
  const child = spawnStore(file);
  expect(await child.nextLine()).to.equal('open');
  child.tell(`live ${atOnce}`);
  const said: string[] = [];
  while (said.length < lines) said.push((await child.nextLine()) ?? '');
  said.push(...(await child.kill()));
  return said.map((line) => {
    const [id = '', rev = ''] = line.split(' ');
    return { id, rev: Number(rev) };
  });
}

async function revOf(store: Store, id: string): Promise<number> {
  const { records } = await store.read([{ kind: 'verification', id }]);
  return records[0]?.rev ?? 0;
}

/** How many of the answered commits, in order, are there; fails when a later one is there without an earlier one. */
async function prefixOf(file: string, answered: readonly Answered[]): Promise<number> {
  const store = createSqliteStore({ file, clock: createFakeClock() });
  const there: boolean[] = [];
  for (const { id, rev } of answered) there.push((await revOf(store, id)) >= rev);
  await store.close();
  const length = there.lastIndexOf(true) + 1;
  expect(there.slice(0, length)).not.to.include(false);
  expect(faultsIn(file)).to.deep.equal([]);
  expect(statSync(file).size).to.be.above(0);
  return length;
}

/** The parts of a unit that are not all there, by the life that `store-process.ts` gives each verification. */
function faultsIn(file: string): unknown[] {
  const db = new DatabaseSync(file);
  const rules = [
    `SELECT 'due' AS fault, id FROM verifications WHERE (status = 'pending') != (due_at IS NOT NULL)`,
    `SELECT 'timeline', id FROM verifications v WHERE rev != (SELECT count(*) FROM timeline t WHERE t.verification = v.key)`,
    `SELECT 'push', id FROM verifications v WHERE (status = 'pending') !=
       EXISTS (SELECT 1 FROM outbox o WHERE o.subject = v.id AND topic = 'push')`,
    `SELECT 'webhook', id FROM verifications v WHERE (status != 'pending') !=
       EXISTS (SELECT 1 FROM outbox o WHERE o.subject = v.id AND topic = 'webhook')`,
    `SELECT 'rev', id FROM verifications WHERE rev != json_extract(body, '$.rev')`,
    `SELECT 'head', lane FROM outbox GROUP BY lane HAVING count(wake_at) != 1`,
  ];
  const faults = rules.flatMap((rule) => db.prepare(rule).all());
  const broken = db
    .prepare('PRAGMA integrity_check')
    .all()
    .filter((row) => row['integrity_check'] !== 'ok');
  const dangling = db.prepare('PRAGMA foreign_key_check').all();
  db.close();
  return [...faults, ...broken, ...dangling];
}
