// Keeps what a reloaded page needs to go on waiting. In this tab only: the token ends with it.
import type { Waiting } from '../../bank-api.ts';
import { having, parseAs } from '../shared/shapes.ts';

const key = 'dune-waiting';
const isWaiting = having<Waiting>('verificationId', 'purpose', 'waiterToken');

export function keepWaiting(waiting: Waiting): void {
  sessionStorage.setItem(key, JSON.stringify(waiting));
}

export function keptWaiting(): Waiting | null {
  return parseAs(sessionStorage.getItem(key), isWaiting) ?? null;
}

export function forgetWaiting(): void {
  sessionStorage.removeItem(key);
}
