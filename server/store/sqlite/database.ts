// Opens the data file: private, locked for this process, durable, with an up-to-date schema.
import { DatabaseSync } from 'node:sqlite';
import { sqliteBusy, sqliteCode, sqliteCorrupt, sqliteNotADatabase, StoreFileError } from './errors.ts';
import { migrate } from './migrations.ts';
import { createPrivateFile } from './private-file.ts';
import { lockForThisProcess } from './process-lock.ts';
import { integer } from './rows.ts';

export interface Database {
  db: DatabaseSync;
  close(): void;
}

/** Somebody with `sqlite3` on the live file may hold the write lock; waiting for it stops the whole loop. Milliseconds. */
const busyTimeoutMs = 200;

/**
 * Pages in the WAL after which a commit also copies them into the data file. That copy is scattered writes and two more
 * syncs, all in one turn of the loop, and the longest stall there is. 1 MiB at a time keeps it short where a disk is slow,
 * at no cost where it is fast (on an SSD commits are as quick with 32 as with 4,000), and keeps the WAL small: it starts
 * over when all of it has been copied, which a commit at a time always allows.
 */
const checkpointPages = 256;

/** The WAL is cut back to this once it has been copied: a burst, or a long backup, does not leave a large file. Bytes. */
const walBytes = 8 * 1024 * 1024;

/**
 * @param file a path, or `:memory:`
 * @param maxBytes the data file stops growing here, and commits that need more are refused as if the disk were full
 * @throws StoreFileError it cannot be opened; the message says what to do
 */
export function openDatabase(file: string, maxBytes?: number): Database {
  try {
    if (file !== ':memory:') return openFile(file, maxBytes);
    const db = prepare(file, maxBytes);
    return { db, close: () => db.close() };
  } catch (error) {
    throw explained(error, file);
  }
}

function openFile(file: string, maxBytes: number | undefined): Database {
  const path = createPrivateFile(file);
  const unlock = lockForThisProcess(path);
  try {
    const db = prepare(path, maxBytes);
    const close = (): void => {
      try {
        db.close();
      } finally {
        unlock();
      }
    };
    return { db, close };
  } catch (error) {
    unlock();
    throw error;
  }
}

function prepare(file: string, maxBytes: number | undefined): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    // FULL syncs the WAL at every commit: an answered commit survives a power cut. The undo log of savepoints stays in memory.
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA temp_store = MEMORY;
      PRAGMA wal_autocheckpoint = ${checkpointPages};
      PRAGMA journal_size_limit = ${walBytes};
    `);
    migrate(db, file);
    if (maxBytes !== undefined) limitSize(db, maxBytes);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function limitSize(db: DatabaseSync, maxBytes: number): void {
  const pageSize = integer(db.prepare('PRAGMA page_size').get(), 'page_size');
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
}

function explained(error: unknown, file: string): Error {
  if (error instanceof StoreFileError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreFileError(`${file} cannot be opened (${reason}). ${adviceOn(sqliteCode(error))}`, { cause: error });
}

function adviceOn(code: number | undefined): string {
  switch (code) {
    case sqliteNotADatabase:
      return 'It is not a database: choose another file with VERIHUB_STORE=sqlite:<file>.';
    case sqliteCorrupt:
      return 'It is damaged: restore it from a backup.';
    case sqliteBusy:
      return 'Another program is writing to it: end that first.';
    default:
      return 'Its folder must be on a local disk with room left, and the account that runs the hub must be able to write there.';
  }
}
