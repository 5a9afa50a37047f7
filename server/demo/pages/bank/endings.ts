// How a request ended, in words that say what to do next.
import type { VerificationStatus, VerificationView } from '../../../../client-sdk/browser.ts';
import type { Purpose } from '../../bank-api.ts';

export interface Ending {
  tone: 'bad' | 'calm';
  icon: string;
  title: string;
  text: string;
  /** What to do next. */
  next: string;
  /** Label of the main button. */
  primary: string;
  /** Offers to set up a phone. */
  setUp?: boolean;
}

/** How the waiting page saw it end; `failed` when it can no longer tell. */
export type End = Pick<VerificationView, 'status' | 'decision'> | { status: 'failed'; message: string };

type Words = Omit<Ending, 'primary'>;

const denied: Words = {
  tone: 'bad',
  icon: 'cross',
  title: 'Not approved',
  text: 'The answer from your phone was no, or the number did not match.',
  next: 'If that was a slip, try again. If you did not ask for this, leave it: nobody got in.',
};

const reported: Words = {
  tone: 'bad',
  icon: 'shield',
  title: 'Thank you for reporting this',
  text: 'You told us on your phone that this was not you. We stopped it at once, and nobody got in.',
  next: 'Someone may know your password. Change it before you sign in again.',
};

const words: Record<Exclude<VerificationStatus, 'pending' | 'denied'>, Words> = {
  approved: {
    tone: 'calm',
    icon: 'check',
    title: 'Approved',
    text: 'Your phone said yes.',
    next: 'If this page does not move on, try again.',
  },
  expired: {
    tone: 'calm',
    icon: 'clock',
    title: 'Time ran out',
    text: 'Nobody answered in time, so the request ended by itself.',
    next: 'Have your phone at hand and try again. You get a new request with a new number.',
  },
  canceled: {
    tone: 'calm',
    icon: 'minus',
    title: 'Canceled',
    text: 'You stopped this request. Your phone no longer shows it.',
    next: 'Try again whenever you like.',
  },
  undeliverable: {
    tone: 'bad',
    icon: 'alert',
    title: 'We could not reach you',
    text: 'There is no phone we could ask, and no number we may send a text message to.',
    next: 'Set up a phone, or choose another way to be reached in the demo controls.',
    setUp: true,
  },
};

export function endingOf(end: End, purpose: Purpose): Ending {
  const primary = purpose === 'payment' ? 'Back to your account' : 'Try again';
  if (end.status === 'failed') {
    return { tone: 'bad', icon: 'alert', title: 'We lost track', text: end.message, next: 'Start again.', primary };
  }
  if (end.status === 'denied') return { ...(end.decision?.reported === true ? reported : denied), primary };
  return { ...(end.status === 'pending' ? words.expired : words[end.status]), primary };
}
