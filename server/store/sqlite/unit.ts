// One unit: every check, then every change; the caller undoes all of it when it is refused.
import type { Timestamp } from '../../core/verification.ts';
import type { CommitResult, Unit } from '../../ports/store.ts';
import type { DueIndex } from './due-index.ts';
import { toMessageRow, type MessageRow, type Outbox } from './outbox.ts';
import { toPutRow, type PutRow, type RecordTable } from './record-table.ts';
import type { Timeline } from './timeline.ts';

/** A unit made ready when it was handed in: JSON is written once, and later changes by its caller are not seen. */
export type ReadyUnit = Pick<Unit, 'removes' | 'unchanged' | 'before' | 'claim' | 'settle' | 'dropSends'> & {
  puts: PutRow[];
  timeline: { verificationId: string; entries: string } | undefined;
  enqueue: MessageRow[];
};

export interface Tables {
  records: RecordTable;
  due: DueIndex;
  outbox: Outbox;
  timeline: Timeline;
}

type Conflict = Extract<CommitResult, { ok: false }>['conflict'];

export function toReadyUnit(unit: Unit): ReadyUnit {
  const { timeline } = unit;
  return {
    ...unit,
    puts: (unit.puts ?? []).map(toPutRow),
    timeline:
      timeline === undefined || timeline.entries.length === 0
        ? undefined
        : { verificationId: timeline.verificationId, entries: JSON.stringify(timeline.entries) },
    enqueue: (unit.enqueue ?? []).map(toMessageRow),
  };
}

/**
 * What is wrong with the unit, or undefined after all of it was written. Of several conflicts the one that ends the matter
 * is told: who is fenced must let go; who is stale reads what won before asking whether it was too late.
 */
export function applyUnit(tables: Tables, unit: ReadyUnit, now: Timestamp): Conflict | undefined {
  const { records, due, outbox, timeline } = tables;
  if (unit.claim !== undefined && !due.isCurrent(unit.claim)) return 'fenced';
  if (unit.settle !== undefined && !outbox.settle(unit.settle)) return 'fenced';
  if (unit.unchanged?.some((ref) => records.rev(ref) !== ref.rev) === true) return 'stale';
  if (!unit.puts.every((put) => records.put(put))) return 'stale';
  if (unit.before !== undefined && now >= unit.before) return 'late';
  for (const ref of unit.removes ?? []) records.remove(ref);
  if (unit.timeline !== undefined) timeline.append(unit.timeline.verificationId, unit.timeline.entries);
  if (unit.dropSends !== undefined) outbox.dropSends(unit.dropSends);
  for (const message of unit.enqueue) outbox.enqueue(message);
  return undefined;
}
