// What to do next in the demo, from what its parts tell. Pure.
import type { BankNews, PhoneMode, PhoneNews } from '../shared/demo-channel.ts';

export interface Advice {
  /** How many of the three steps are done. */
  step: 0 | 1 | 2 | 3;
  text: string;
}

const carry: Record<PhoneMode, string> = {
  open: 'The phone asks. Carry the number over from the bank’s page and approve.',
  closed: 'The app is closed: tap the notification when it arrives on the phone.',
  offline: 'No internet: watch the push, then the SMS, arrive in the outbox, and type its code.',
};

export function adviceFor(known: { phone: PhoneNews | null; bank: BankNews['view'] }): Advice {
  const { phone, bank } = known;
  if (phone === null) return { step: 0, text: 'One moment…' };
  if (phone.userId === null) return { step: 0, text: 'First, the phone makes its keys and registers.' };
  if (bank === 'waiting') return { step: 2, text: carry[phone.mode] };
  if (bank === 'account') {
    return { step: 3, text: 'You are in. Next: sign out, close the app or take the phone offline, and sign in again.' };
  }
  if (bank === 'ended') return { step: 1, text: 'Nobody got in. Try again, and answer differently.' };
  return { step: 1, text: 'Now sign in at the bank. Any password will do.' };
}
