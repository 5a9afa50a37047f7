// The stage: says what to do next, and on narrow screens which part is shown.
import type { EnrollmentLink } from '../../bank-api.ts';
import { createSettings } from '../bank/settings.ts';
import { messageOf, sendToBank } from '../shared/call-bank.ts';
import { openDemoChannel } from '../shared/demo-channel.ts';
import type { BankNews, PhoneNews } from '../shared/demo-channel.ts';
import { watchOutbox } from '../shared/outbox-stream.ts';
import { having } from '../shared/shapes.ts';
import { viewOf } from '../shared/view.ts';
import { adviceFor } from './coach.ts';

const page = viewOf(document.body);
const channel = openDemoChannel();
const known: { phone: PhoneNews | null; bank: BankNews['view']; unread: number } = {
  phone: null,
  bank: 'sign-in',
  unread: 0,
};
const setUp = page.button('setUp', () => void handLink());

page.text('address', `${location.host}/demo/bank`);
page.part('tabs', HTMLElement).addEventListener('click', ({ target }) => {
  const pane = target instanceof Element ? target.closest<HTMLElement>('[data-pane]')?.dataset['pane'] : undefined;
  if (pane !== undefined) showPane(pane);
});
channel.listen('phone', (news) => {
  known.phone = news;
  draw();
});
channel.listen('bank', ({ view }) => {
  known.bank = view;
  draw();
});
watchOutbox((messages, isNew) => {
  if (isNew && document.body.dataset['pane'] !== 'outbox') known.unread += messages.length;
  draw();
});
channel.tell({ type: 'hello' });

function draw(): void {
  const { text, step } = adviceFor(known);
  page.text('coach', text);
  page
    .part('dots', HTMLOListElement)
    .querySelectorAll('li')
    .forEach((dot, index) => dot.toggleAttribute('data-done', index < step));
  setUp.hidden = known.phone === null || known.phone.userId !== null;
  badge('phoneBadge', known.phone?.prompts ?? 0);
  badge('outboxBadge', known.unread);
}

function badge(name: string, count: number): void {
  page.show(name, count > 0);
  page.text(name, String(count));
}

function showPane(pane: string): void {
  document.body.dataset['pane'] = pane;
  for (const tab of document.querySelectorAll<HTMLElement>('.tabs button')) {
    if (tab.dataset['pane'] === pane) tab.setAttribute('aria-current', 'true');
    else tab.removeAttribute('aria-current');
  }
  if (pane === 'outbox') known.unread = 0;
  draw();
}

/** What scanning the bank's QR code does, in one click. */
async function handLink(): Promise<void> {
  setUp.disabled = true;
  try {
    const userId = createSettings(localStorage).userId();
    const { uri } = await sendToBank('enrollment', having<EnrollmentLink>('uri'), { userId });
    channel.tell({ type: 'enroll', uri });
  } catch (thrown) {
    page.text('coach', messageOf(thrown));
  } finally {
    setUp.disabled = false;
  }
}
