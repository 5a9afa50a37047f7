// Records by kind: compare-and-set on `rev`, reading, listing, forgetting.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { dueAtOf, type Timestamp, type Verification } from '../../core/verification.ts';
import { userKey, type Kind, type Records } from '../../ports/records.ts';
import type { ListQuery, Put, Ref } from '../../ports/store.ts';
import { integer, recordOf, type Row } from './rows.ts';

/** A put made ready when it was handed in: what its caller does to the record afterwards changes nothing. */
export type PutRow = VerificationRow | RecordRow;

interface CommonRow {
  id: string;
  rev: number;
  owner: string | null;
  createdAt: Timestamp;
  forgetAt: Timestamp | null;
  body: string;
}
interface VerificationRow extends CommonRow {
  kind: 'verification';
  status: Verification['status'];
  dueAt: Timestamp | null;
}
interface RecordRow extends CommonRow {
  kind: Exclude<Kind, 'verification'>;
}

/** Messages are in the outbox. */
type RecordQuery = Exclude<ListQuery, { kind: 'message' }>;

export interface RecordTable {
  /** False: `rev` is not one above the stored one. */
  put(row: PutRow): boolean;
  remove(ref: Ref): void;
  rev(ref: Ref): number | undefined;
  read<K extends Kind>(kind: K, id: string): Records[K] | undefined;
  /** `total`: how many match, whatever the limit. */
  list(query: RecordQuery): { rows: Row[]; total: number };
  /** Deletes up to `limit` whose time has passed, and answers how many. Pending verifications stay until they have ended. */
  sweep(now: Timestamp, limit: number): number;
}

export function toPutRow(put: Put): PutRow {
  const { record } = put;
  const createdAt = 'createdAt' in record ? Math.ceil(record.createdAt) : 0;
  const common = {
    id: record.id,
    rev: record.rev,
    createdAt,
    forgetAt: wholeOrNull(put.forgetAt),
    body: JSON.stringify(record),
  };
  switch (put.kind) {
    case 'verification': {
      const dueAt = wholeOrNull(dueAtOf(put.record));
      return { ...common, kind: put.kind, owner: ownerOf(put.record), status: put.record.status, dueAt };
    }
    case 'device':
    case 'trusted-browser':
      return { ...common, kind: put.kind, owner: ownerOf(put.record) };
    case 'application':
      return { ...common, kind: put.kind, owner: everybody };
    case 'dead-letter':
      return { ...common, kind: put.kind, owner: put.record.applicationId };
    default:
      return { ...common, kind: put.kind, owner: null };
  }
}

/** Owner of what is not listed by user. */
const everybody = '';

function ownerOf({ applicationId, userId }: { applicationId: string; userId: string }): string {
  return userKey(applicationId, userId);
}

/** Columns are whole milliseconds. Rounded up: never early (S10). */
function wholeOrNull(at: Timestamp | undefined): Timestamp | null {
  return at === undefined ? null : Math.ceil(at);
}

export function createRecordTable(db: DatabaseSync): RecordTable {
  const records = recordStatements(db);
  const verifications = verificationStatements(db);
  const deadLetters = deadLetterStatements(db);
  const listByOwner = (query: Exclude<RecordQuery, DeadLetterQuery>): Row[] => {
    if (query.kind === 'application') return records.list.all(query.kind, everybody);
    const owner = ownerOf(query);
    return query.kind === 'verification' ? verifications.listPending.all(owner) : records.list.all(query.kind, owner);
  };
  const find = (kind: Kind, id: string): Row | undefined =>
    kind === 'verification' ? verifications.read.get(id) : records.read.get(kind, id);

  return {
    put: (row) => (row.kind === 'verification' ? putVerification(verifications, row) : putRecord(records, row)),
    remove: ({ kind, id }) => {
      if (kind === 'verification') verifications.remove.run(id);
      else records.remove.run(kind, id);
    },
    rev: ({ kind, id }) => {
      const row = kind === 'verification' ? verifications.rev.get(id) : records.rev.get(kind, id);
      return row === undefined ? undefined : integer(row, 'rev');
    },
    read: (kind, id) => {
      const row = find(kind, id);
      return row === undefined ? undefined : recordOf(kind, row);
    },
    list: (query) => {
      if (query.kind === 'dead-letter') return listDeadLetters(deadLetters, query);
      const rows = listByOwner(query);
      return { rows, total: rows.length };
    },
    sweep: (now, limit) => {
      const ended = Number(verifications.sweep.run(now, limit).changes);
      return ended + Number(records.sweep.run(now, limit - ended).changes);
    },
  };
}

function recordStatements(db: DatabaseSync) {
  return {
    insert:
      db.prepare(`INSERT INTO records (kind, id, rev, owner, created_at, forget_at, body) VALUES (?, ?, 1, ?, ?, ?, ?)
      ON CONFLICT (kind, id) DO NOTHING`),
    update: db.prepare('UPDATE records SET rev = ?, forget_at = ?, body = ? WHERE kind = ? AND id = ? AND rev = ?'),
    remove: db.prepare('DELETE FROM records WHERE kind = ? AND id = ?'),
    rev: db.prepare('SELECT rev FROM records WHERE kind = ? AND id = ?'),
    read: db.prepare('SELECT body FROM records WHERE kind = ? AND id = ?'),
    list: db.prepare('SELECT body FROM records WHERE kind = ? AND owner = ? ORDER BY created_at, id'),
    sweep: db.prepare(`DELETE FROM records WHERE rowid IN
      (SELECT rowid FROM records WHERE forget_at <= ? ORDER BY forget_at LIMIT ?)`),
  };
}

function putRecord(statements: { insert: StatementSync; update: StatementSync }, row: RecordRow): boolean {
  const { kind, id, rev, owner, createdAt, forgetAt, body } = row;
  const { changes } =
    rev === 1
      ? statements.insert.run(kind, id, owner, createdAt, forgetAt, body)
      : statements.update.run(rev, forgetAt, body, kind, id, rev - 1);
  return changes === 1;
}

type DeadLetterQuery = Extract<ListQuery, { kind: 'dead-letter' }>;

/** By application they lie in their order in an index; all of them together are sorted, which is for operators only. */
function deadLetterStatements(db: DatabaseSync) {
  const page = '(created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?';
  return {
    list: db.prepare(`SELECT body FROM records WHERE kind = 'dead-letter' AND ${page}`),
    listOf: db.prepare(`SELECT body FROM records WHERE kind = 'dead-letter' AND owner = ? AND ${page}`),
    count: db.prepare("SELECT count(*) AS n FROM records WHERE kind = 'dead-letter'"),
    countOf: db.prepare("SELECT count(*) AS n FROM records WHERE kind = 'dead-letter' AND owner = ?"),
  };
}

function listDeadLetters(
  statements: ReturnType<typeof deadLetterStatements>,
  { applicationId, limit, after }: DeadLetterQuery,
): { rows: Row[]; total: number } {
  const behind = [after === undefined ? Number.MIN_SAFE_INTEGER : Math.ceil(after.createdAt), after?.id ?? ''] as const;
  if (applicationId === undefined) {
    return { rows: statements.list.all(...behind, limit), total: integer(statements.count.get(), 'n') };
  }
  const rows = statements.listOf.all(applicationId, ...behind, limit);
  return { rows, total: integer(statements.countOf.get(applicationId), 'n') };
}

/** A write gives up the lease and the count of tries: they were for what it has changed. The fence stays. */
function verificationStatements(db: DatabaseSync) {
  return {
    insert: db.prepare(`INSERT INTO verifications (id, rev, owner, created_at, status, due_at, forget_at, body)
      VALUES (?, 1, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`),
    update:
      db.prepare(`UPDATE verifications SET rev = ?, status = ?, due_at = ?, lease_until = NULL, tries = 0, forget_at = ?, body = ?
      WHERE id = ? AND rev = ?`),
    remove: db.prepare('DELETE FROM verifications WHERE id = ?'),
    rev: db.prepare('SELECT rev FROM verifications WHERE id = ?'),
    read: db.prepare('SELECT body FROM verifications WHERE id = ?'),
    listPending: db.prepare(
      `SELECT body FROM verifications WHERE owner = ? AND due_at IS NOT NULL ORDER BY created_at, id`,
    ),
    sweep: db.prepare(`DELETE FROM verifications WHERE key IN
      (SELECT key FROM verifications WHERE forget_at <= ? AND due_at IS NULL ORDER BY forget_at LIMIT ?)`),
  };
}

function putVerification(statements: { insert: StatementSync; update: StatementSync }, row: VerificationRow): boolean {
  const { id, rev, owner, createdAt, status, dueAt, forgetAt, body } = row;
  const { changes } =
    rev === 1
      ? statements.insert.run(id, owner, createdAt, status, dueAt, forgetAt, body)
      : statements.update.run(rev, status, dueAt, forgetAt, body, id, rev - 1);
  return changes === 1;
}
