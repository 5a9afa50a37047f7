// The outbox page: messages as they arrive, newest first.
import type { OutboxMessage, OutboxPush, OutboxSms } from '../../outbox-api.ts';
import { openDemoChannel } from '../shared/demo-channel.ts';
import { watchOutbox } from '../shared/outbox-stream.ts';
import { openTemplate, setIcon, viewOf } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

const page = viewOf(document.body);
const list = page.part('messages', HTMLOListElement);
const channel = openDemoChannel();

watchOutbox((messages, isNew) => {
  for (const message of messages) {
    list.querySelector(`[data-id="${CSS.escape(message.id)}"]`)?.remove();
    list.prepend(entryOf(message, isNew));
  }
  page.show('empty', list.childElementCount === 0);
  const last = messages.at(-1);
  if (isNew && last !== undefined)
    page.text('spoken', last.kind === 'push' ? 'A push was sent.' : `A text message was sent: ${last.text}`);
});

function entryOf(message: OutboxMessage, isNew: boolean): HTMLElement {
  const view = openTemplate('message');
  view.root.dataset['id'] = message.id;
  view.root.dataset['kind'] = message.kind;
  view.root.toggleAttribute('data-new', isNew);
  setIcon(view.part('icon', SVGElement), message.kind);
  const time = view.part('at', HTMLTimeElement);
  time.dateTime = message.at;
  time.textContent = new Date(message.at).toLocaleTimeString();
  if (message.kind === 'push') fillPush(view, message);
  else fillSms(view, message);
  return view.root;
}

function fillPush(view: View, { id, token, data, copies }: OutboxPush): void {
  view.text('kind', copies > 1 ? `Push (${copies} times)` : 'Push');
  view.text('to', `to ${token.slice(0, 12)}…`);
  view.text('text', 'Sign-in request. Tap to see who is asking.');
  view.show('sealed', true);
  view.text('sealed', `encrypted, ${data.jwe.length} bytes: ${data.jwe}`);
  view.button('act', () => channel.tell({ type: 'open-push', id })).textContent = 'Open on the phone';
}

function fillSms(view: View, { to, text, code, copies }: OutboxSms): void {
  view.text('kind', copies > 1 ? `SMS (${copies} times)` : 'SMS');
  view.text('to', `to ${to}`);
  view.text('text', text);
  const copy = view.button('act', () => void put());
  copy.hidden = code === null;
  copy.textContent = 'Copy code';

  async function put(): Promise<void> {
    const copied = await navigator.clipboard.writeText(code ?? '').then(
      () => true,
      () => false,
    );
    copy.textContent = copied ? 'Copied' : `The code is ${code}`;
  }
}
