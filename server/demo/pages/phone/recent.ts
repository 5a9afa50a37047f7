// The last few answers, kept on this phone only.
import type { Result } from './results.ts';

export interface RecentEntry {
  action: string;
  result: Result;
  /** RFC 3339. */
  at: string;
}

const key = 'verihub-phone-recent';
const kept = 4;

export function recentEntries(): RecentEntry[] {
  return JSON.parse(localStorage.getItem(key) ?? '[]') as RecentEntry[];
}

export function addRecent(entry: RecentEntry): void {
  localStorage.setItem(key, JSON.stringify([entry, ...recentEntries()].slice(0, kept)));
}

export function forgetRecent(): void {
  localStorage.removeItem(key);
}
