// What SQLite's errors mean to the hub.
import { StoreUnavailableError } from '../../ports/store.ts';

/** The file cannot be opened as it is. The message says what to do; trying again without doing it is no use. */
export class StoreFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreFileError';
  }
}

/** Primary result codes, https://www.sqlite.org/rescode.html */
export const sqliteBusy = 5;
export const sqliteCorrupt = 11;
const sqliteConstraint = 19;
const sqliteMismatch = 20;
const sqliteRange = 25;
export const sqliteNotADatabase = 26;

/** The primary code is the low byte of an extended one. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** A fault of what was asked, not of the store: asking again fails again. */
function isOurFault(code: number): boolean {
  return code === sqliteConstraint || code === sqliteMismatch || code === sqliteRange;
}

/** What a caller of the store is told: `StoreUnavailableError` for the file, the disk or a lock; a bug stays what it is. */
export function asStoreError(error: unknown): Error {
  const code = sqliteCode(error);
  const original = error instanceof Error ? error : new Error(String(error));
  if (code === undefined || isOurFault(code)) return original;
  return new StoreUnavailableError(`The embedded store failed: ${original.message}.`, { cause: error });
}
