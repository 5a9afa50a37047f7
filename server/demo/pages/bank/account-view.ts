// The account after a sign-in: how it was verified, a payment that asks again, and trusting this browser.
import type { Account, Payment } from '../../bank-api.ts';
import { messageOf, sendToBank } from '../shared/call-bank.ts';
import { having } from '../shared/shapes.ts';
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

export interface AccountOptions {
  account: Account;
  /** The payment that was just made, if one was. */
  paid: Payment | null;
  /** Rejects with a text for the person. */
  onPay: () => Promise<void>;
  onSignOut: () => Promise<void>;
}

const verified: Record<NonNullable<Account['method']>, string> = {
  app: 'Approved on your phone',
  'sms-code': 'Confirmed with a code by text message',
  'trusted-browser': 'Signed in without your phone: you trust this browser',
};

/** In euros, before the payments of this session; the page has no other account. */
const openingBalance = 8_214.5;
const money = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export function openAccount({ account, paid, onPay, onSignOut }: AccountOptions): View {
  const view = openTemplate('account');
  const pay = view.part('pay', HTMLButtonElement);
  const approval = paid === null ? approvalOf(account.method, account.signedInAt) : approvalOf(paid.method, paid.at);
  view.text('greeting', paid === null ? `Hello, ${account.userId}` : 'Payment sent');
  view.text('verified', paid === null ? approval : `${paid.amount} to ${paid.to}. ${approval}`);
  const spent = account.payments.reduce((sum, { amount }) => sum + Number.parseFloat(amount), 0);
  view.text('amount', `${money.format(openingBalance - spent)} EUR`);
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

function approvalOf(method: Account['method'], at: string): string {
  const time = new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return `${method === null ? 'Verified' : verified[method]}, ${time}`;
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
