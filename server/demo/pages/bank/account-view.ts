// The account after a sign-in: how it was verified, a payment that asks again, and trusting this browser.
import type { Account } from '../../bank-api.ts';
import { messageOf, sendToBank } from '../shared/call-bank.ts';
import { having } from '../shared/shapes.ts';
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

export interface AccountOptions {
  account: Account;
  /** Rejects with a text for the person. */
  onPay: () => Promise<void>;
  onSignOut: () => Promise<void>;
}

const verified: Record<NonNullable<Account['method']>, string> = {
  app: 'Approved on your phone',
  'sms-code': 'Confirmed with a code by text message',
  'trusted-browser': 'Signed in without your phone: you trust this browser',
};

export function openAccount({ account, onPay, onSignOut }: AccountOptions): View {
  const view = openTemplate('account');
  const pay = view.part('pay', HTMLButtonElement);
  view.text('greeting', `Hello, ${account.userId}`);
  const time = new Date(account.signedInAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  view.text('verified', `${account.method === null ? 'Verified' : verified[account.method]}, ${time}`);
  addPayments(view, account);
  bindTrust(view, account);
  view.button('signOut', () => void onSignOut());
  pay.addEventListener('click', () => {
    pay.disabled = true;
    onPay()
      .catch((thrown: unknown) => view.text('payMistake', messageOf(thrown)))
      .finally(() => {
        pay.disabled = false;
      });
  });
  return view;
}

function addPayments(view: View, { payments }: Account): void {
  const entries = view.part('entries', HTMLUListElement);
  for (const { to, amount } of payments.toReversed()) {
    const entry = document.createElement('li');
    for (const text of [to, `−${amount}`])
      entry.append(Object.assign(document.createElement('span'), { textContent: text }));
    entries.prepend(entry);
  }
}

const isAnswer = having<{ account: Account }>('account');

function bindTrust(view: View, account: Account): void {
  const trust = view.part('trust', HTMLInputElement);

  function show({ trustedUntil }: Account): void {
    trust.checked = trustedUntil !== null;
    const until =
      trustedUntil === null ? '' : new Date(trustedUntil).toLocaleDateString([], { day: 'numeric', month: 'long' });
    view.text(
      'trustText',
      until === ''
        ? 'Skip the phone next time, for 30 days.'
        : `No phone needed here until ${until}. Untick to stop that.`,
    );
  }

  async function change(): Promise<void> {
    trust.disabled = true;
    view.text('trustMistake', '');
    try {
      show((await sendToBank(trust.checked ? 'trust' : 'forget-trust', isAnswer)).account);
    } catch (thrown) {
      trust.checked = !trust.checked;
      view.text('trustMistake', messageOf(thrown));
    } finally {
      trust.disabled = false;
      trust.focus();
    }
  }

  trust.addEventListener('change', () => void change());
  show(account);
}
