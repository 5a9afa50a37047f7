// Opens the data file: private, locked for this process, durable, with an up-to-date schema.
import { DatabaseSync } from 'node:sqlite';
import { sqliteCode, sqliteCorrupt, sqliteNotADatabase, StoreFileError } from './errors.ts';
import { migrate } from './migrations.ts';
import { createPrivateFile } from './private-file.ts';
import { lockForThisProcess } from './process-lock.ts';

export interface Database {
  db: DatabaseSync;
  close(): void;
}

/** Somebody with `sqlite3` on the live file may hold the write lock; waiting for it stops the whole loop. Milliseconds. */
const busyTimeoutMs = 200;

/**
 * Pages in the WAL after which a commit also copies them into the data file. That copy, with its two more syncs, is the
 * longest stall of the loop (performance.md point 7): a small number makes it short and frequent, a large one long and rare.
 */
const checkpointPages = 256;

/** The WAL is cut back to this once it has been copied: a burst, or a long backup, does not leave a large file. Bytes. */
const walBytes = 8 * 1024 * 1024;

/**
 * @param file a path, or `:memory:`
 * @param maxBytes the data file stops growing here, and commits that need more are refused as if the disk were full
 * @throws StoreFileError in use, newer, or not a hub's; the message says what to do
 */
export function openDatabase(file: string, maxBytes?: number): Database {
  if (file === ':memory:') {
    const db = prepare(file, maxBytes);
    return { db, close: () => db.close() };
  }
  const path = createPrivateFile(file);
  const unlock = lockForThisProcess(path);
  try {
    const db = prepare(path, maxBytes);
    return {
      db,
      close: () => {
        db.close();
        unlock();
      },
    };
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
    throw explained(error, file);
  }
}

function limitSize(db: DatabaseSync, maxBytes: number): void {
  const pageSize = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
}

function explained(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  if (code === sqliteNotADatabase) {
    return new StoreFileError(`${file} is not a database. Choose another file with VERIHUB_STORE=sqlite:<file>.`, {
      cause: error,
    });
  }
  if (code === sqliteCorrupt) {
    return new StoreFileError(`${file} is damaged. Restore it from a backup.`, { cause: error });
  }
  return error;
}
