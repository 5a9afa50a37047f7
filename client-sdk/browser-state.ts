/** How the waiting page stands towards the hub, with a text that a person can act on. */
import type { VerihubError } from './errors.ts';
import type { VerificationStatus, VerificationView } from './protocol.ts';

export const browserConditions = [
  'connecting',
  'online',
  'polling',
  'offline',
  'reconnecting',
  'ended',
  'failed',
  'closed',
] as const;
export type BrowserCondition = (typeof browserConditions)[number];

export interface BrowserState {
  condition: BrowserCondition;
  /** For people. Programs go by `condition`. */
  text: string;
  /** For developers: what stands in the way of a connection, or why the page gave up. */
  error?: VerihubError;
}

const endings: Record<VerificationStatus, string> = {
  pending: 'Your sign-in is waiting for your answer.',
  approved: 'Your sign-in was approved.',
  denied: 'Your sign-in was denied.',
  expired: 'Your sign-in ran out of time. Start again.',
  canceled: 'Your sign-in was canceled.',
  undeliverable: 'Your sign-in request could not be delivered. Start again, or use another way to sign in.',
};

export function describeBrowser(
  condition: BrowserCondition,
  verification: VerificationView | null,
  formatTime: (epochMs: number) => string,
): BrowserState {
  const until = verification === null ? '' : ` until ${formatTime(Date.parse(verification.expiresAt))}`;
  const texts: Record<BrowserCondition, string> = {
    connecting: 'Connecting…',
    online: `Connected: waiting for your answer${until}.`,
    polling: `Connected by a slower route: waiting for your answer${until}.`,
    offline: `No connection: check your network; your sign-in is still waiting${until}.`,
    reconnecting: `The connection was lost, trying again; your sign-in is still waiting${until}.`,
    ended: endings[verification?.status ?? 'pending'],
    failed: 'This page can no longer follow your sign-in. Start again.',
    closed: 'Not connected.',
  };
  return { condition, text: texts[condition] };
}
