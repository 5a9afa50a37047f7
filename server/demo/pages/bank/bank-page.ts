// The bank's one page: decides which view is due, and is what each view leads on to.
import type { Account, AskReply, BankState, Purpose, Waiting } from '../../bank-api.ts';
import { getFromBank, messageOf, sendToBank } from '../shared/call-bank.ts';
import { openDemoChannel } from '../shared/demo-channel.ts';
import type { BankNews } from '../shared/demo-channel.ts';
import { having } from '../shared/shapes.ts';
import { mainOf, showView } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import { openAccount } from './account-view.ts';
import type { Ending } from './endings.ts';
import { endingOf } from './endings.ts';
import { openOutcome } from './outcome-view.ts';
import { createSettings } from './settings.ts';
import { openSetUp } from './set-up-view.ts';
import { openSignIn } from './sign-in-view.ts';
import { openWaiting } from './waiting-view.ts';
import { forgetWaiting, keepWaiting, keptWaiting } from './waiting-store.ts';

const stage = mainOf(document);
const channel = openDemoChannel();
const settings = createSettings(localStorage);
const shown: { hub: string; view: BankNews['view']; stop: () => void; phoneChanged: () => void } = {
  hub: location.origin,
  view: 'sign-in',
  stop: () => {},
  phoneChanged: () => {},
};
/** Whom the phone beside this page is set up for, as far as it has told. */
const phone: { userId: string | null } = { userId: null };

channel.listen('hello', tell);
channel.listen('phone', ({ userId }) => {
  if (userId === phone.userId) return;
  phone.userId = userId;
  shown.phoneChanged();
});
void start();

function tell(): void {
  channel.tell({ type: 'bank', view: shown.view });
}

/** One view at a time; what the one before had running ends. */
function show(name: BankNews['view'], view: View, stop: () => void = () => {}): void {
  shown.stop();
  Object.assign(shown, { view: name, stop, phoneChanged: () => {} });
  showView(stage, view);
  tell();
}

async function start(): Promise<void> {
  let state: BankState;
  try {
    state = await getFromBank('state', having<BankState>('hub', 'account', 'asked'));
  } catch (thrown) {
    return showOutcome(
      {
        tone: 'bad',
        icon: 'alert',
        title: 'The bank is closed',
        text: messageOf(thrown),
        next: '',
        primary: 'Try again',
      },
      () => void start(),
    );
  }
  shown.hub = state.hub;
  const kept = keptWaiting();
  if (kept !== null && state.asked?.verificationId === kept.verificationId) return wait(kept, { resumed: true });
  if (state.account !== null) return showAccount(state.account);
  return showSignIn();
}

function showSignIn(): void {
  forgetWaiting();
  const { view, phoneChanged } = openSignIn({
    settings,
    onSetUp: showSetUp,
    onSignIn: (userId) => ask('sign-in', { userId }),
  });
  show('sign-in', view);
  shown.phoneChanged = phoneChanged;
}

function showSetUp(userId: string): void {
  const { view, stop } = openSetUp({ userId, channel, onBack: showSignIn });
  show('sign-in', view, stop);
}

/** Rejects with a text for the person, where they asked. */
async function ask(purpose: Purpose, body: object): Promise<void> {
  const reply = await sendToBank(purpose, having<AskReply>('kind'), { ...settings.request(), ...body });
  if (reply.kind === 'signed-in') return showAccount(reply.account);
  keepWaiting(reply.waiting);
  return wait(reply.waiting, { resumed: false });
}

function wait(waiting: Waiting, { resumed }: { resumed: boolean }): void {
  const { view, stop } = openWaiting({
    hub: shown.hub,
    waiting,
    resumed,
    onApproved: (account) => {
      forgetWaiting();
      showAccount(account, waiting.purpose);
    },
    onEnded: (end) => {
      forgetWaiting();
      showEnding(endingOf(end, waiting.purpose), waiting.purpose);
    },
  });
  show('waiting', view, stop);
}

function showEnding(ending: Ending, purpose: Purpose): void {
  showOutcome(ending, () => void (purpose === 'payment' ? start() : showSignIn()));
}

function showOutcome(ending: Ending, onGoOn: () => void): void {
  show('ended', openOutcome(ending, { onGoOn, onSetUp: () => showSetUp(settings.userId()) }));
}

/** `after`: what was just approved, if anything. */
function showAccount(account: Account, after: Purpose = 'sign-in'): void {
  const view = openAccount({
    account,
    paid: after === 'payment' ? (account.payments[0] ?? null) : null,
    onPay: () => ask('payment', {}),
    onSignOut: async () => {
      await sendToBank('sign-out', having());
      showSignIn();
    },
  });
  show('account', view);
}
