// Counts the transactions in a write-ahead log by reading the file itself.
import { readFileSync } from 'node:fs';

const headerBytes = 32;
const frameHeaderBytes = 24;

/**
 * Transactions since the log last started over: frames of this generation (same salts as the header) that end one
 * (https://www.sqlite.org/fileformat2.html section 4.1). With `synchronous=FULL` each is one sync of the disk.
 * Only the log may be read while the store is open: closing a descriptor of the data file would drop its locks.
 */
export function transactionsIn(walFile: string): number {
  const wal = readFileSync(walFile);
  const pageBytes = wal.readUInt32BE(8);
  const salts = wal.subarray(16, 24);
  let count = 0;
  for (let at = headerBytes; at + frameHeaderBytes <= wal.length; at += frameHeaderBytes + pageBytes) {
    if (!wal.subarray(at + 8, at + 16).equals(salts)) break;
    if (wal.readUInt32BE(at + 4) !== 0) count += 1;
  }
  return count;
}
