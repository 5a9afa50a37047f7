// One request: who asks, what, from where; the number, and the three answers.
import { VerihubError } from '../../../../client-sdk/device.ts';
import type { DeviceClient, PromptView } from '../../../../client-sdk/device.ts';
import { messageOf } from '../shared/call-bank.ts';
import { openTemplate, setIcon } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import { secondsLeft, timeLeft } from '../shared/time-left.ts';
import { bindNumber } from './number-entry.ts';
import type { NumberEntry } from './number-entry.ts';
import { factsOf } from './prompt-facts.ts';
import { endOf } from './answer-end.ts';
import type { Result } from './results.ts';

export interface PromptScreen {
  view: View;
  stop(): void;
  /** Its answer is on the way: news of its end are about ourselves. */
  isAnswering(): boolean;
  showMore(others: number): void;
}

export interface PromptOptions {
  client: DeviceClient;
  prompt: PromptView;
  /** Whose phone this is, as the one who asks knows them. */
  userId: string;
  onResult: (result: Result) => void;
}

/** What the parts of one open request share. */
interface Open extends PromptOptions {
  view: View;
  entry: NumberEntry;
  answering: boolean;
}

export function openPrompt(options: PromptOptions): PromptScreen {
  const { client, prompt, userId } = options;
  const view = openTemplate('prompt');
  const approve = (number: string | undefined): void =>
    void answer(open, () => client.approve(prompt.id, number === undefined ? {} : { number }), 'approved');
  const open: Open = { ...options, view, answering: false, entry: bindNumber(view, prompt.matching, approve) };
  fill(view, prompt);
  view.text('user', `for ${userId}`);
  view.part('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const number = open.entry.read();
    if (number.ok) approve(number.value);
    else view.text('mistake', number.mistake);
  });
  view.button('deny', () => void answer(open, () => client.deny(prompt.id), 'denied'));
  bindReport(view, prompt.application.name, () => void answer(open, () => client.report(prompt.id), 'reported'));
  return {
    view,
    stop: startCountdown(view, prompt),
    isAnswering: () => open.answering,
    showMore: (others) => showMore(view, others),
  };
}

async function answer(open: Open, send: () => Promise<unknown>, result: Result): Promise<void> {
  if (open.answering) return;
  setAnswering(open, true);
  open.view.text('mistake', '');
  try {
    await send();
    open.onResult(result);
  } catch (thrown) {
    const end = endOf(thrown);
    if (end !== null) return open.onResult(end);
    // It still waits: the buttons come back first, for the focus cannot go to a disabled one.
    setAnswering(open, false);
    open.view.text('mistake', messageOf(thrown));
    if (thrown instanceof VerihubError && thrown.code === 'number-incorrect') open.entry.again();
  }
}

function setAnswering(open: Open, answering: boolean): void {
  open.answering = answering;
  for (const button of open.view.root.querySelectorAll('button')) button.disabled = answering;
}

function showMore(view: View, others: number): void {
  view.show('more', others > 0);
  const text = others === 1 ? 'One more request waits' : `${others} more requests wait`;
  view.text('more', `${text} after this one.`);
}

function fill(view: View, prompt: PromptView): void {
  view.text('application', prompt.application.name);
  view.text('initial', prompt.application.name.slice(0, 1));
  view.text('action', prompt.action);
  view.part('facts', HTMLDListElement).append(
    ...factsOf(prompt).map(({ icon, label, value }) => {
      const line = openTemplate('fact');
      setIcon(line.part('icon', SVGElement), icon);
      line.text('label', label);
      line.text('value', value);
      return line.root;
    }),
  );
}

/** Asked twice: it has consequences for others. */
function bindReport(view: View, application: string, onReport: () => void): void {
  view.text(
    'confirmText',
    `You did not ask for this? ${application} is warned that somebody else tried, and the request is stopped.`,
  );
  const toggle = (confirming: boolean): void => {
    view.show('confirm', confirming);
    for (const part of ['answers', 'entry']) view.show(part, !confirming);
    view.part(confirming ? 'confirmText' : 'report', HTMLElement).focus();
  };
  view.button('report', () => toggle(true));
  view.button('confirmBack', () => toggle(false));
  view.button('confirmReport', onReport);
}

/** By the hub's clock, as it was when the prompt came. The answer ends it. */
function startCountdown(view: View, { expiresAt, serverTime }: PromptView): () => void {
  const ahead = Date.parse(serverTime) - Date.now();
  const left = view.part('left', HTMLElement);
  const draw = (): void => {
    const milliseconds = Date.parse(expiresAt) - (Date.now() + ahead);
    view.text('left', timeLeft(milliseconds));
    left.toggleAttribute('data-low', secondsLeft(milliseconds) <= 15);
  };
  draw();
  const timer = setInterval(draw, 250);
  return () => clearInterval(timer);
}
