// Keeps what a reloaded page needs to go on waiting. In this tab only: the token ends with it.
import type { Waiting } from '../../bank-api.ts';

const key = 'dune-waiting';

export function keepWaiting(waiting: Waiting): void {
  sessionStorage.setItem(key, JSON.stringify(waiting));
}

export function keptWaiting(): Waiting | null {
  const kept = sessionStorage.getItem(key);
  return kept === null ? null : (JSON.parse(kept) as Waiting);
}

export function forgetWaiting(): void {
  sessionStorage.removeItem(key);
}
