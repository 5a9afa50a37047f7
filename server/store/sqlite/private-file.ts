// Files that only the hub's own account may read: the data hold private keys and phone numbers.
import { closeSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const onlyOwner = 0o600;
const onlyOwnerDirectory = 0o700;

/**
 * Creates the file, and the directories above it, when missing; SQLite gives its `-wal` and `-shm` the same mode.
 * A file that is there keeps its mode, and is not opened: closing any descriptor of a file drops all locks
 * that the process holds on it (POSIX fcntl; https://www.sqlite.org/howtocorrupt.html section 2.2).
 * @returns its path without symbolic links, so that two ways to one file meet at the same lock
 */
export function createPrivateFile(file: string): string {
  const path = resolve(file);
  createDirectory(dirname(path));
  try {
    closeSync(openSync(path, 'wx', onlyOwner));
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
  }
  return realpathSync(path);
}

/** One by one from above: Node's own recursive way never returns where nothing can be made, as below `/proc`. */
function createDirectory(path: string): void {
  if (existsSync(path)) return;
  createDirectory(dirname(path));
  mkdirSync(path, { mode: onlyOwnerDirectory });
}
