// The phone as one object: what it is set up as, how it can be reached, and the one screen it shows.
import type { DeviceClient, PromptView, Registration } from '../../../../client-sdk/device.ts';
import type { DemoChannel, PhoneMode } from '../shared/demo-channel.ts';
import { showView } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import type { EnrollScreen } from './enroll-screen.ts';
import { openEnroll } from './enroll-screen.ts';
import type { HomeScreen } from './home-screen.ts';
import { openHome } from './home-screen.ts';
import { openLock } from './lock-screen.ts';
import type { PromptScreen } from './prompt-screen.ts';
import { openPrompt } from './prompt-screen.ts';
import type { Radio } from './radio.ts';
import { addRecent, forgetRecent } from './recent.ts';
import { openResult } from './result-screen.ts';
import type { Result } from './results.ts';
import { openSettings } from './settings-screen.ts';

export type Screen =
  | { kind: 'blank' | 'lock' | 'settings' }
  | { kind: 'result'; verificationId: string }
  | { kind: 'enroll'; screen: EnrollScreen }
  | { kind: 'home'; screen: HomeScreen }
  | { kind: 'prompt'; screen: PromptScreen; prompt: PromptView };

export interface Phone {
  readonly client: DeviceClient;
  readonly radio: Radio;
  readonly channel: DemoChannel;
  readonly stage: HTMLElement;
  /** Requests that were on the screen. */
  readonly seen: Set<string>;
  registration: Registration | null;
  mode: PhoneMode;
  /** Why it is not set up any more, if it was. */
  reason: string;
  shown: Screen;
  /** Ends what the shown screen has running. */
  stop: () => void;
  onChange: () => void;
}

function show(phone: Phone, shown: Screen, view: View, stop: () => void = () => {}): void {
  phone.stop();
  Object.assign(phone, { shown, stop });
  showView(phone.stage, view);
  phone.onChange();
}

/** The screen that is due when nothing else is asked for. */
export function showDue(phone: Phone): void {
  const [next] = phone.client.pending();
  if (phone.mode === 'closed') showLock(phone);
  else if (phone.registration === null) showEnroll(phone);
  else if (next !== undefined) showPrompt(phone, next);
  else showHome(phone, phone.registration);
}

function showLock(phone: Phone): void {
  const { view, stop } = openLock(() => void setMode(phone, 'open'));
  show(phone, { kind: 'lock' }, view, stop);
}

function showEnroll(phone: Phone): void {
  const screen = openEnroll({
    client: phone.client,
    reason: phone.reason,
    onEnrolled: (registration) => void becomeEnrolled(phone, registration),
  });
  show(phone, { kind: 'enroll', screen }, screen.view);
}

function showHome(phone: Phone, registration: Registration): void {
  const screen = openHome(registration, () => showSettings(phone, registration));
  screen.showState(phone.client.state());
  show(phone, { kind: 'home', screen }, screen.view);
}

function showSettings(phone: Phone, registration: Registration): void {
  const view = openSettings({
    client: phone.client,
    registration,
    onBack: () => showDue(phone),
    onRemoved: () => becomeRemoved(phone, ''),
  });
  show(phone, { kind: 'settings' }, view);
}

export function showPrompt(phone: Phone, prompt: PromptView): void {
  phone.seen.add(prompt.id);
  const screen = openPrompt({
    client: phone.client,
    prompt,
    userId: phone.registration?.userId ?? '',
    onResult: (result) => showResult(phone, prompt, result),
  });
  show(phone, { kind: 'prompt', screen, prompt }, screen.view, () => screen.stop());
  countMore(phone);
}

export function countMore({ shown, client }: Phone): void {
  if (shown.kind !== 'prompt') return;
  shown.screen.showMore(client.pending().filter(({ id }) => id !== shown.prompt.id).length);
}

export function showResult(phone: Phone, { id, action }: Pick<PromptView, 'id' | 'action'>, result: Result): void {
  addRecent({ action, result, at: new Date().toISOString() });
  const more = phone.client.pending().some((other) => other.id !== id);
  const view = openResult(result, { more, onDone: () => showDue(phone) });
  show(phone, { kind: 'result', verificationId: id }, view);
}

export async function becomeEnrolled(phone: Phone, registration: Registration): Promise<void> {
  Object.assign(phone, { registration, reason: '' });
  await phone.client.connect();
  showDue(phone);
}

export function becomeRemoved(phone: Phone, reason: string): void {
  forgetRecent();
  Object.assign(phone, { registration: null, reason });
  showDue(phone);
}

/** Closing the app ends its connection; losing the internet does not, it only breaks it. */
export async function setMode(phone: Phone, mode: PhoneMode): Promise<void> {
  phone.mode = mode;
  phone.radio.turn(mode !== 'offline');
  if (mode === 'closed') phone.client.close();
  else if (phone.registration !== null) await phone.client.connect();
  const keeps = mode !== 'closed' && phone.shown.kind !== 'lock' && phone.shown.kind !== 'blank';
  if (!keeps) showDue(phone);
  phone.onChange();
}
