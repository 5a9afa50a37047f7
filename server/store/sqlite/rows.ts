// Reads columns out of rows, and bodies back into records.
import type { SQLOutputValue } from 'node:sqlite';
import type { Kind, Records } from '../../ports/records.ts';

export type Row = Record<string, SQLOutputValue>;

export function text(row: Row | undefined, column: string): string {
  const value = row?.[column];
  if (typeof value !== 'string') throw new TypeError(`Column ${column} holds no text.`);
  return value;
}

export function integer(row: Row | undefined, column: string): number {
  const value = optionalInteger(row, column);
  if (value === undefined) throw new TypeError(`Column ${column} holds no number.`);
  return value;
}

export function optionalInteger(row: Row | undefined, column: string): number | undefined {
  const value = row?.[column];
  return typeof value === 'number' ? value : undefined;
}

/** The record of a row's `body`. What was put is what is read: bodies are written by `Put` alone. */
export function recordOf<K extends Kind>(kind: K, row: Row): Records[K] {
  const record: unknown = JSON.parse(text(row, 'body'));
  if (!isRecord(kind, record)) throw new TypeError(`A stored ${kind} is not a record.`);
  return record;
}

function isRecord<K extends Kind>(_kind: K, value: unknown): value is Records[K] {
  return typeof value === 'object' && value !== null && 'id' in value && 'rev' in value;
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
