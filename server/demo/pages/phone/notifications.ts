// What the simulated phone system shows on top of the app: push notifications and text messages, as far as they can reach it.
import type { WaitingState } from '../../bank-api.ts';
import type { OutboxMessage, OutboxPush, OutboxSms } from '../../outbox-api.ts';
import { getFromBank } from '../shared/call-bank.ts';
import type { PhoneMode } from '../shared/demo-channel.ts';
import { watchOutbox } from '../shared/outbox-stream.ts';
import { having } from '../shared/shapes.ts';
import { openTemplate, setIcon } from '../shared/view.ts';
import { ownPushToken } from './enroll-screen.ts';

export interface Notifications {
  /** Shows what can reach the phone in this mode, and holds back what cannot. */
  update(): void;
  find(id: string): OutboxPush | undefined;
}

export interface NotificationOptions {
  /** Where the cards go. */
  place: HTMLElement;
  mode: () => PhoneMode;
  /** The request is on the screen already, or was: no need to say it again. */
  isKnown: (verificationId: string) => boolean;
  onOpen: (push: OutboxPush) => void;
  /** Came while the app is open: phones hand it to the app and show nothing. */
  onForeground: (push: OutboxPush) => void;
  onText: (message: OutboxSms) => void;
}

/** The phone's own pushes, and which of them are done with: by the person, or because their request has ended. */
interface Shelf extends NotificationOptions {
  pushes: Map<string, OutboxPush>;
  dismissed: Set<string>;
}

const endCheckMs = 1_000;

export function startNotifications(options: NotificationOptions): Notifications {
  const shelf: Shelf = { ...options, pushes: new Map(), dismissed: new Set() };
  watchOutbox((messages, isNew) => {
    for (const message of messages) take(shelf, message, isNew);
    update(shelf);
  });
  setInterval(() => void withdrawEnded(shelf), endCheckMs);
  return { update: () => update(shelf), find: (id) => shelf.pushes.get(id) };
}

function take({ pushes, dismissed, onText }: Shelf, message: OutboxMessage, isNew: boolean): void {
  if (message.kind === 'push' && message.token === ownPushToken()) {
    pushes.set(message.id, message);
    dismissed.delete(message.id);
  }
  // Text messages need no internet. Old ones were read.
  if (message.kind === 'sms' && isNew) onText(message);
}

function update(shelf: Shelf): void {
  const arrived = [...shelf.pushes.values()].filter((push) => isDue(shelf, push));
  const due = shelf.mode() === 'closed' ? arrived : [];
  for (const push of shelf.mode() === 'open' ? arrived : []) {
    shelf.dismissed.add(push.id);
    shelf.onForeground(push);
  }
  for (const card of shelf.place.querySelectorAll<HTMLElement>('[data-push]')) {
    if (!due.some((push) => push.id === card.dataset['push'])) card.remove();
  }
  for (const push of due) {
    if (shelf.place.querySelector(`[data-push="${CSS.escape(push.id)}"]`) === null)
      shelf.place.prepend(cardOf(shelf, push));
  }
}

/** The app is closed and cannot learn that a request has ended: the phone system is asked for it, as far as one is shown. */
async function withdrawEnded(shelf: Shelf): Promise<void> {
  for (const card of shelf.place.querySelectorAll<HTMLElement>('[data-push]')) {
    const push = shelf.pushes.get(card.dataset['push'] ?? '');
    if (push === undefined) continue;
    const path = `waiting?verificationId=${encodeURIComponent(push.verificationId)}`;
    const { waiting } = await getFromBank(path, having<WaitingState>('waiting')).catch(() => ({ waiting: true }));
    if (!waiting) shelf.dismissed.add(push.id);
  }
  update(shelf);
}

function isDue({ mode, dismissed, isKnown }: Shelf, { id, verificationId, expiresAt }: OutboxPush): boolean {
  if (mode() === 'offline' || dismissed.has(id) || isKnown(verificationId)) return false;
  return Date.parse(expiresAt) > Date.now();
}

function cardOf({ dismissed, onOpen }: Shelf, push: OutboxPush): HTMLElement {
  const view = openTemplate('notification');
  view.root.dataset['push'] = push.id;
  view.text('title', 'Sign-in request');
  view.text('text', 'Tap to see who is asking.');
  const dismiss = (): void => {
    dismissed.add(push.id);
    view.root.remove();
  };
  view.button('open', () => {
    dismiss();
    onOpen(push);
  });
  view.button('dismiss', dismiss);
  return view.root;
}

/** A card that goes away by itself when a person does not do it first. */
export function showText(
  shelf: HTMLElement,
  { icon, title, text, verificationId }: { icon: string; title: string; text: string; verificationId?: string },
): void {
  const view = openTemplate('notification');
  if (verificationId !== undefined) view.root.dataset['text'] = verificationId;
  setIcon(view.part('icon', SVGElement), icon);
  view.text('title', title);
  view.text('text', text);
  view.show('open', false);
  view.button('dismiss', () => view.root.remove());
  shelf.prepend(view.root);
  setTimeout(() => view.root.remove(), 20_000);
}

/** Text messages of a request that has ended: nothing is left to type, and its result should not be covered. */
export function dismissTexts(shelf: HTMLElement, verificationId: string): void {
  for (const card of shelf.querySelectorAll(`[data-text="${CSS.escape(verificationId)}"]`)) card.remove();
}
