// The authenticator app in its simulated phone: wires the device client, the phone's messages and the other demo pages together.
import { createDeviceClient, createIndexedDbKeyStore } from '../../../../client-sdk/device.ts';
import type { PromptClosed, PromptView } from '../../../../client-sdk/device.ts';
import type { Person } from '../../bank-api.ts';
import type { OutboxPush, OutboxSms } from '../../outbox-api.ts';
import { getFromBank, messageOf } from '../shared/call-bank.ts';
import { openDemoChannel } from '../shared/demo-channel.ts';
import { having } from '../shared/shapes.ts';
import { mainOf, viewOf } from '../shared/view.ts';
import { dismissTexts, showText, startNotifications } from './notifications.ts';
import { becomeEnrolled, becomeRemoved, countMore, setMode, showDue, showPrompt, showResult } from './phone.ts';
import type { Phone, Screen } from './phone.ts';
import { bindModes, startStatusBar } from './phone-system.ts';
import type { Radio } from './radio.ts';
import { endedElsewhere } from './results.ts';

/** Shows the phone and follows the hub until the page is closed. */
export async function startPhone(radio: Radio): Promise<void> {
  const phone = createPhone(radio);
  const shelf = viewOf(document.body).part('notifications', HTMLElement);
  const modes = bindModes(document, (mode) => void setMode(phone, mode));
  const notifications = startNotifications({
    place: shelf,
    mode: () => phone.mode,
    isKnown: (id) => phone.seen.has(id),
    onOpen: (push) => void openPush(phone, push, shelf),
    onForeground: (push) => void phone.client.handlePush(push.data).catch(() => {}),
    onText: (message) => void receiveText(phone, message, shelf),
  });
  phone.onChange = () => {
    modes.show(phone.mode);
    notifications.update();
    if (phone.shown.kind === 'result') dismissTexts(shelf, phone.shown.verificationId);
    tell(phone);
  };
  startStatusBar(document);
  followHub(phone);
  followDemo(phone, shelf, (id) => notifications.find(id));
  await open(phone);
  await registerWorker();
}

function createPhone(radio: Radio): Phone {
  const client = createDeviceClient({
    keyStore: createIndexedDbKeyStore(),
    endpoint: location.origin,
    socket: { reconnect: { baseMs: 1_000, maxMs: 5_000 } },
    runtime: radio.runtime,
  });
  return {
    ...{ client, radio, channel: openDemoChannel(), stage: mainOf(document), seen: new Set<string>() },
    ...{ registration: null, mode: 'open', reason: '', shown: { kind: 'blank' }, stop: () => {}, onChange: () => {} },
  };
}

/** As it was left; or set up from the link this page was opened with. */
async function open(phone: Phone): Promise<void> {
  const token = location.hash.slice(1);
  if (token !== '') history.replaceState(null, '', location.pathname);
  const registration = await phone.client.registration();
  if (registration !== null) return becomeEnrolled(phone, registration);
  showDue(phone);
  if (token !== '' && phone.shown.kind === 'enroll') await phone.shown.screen.enroll(`${hubOrigin()}/enroll#${token}`);
  return undefined;
}

function hubOrigin(): string {
  return document.querySelector('meta[name="hub"]')?.getAttribute('content') ?? location.origin;
}

function followHub(phone: Phone): void {
  const { client } = phone;
  client.onState((state) => {
    if (phone.shown.kind === 'home') phone.shown.screen.showState(state);
    if (state.condition === 'revoked') becomeRemoved(phone, state.text);
  });
  client.onPrompt((prompt) => {
    // The same request again means that its text has changed: what is shown must be what is signed.
    const isShown = phone.shown.kind === 'prompt' && phone.shown.prompt.id === prompt.id;
    if (isShown || givesWay.has(phone.shown.kind)) showPrompt(phone, prompt);
    countMore(phone);
    phone.onChange();
  });
  client.onPromptClosed((closed) => takeDown(phone, closed));
}

/** The screens that a new request takes the place of. What came of the last one is among the recent ones, too. */
const givesWay: ReadonlySet<Screen['kind']> = new Set(['home', 'settings', 'result']);

function takeDown(phone: Phone, { id, status }: PromptClosed): void {
  const { shown } = phone;
  if (shown.kind === 'prompt' && shown.prompt.id === id) {
    // Closed by this phone's own answer: the screen is about to say so itself.
    if (!shown.screen.isAnswering()) showResult(phone, shown.prompt, endedElsewhere(status));
  } else countMore(phone);
  phone.onChange();
}

function followDemo(phone: Phone, shelf: HTMLElement, findPush: (id: string) => OutboxPush | undefined): void {
  const { channel } = phone;
  channel.listen('hello', () => tell(phone));
  channel.listen('enroll', ({ uri }) => void takeLink(phone, uri, shelf));
  channel.listen('open-push', ({ id }) => {
    const push = findPush(id);
    if (phone.mode === 'offline')
      showText(shelf, { icon: 'alert', title: 'No internet', text: 'The push has not arrived on this phone yet.' });
    else if (push !== undefined) void openPush(phone, push, shelf);
  });
  // Another window of this phone was set up: it has the same keys.
  channel.listen('phone', ({ userId }) => {
    if (userId !== null && phone.registration === null && phone.mode !== 'closed') void open(phone);
  });
}

async function takeLink(phone: Phone, uri: string, shelf: HTMLElement): Promise<void> {
  if (phone.mode === 'closed') await setMode(phone, 'open');
  if (phone.shown.kind === 'enroll') return phone.shown.screen.enroll(uri);
  tell(phone);
  const user = phone.registration?.userId ?? 'somebody';
  const text = `It belongs to ${user}. Remove it in Settings before you set it up for somebody else.`;
  return showText(shelf, { icon: 'alert', title: 'This phone is set up already', text });
}

/** A tap on a notification opens the app; only what the hub then confirms is shown, not what the push said. */
async function openPush(phone: Phone, push: OutboxPush, shelf: HTMLElement): Promise<void> {
  if (phone.mode !== 'open') await setMode(phone, 'open');
  try {
    const prompt: PromptView | null = await phone.client.handlePush(push.data);
    if (prompt === null)
      return showText(shelf, { icon: 'clock', title: 'Too late', text: 'This request is no longer waiting.' });
    if (phone.shown.kind !== 'prompt' || phone.shown.prompt.id !== prompt.id) showPrompt(phone, prompt);
  } catch (thrown) {
    showText(shelf, { icon: 'alert', title: 'Could not open it', text: messageOf(thrown) });
  }
  return undefined;
}

/** Every message of the demo is in the outbox; a phone gets those to its own number. */
async function receiveText(
  { registration }: Phone,
  { to, text, verificationId }: OutboxSms,
  shelf: HTMLElement,
): Promise<void> {
  if (registration !== null) {
    const path = `person?userId=${encodeURIComponent(registration.userId)}`;
    const person = await getFromBank(path, having<Person>('phoneNumber')).catch(() => null);
    if (person !== null && person.phoneNumber !== to) return;
  }
  showText(shelf, { icon: 'sms', title: 'Text message', text, verificationId });
}

function tell({ channel, registration, mode, client }: Phone): void {
  channel.tell({ type: 'phone', userId: registration?.userId ?? null, mode, prompts: client.pending().length });
}

/** For installing and for starting without a connection; a browser that has none shows the same page. */
async function registerWorker(): Promise<void> {
  await navigator.serviceWorker?.register('/demo/phone-worker.js', { scope: '/demo/phone' }).catch(() => {});
}
