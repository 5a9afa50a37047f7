// Fence numbers: each claim gets one that was never given before, whatever has been deleted since.
import type { DatabaseSync } from 'node:sqlite';
import { integer } from './rows.ts';

/** Answers the next fence; to be called inside a transaction. */
export function createFences(db: DatabaseSync): () => number {
  const next = db.prepare("UPDATE counters SET value = value + 1 WHERE name = 'fence' RETURNING value");
  return () => integer(next.get(), 'value');
}
