// The last few answers, kept on this phone only.
import { having, listOf, parseAs } from '../shared/shapes.ts';
import type { Result } from './results.ts';

export interface RecentEntry {
  action: string;
  result: Result;
  /** RFC 3339. */
  at: string;
}

const key = 'verihub-phone-recent';
const kept = 4;
const isEntries = listOf(having<RecentEntry>('action', 'result', 'at'));

export function recentEntries(): RecentEntry[] {
  return parseAs(localStorage.getItem(key), isEntries) ?? [];
}

export function addRecent(entry: RecentEntry): void {
  localStorage.setItem(key, JSON.stringify([entry, ...recentEntries()].slice(0, kept)));
}

export function forgetRecent(): void {
  localStorage.removeItem(key);
}
