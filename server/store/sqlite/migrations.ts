// The schema, as numbered steps that never change once released.
import type { DatabaseSync } from 'node:sqlite';
import { StoreFileError } from './errors.ts';
import { integer } from './rows.ts';

interface Migration {
  version: number;
  sql: string;
}

/**
 * Bodies are JSON and hold the whole record, fields this version does not know included; columns repeat what is searched.
 * `due_at` is set exactly while a verification is pending (S14), which a CHECK enforces.
 */
const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO counters VALUES ('fence', 0);

      -- Always empty between transactions: a check asks for room here and gives it back.
      CREATE TABLE ballast (key INTEGER PRIMARY KEY, weight BLOB NOT NULL) STRICT;

      CREATE TABLE records (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        rev INTEGER NOT NULL,
        owner TEXT,
        created_at INTEGER NOT NULL,
        forget_at INTEGER,
        body TEXT NOT NULL,
        UNIQUE (kind, id)
      ) STRICT;
      CREATE INDEX records_by_owner ON records (kind, owner, created_at, id) WHERE owner IS NOT NULL;
      CREATE INDEX records_to_forget ON records (forget_at) WHERE forget_at IS NOT NULL;

      CREATE TABLE verifications (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        rev INTEGER NOT NULL,
        owner TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        due_at INTEGER,
        lease_until INTEGER,
        fence INTEGER NOT NULL DEFAULT 0,
        tries INTEGER NOT NULL DEFAULT 0,
        forget_at INTEGER,
        body TEXT NOT NULL,
        CHECK ((status = 'pending') = (due_at IS NOT NULL)),
        CHECK (lease_until IS NULL OR due_at IS NOT NULL)
      ) STRICT;
      CREATE INDEX verifications_due ON verifications (due_at) WHERE due_at IS NOT NULL;
      CREATE INDEX verifications_leased ON verifications (lease_until) WHERE lease_until IS NOT NULL;
      CREATE INDEX verifications_pending ON verifications (owner, created_at, id) WHERE due_at IS NOT NULL;
      CREATE INDEX verifications_to_forget ON verifications (forget_at) WHERE forget_at IS NOT NULL;

      CREATE TABLE timeline (
        verification INTEGER NOT NULL REFERENCES verifications (key) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        entries TEXT NOT NULL,
        PRIMARY KEY (verification, position)
      ) STRICT, WITHOUT ROWID;

      -- wake_at: when the head of a lane can next be claimed; NULL for what waits behind it.
      CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        topic TEXT NOT NULL,
        lane TEXT NOT NULL,
        application_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        not_before INTEGER NOT NULL,
        wake_at INTEGER,
        attempts INTEGER NOT NULL,
        fence INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        payload TEXT NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX outbox_heads ON outbox (lane) WHERE wake_at IS NOT NULL;
      CREATE INDEX outbox_lanes ON outbox (lane, seq);
      CREATE INDEX outbox_wake ON outbox (topic, wake_at) WHERE wake_at IS NOT NULL;
      CREATE INDEX outbox_sends ON outbox (subject) WHERE topic IN ('push', 'sms');

      CREATE TABLE dead_letters (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        topic TEXT NOT NULL,
        lane TEXT NOT NULL,
        application_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        died_at INTEGER NOT NULL,
        forget_at INTEGER NOT NULL,
        payload TEXT NOT NULL
      ) STRICT;
      CREATE INDEX dead_letters_to_forget ON dead_letters (forget_at);
    `,
  },
  {
    // Dead letters become records: listed, read, removed and forgotten as any other.
    version: 2,
    sql: `
      INSERT OR IGNORE INTO records (kind, id, rev, owner, created_at, forget_at, body)
        SELECT 'dead-letter', id, 1, application_id, died_at, forget_at, json_object(
          'id', id, 'rev', 1, 'applicationId', application_id, 'subject', subject, 'lane', lane, 'payload', json(payload),
          'queuedAt', created_at, 'attempts', attempts, 'reason', 'unknown', 'createdAt', died_at)
        FROM dead_letters WHERE topic = 'webhook' ORDER BY key DESC;
      DROP TABLE dead_letters;
      CREATE INDEX outbox_age ON outbox (topic, created_at, seq);
    `,
  },
];

export const schemaVersion = migrations.at(-1)?.version ?? 0;

/** Marks the file as ours in its header ("VHub"), https://www.sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x56487562;

/**
 * Brings the schema up to date, each step in its own transaction, so that a crash between two leaves a whole one.
 * @throws StoreFileError the file is newer than this program, or not a hub's
 */
export function migrate(db: DatabaseSync, file: string): void {
  const found = pragma(db, 'user_version');
  const isEmpty = integer(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get(), 'n') === 0;
  if (!isEmpty && pragma(db, 'application_id') !== applicationId) {
    throw new StoreFileError(
      `${file} is a database of another program. Choose another file with VERIHUB_STORE=sqlite:<file>.`,
    );
  }
  if (found > schemaVersion) {
    throw new StoreFileError(
      `${file} was written by a newer Verihub: its schema is version ${found}, this one knows up to ${schemaVersion}. ` +
        'Start the newer version, or restore the backup that was made before the upgrade.',
    );
  }
  for (const { version, sql } of migrations) {
    if (version <= found) continue;
    db.exec(
      `BEGIN IMMEDIATE; ${sql}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; COMMIT`,
    );
  }
}

function pragma(db: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return integer(db.prepare(`PRAGMA ${name}`).get(), name);
}
