// Calls of the bank's own API, and the text for a person when one fails.
import type { BankProblem } from '../../bank-api.ts';
import { having } from './shapes.ts';
import type { Guard } from './shapes.ts';

export class BankError extends Error {
  override readonly name = 'BankError';
  readonly code: string;

  constructor({ code, message }: BankProblem) {
    super(message);
    this.code = code;
  }
}

const timeoutMs = 20_000;

/** Rejects with `BankError`. */
export function getFromBank<T>(path: string, guard: Guard<T>): Promise<T> {
  return call(path, guard, {});
}

/** Rejects with `BankError`. */
export function sendToBank<T>(path: string, guard: Guard<T>, body: object = {}): Promise<T> {
  return call(path, guard, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function call<T>(path: string, guard: Guard<T>, init: RequestInit): Promise<T> {
  const response = await fetch(`/demo/api/${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) }).catch(
    () => null,
  );
  if (response === null)
    throw new BankError({ code: 'network', message: 'No connection to the bank: check your network and try again.' });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok && guard(answer)) return answer;
  throw new BankError(isProblem(answer) ? answer : { code: 'internal', message: 'Something went wrong. Try again.' });
}

const isProblem = having<BankProblem>('code', 'message');

/** What to show of anything thrown: SDK and bank errors are written for people. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
