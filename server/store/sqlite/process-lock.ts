// Lets one process use a data file: a second one is told so when it starts.
import { DatabaseSync } from 'node:sqlite';
import { createPrivateFile } from './private-file.ts';
import { sqliteBusy, sqliteCode, StoreFileError } from './errors.ts';

/** A process that is just ending may take a moment to let go. Milliseconds. */
const patienceMs = 500;

/**
 * Locks `<file>-lock` until released. The kernel lets go of it when the process dies, however it dies.
 *
 * Why a file of its own, and not `PRAGMA locking_mode=EXCLUSIVE` on the data: that keeps every other process from
 * reading too, so that an operator could not take a backup (`sqlite3 <file> ".backup copy.db"`) while the hub runs.
 * Why SQLite's lock, and not a file with a process id: ids are reused, and a file outlives a crash.
 * @throws StoreFileError another process, or another store of this one, has it
 */
export function lockForThisProcess(file: string): () => void {
  const lockFile = `${file}-lock`;
  createPrivateFile(lockFile);
  const lock = new DatabaseSync(lockFile, { timeout: patienceMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (sqliteCode(error) !== sqliteBusy) throw error;
    throw new StoreFileError(
      `Another Verihub is using ${file}, and a data file serves one process at a time. ` +
        'Stop the other one, or give this one a file of its own with VERIHUB_STORE=sqlite:<file>. ' +
        'To run several nodes on the same data, use Redis: VERIHUB_STORE=redis://…',
      { cause: error },
    );
  }
  return () => lock.close();
}
