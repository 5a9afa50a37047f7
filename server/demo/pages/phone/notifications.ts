// What the simulated phone system shows on top of the app: push notifications and text messages, as far as they can reach it.
import type { OutboxMessage, OutboxPush, OutboxSms } from '../../outbox-api.ts';
import type { PhoneMode } from '../shared/demo-channel.ts';
import { watchOutbox } from '../shared/outbox-stream.ts';
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

/** The phone's own pushes, and which of them the person has done with. */
interface Shelf extends NotificationOptions {
  pushes: Map<string, OutboxPush>;
  dismissed: Set<string>;
}

export function startNotifications(options: NotificationOptions): Notifications {
  const shelf: Shelf = { ...options, pushes: new Map(), dismissed: new Set() };
  watchOutbox((messages, isNew) => {
    for (const message of messages) take(shelf, message, isNew);
    update(shelf);
  });
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
  { icon, title, text }: { icon: string; title: string; text: string },
): void {
  const view = openTemplate('notification');
  setIcon(view.part('icon', SVGElement), icon);
  view.text('title', title);
  view.text('text', text);
  view.show('open', false);
  view.button('dismiss', () => view.root.remove());
  shelf.prepend(view.root);
  setTimeout(() => view.root.remove(), 20_000);
}
