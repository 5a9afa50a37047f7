// What happened to each verification, in the order it was committed.
import type { DatabaseSync } from 'node:sqlite';
import type { TimelineEntry } from '../../core/events.ts';
import { text } from './rows.ts';

export interface Timeline {
  /** @param entries JSON array; goes nowhere when there is no such verification */
  append(verificationId: string, entries: string): void;
  read(verificationId: string): TimelineEntry[];
}

export function createTimeline(db: DatabaseSync): Timeline {
  const append = db.prepare(`INSERT INTO timeline (verification, position, entries)
    SELECT key, (SELECT coalesce(max(position), 0) + 1 FROM timeline WHERE verification = key), ?2
    FROM verifications WHERE id = ?1`);
  const read = db.prepare(`SELECT t.entries FROM verifications v JOIN timeline t ON t.verification = v.key
    WHERE v.id = ? ORDER BY t.position`);
  return {
    append: (verificationId, entries) => {
      append.run(verificationId, entries);
    },
    read: (verificationId) => read.all(verificationId).flatMap((row) => entriesOf(text(row, 'entries'))),
  };
}

function entriesOf(json: string): TimelineEntry[] {
  const entries: unknown = JSON.parse(json);
  if (!isEntries(entries)) throw new TypeError('A stored timeline is not a list.');
  return entries;
}

function isEntries(value: unknown): value is TimelineEntry[] {
  return Array.isArray(value);
}
