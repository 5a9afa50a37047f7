// How a request ended as this phone saw it, in words. Pure.
import type { VerificationStatus } from '../../../../client-sdk/device.ts';

export type Result =
  | 'approved'
  | 'denied'
  | 'reported'
  | 'wrong-number'
  | 'expired'
  | 'canceled'
  | 'approved-elsewhere'
  | 'denied-elsewhere'
  | 'gone';

export interface ResultWords {
  tone: 'good' | 'bad' | 'calm';
  icon: string;
  title: string;
  text: string;
  /** One word for the list of recent requests. */
  tag: string;
}

const words: Record<Result, ResultWords> = {
  approved: {
    tone: 'good',
    icon: 'check',
    title: 'Approved',
    text: 'You can put the phone away: the page that asked moves on by itself.',
    tag: 'Approved',
  },
  denied: { tone: 'bad', icon: 'cross', title: 'Denied', text: 'Nobody gets in with this request.', tag: 'Denied' },
  reported: {
    tone: 'bad',
    icon: 'shield',
    title: 'Reported',
    text: 'The request is stopped and the one who asked was warned. If somebody knows your password, change it.',
    tag: 'Reported',
  },
  'wrong-number': {
    tone: 'bad',
    icon: 'cross',
    title: 'Denied',
    text: 'The number was not the one the page shows. Start the sign-in again, and look at the new number.',
    tag: 'Denied',
  },
  expired: {
    tone: 'calm',
    icon: 'clock',
    title: 'Time ran out',
    text: 'Start the sign-in again if it was you.',
    tag: 'Expired',
  },
  canceled: {
    tone: 'calm',
    icon: 'minus',
    title: 'Canceled',
    text: 'The request was taken back where it was made.',
    tag: 'Canceled',
  },
  'approved-elsewhere': {
    tone: 'calm',
    icon: 'check',
    title: 'Already approved',
    text: 'It was answered another way: by a code from a text message, or on another device.',
    tag: 'Approved',
  },
  'denied-elsewhere': {
    tone: 'calm',
    icon: 'cross',
    title: 'Already denied',
    text: 'It was answered on another device.',
    tag: 'Denied',
  },
  gone: {
    tone: 'calm',
    icon: 'minus',
    title: 'No longer waiting',
    text: 'This request has ended. Start the sign-in again if you still want it.',
    tag: 'Ended',
  },
};

export function describeResult(result: Result): ResultWords {
  return words[result];
}

/** What the hub said of a prompt that this phone did not answer; null: it only is no longer listed. */
export function endedElsewhere(status: VerificationStatus | null): Result {
  if (status === 'approved') return 'approved-elsewhere';
  if (status === 'denied') return 'denied-elsewhere';
  return status === 'expired' || status === 'canceled' ? status : 'gone';
}
