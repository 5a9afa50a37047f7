// The embedded store: one process, one file, every answered commit on disk.
import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Logger } from '../../ports/runtime.ts';
import {
  StoreUnavailableError,
  type CommitResult,
  type Listed,
  type ListQuery,
  type ReadResult,
  type Ref,
  type Store,
} from '../../ports/store.ts';
import { openDatabase } from './database.ts';
import { createDueIndex } from './due-index.ts';
import { asStoreError } from './errors.ts';
import { createFences } from './fences.ts';
import { createGroupCommit, type Outcome } from './group-commit.ts';
import { createOutbox } from './outbox.ts';
import { createRecordTable } from './record-table.ts';
import { recordOf } from './rows.ts';
import { createTimeline } from './timeline.ts';
import { applyUnit, toReadyUnit, type Tables } from './unit.ts';

export interface SqliteStoreOptions {
  /** A path, made with its directories when missing; `:memory:` forgets everything when closed. */
  file: string;
  /** The store's clock: this machine's (law 3). */
  clock: Clock;
  logger?: Logger;
  /** The data file does not grow beyond this many bytes; what needs more is refused as on a full disk. Default: no bound. */
  maxBytes?: number;
}

/**
 * Reads answer at once and see only what is committed, because a transaction begins and ends within one turn of the loop.
 * Writes of one turn are committed together, before any of them is answered.
 * @throws StoreFileError the file is in use, newer than this program, or not a hub's
 */
export function createSqliteStore({ file, clock, logger, maxBytes }: SqliteStoreOptions): Store {
  const { db, close } = openDatabase(file, maxBytes);
  const tables = createTables(db);
  const { records, due, outbox, timeline } = tables;
  takeBackLeases(tables, logger);
  const group = createGroupCommit(db, logger);
  const prove = createProof(db);
  let closed = false;

  const write = async <T>(work: () => Outcome<T>): Promise<T> => {
    refuseClosed(closed);
    return group.submit(work);
  };
  const keep = <T>(work: () => T): Promise<T> => write(() => ({ keep: true, answer: work() }));
  const look = async <T>(work: () => T): Promise<T> => {
    refuseClosed(closed);
    try {
      return work();
    } catch (error) {
      throw asStoreError(error);
    }
  };

  return {
    read: (refs) => look(() => readAll(tables, refs, clock.now())),
    list: (query) => look(() => ({ now: clock.now(), ...listAll(tables, query) })),
    timeline: (id) => look(() => ({ now: clock.now(), entries: timeline.read(id) })),
    nextWake: () => look(() => ({ now: clock.now(), dueAt: due.wakeAt(), outboxAt: outbox.wakeAt() })),
    commit: async (unit) => {
      const ready = toReadyUnit(unit);
      return write<CommitResult>(() => {
        const now = clock.now();
        const conflict = applyUnit(tables, ready, now);
        return conflict === undefined
          ? { keep: true, answer: { ok: true, now } }
          : { keep: false, answer: { ok: false, conflict, now } };
      });
    },
    claimDue: ({ limit, leaseMs }) =>
      keep(() => {
        const now = clock.now();
        return { now, claims: due.claim(now, limit, leaseMs) };
      }),
    claimOutbox: ({ topics, limit, leaseMs }) =>
      keep(() => {
        const now = clock.now();
        return { now, messages: outbox.claim(now, topics, limit, leaseMs) };
      }),
    release: (claims) =>
      keep(() => {
        for (const claim of claims.due ?? []) due.release(claim);
        for (const message of claims.messages ?? []) outbox.release(message);
      }),
    sweep: ({ limit }) =>
      keep(() => {
        const now = clock.now();
        return records.sweep(now, limit);
      }),
    check: () =>
      keep(() => {
        prove();
        return { now: clock.now() };
      }),
    close: async () => {
      if (closed) return;
      group.flush();
      closed = true;
      close();
    },
  };
}

function refuseClosed(closed: boolean): void {
  if (closed) throw new StoreUnavailableError('The store is closed.');
}

function createTables(db: DatabaseSync): Tables {
  const nextFence = createFences(db);
  return {
    records: createRecordTable(db),
    due: createDueIndex(db, nextFence),
    outbox: createOutbox(db, nextFence),
    timeline: createTimeline(db),
  };
}

function readAll<const R extends readonly Ref[]>(tables: Tables, refs: R, now: number): ReadResult<R> {
  const found: unknown = refs.map(({ kind, id }) => tables.records.read(kind, id));
  if (!isAnswerTo(refs, found)) throw new TypeError('A read lost a record.');
  return { now, records: found };
}

function isAnswerTo<R extends readonly Ref[]>(refs: R, found: unknown): found is ReadResult<R>['records'] {
  return Array.isArray(found) && found.length === refs.length;
}

function listAll<Q extends ListQuery>(tables: Tables, query: Q): { records: Listed[Q['kind']][]; total: number } {
  const { found, total } = listOf(tables, query);
  if (!isListOf(query, found)) throw new TypeError('A list is no list.');
  return { records: found, total };
}

function listOf({ records, outbox }: Tables, query: ListQuery): { found: unknown; total: number } {
  if (query.kind === 'message')
    return { found: outbox.list(query.topic, query.limit), total: outbox.count(query.topic) };
  const { rows, total } = records.list(query);
  return { found: rows.map((row) => recordOf(query.kind, row)), total };
}

function isListOf<Q extends ListQuery>(_query: Q, found: unknown): found is Listed[Q['kind']][] {
  return Array.isArray(found);
}

/** The file is one process's alone (its lock says so): what an earlier one had claimed need not wait for its lease. */
function takeBackLeases({ due, outbox }: Tables, logger?: Logger): void {
  try {
    due.takeBack();
    outbox.takeBack();
  } catch (error) {
    // A full disk must not keep the hub from starting: it can still answer reads, and leases run out by themselves.
    logger?.warn({ reason: String(error) }, 'the leases of the process before could not be taken back');
  }
}

/** Asks for room and gives it back, and has that synced: a full file or disk fails here, before a caller is hurt. */
function createProof(db: DatabaseSync): () => void {
  const ask = db.prepare('INSERT INTO ballast (weight) VALUES (zeroblob(8192))');
  const giveBack = db.prepare('DELETE FROM ballast');
  return () => {
    ask.run();
    giveBack.run();
  };
}
