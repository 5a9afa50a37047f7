// One request: who asks, what, from where; the number, and the three answers.
import { VerihubError } from '../../../../client-sdk/device.ts';
import type { DeviceClient, PromptView } from '../../../../client-sdk/device.ts';
import { messageOf } from '../shared/call-bank.ts';
import { openTemplate, setIcon } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import { secondsLeft, timeLeft } from '../shared/time-left.ts';
import { bindNumber } from './number-entry.ts';
import { factsOf } from './prompt-facts.ts';
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

export function openPrompt({ client, prompt, userId, onResult }: PromptOptions): PromptScreen {
  const view = openTemplate('prompt');
  const state = { answering: false };
  const entry = bindNumber(view, prompt.matching, (number) => void answer(() => approve(number), 'approved'));
  fill(view, prompt);
  view.text('user', `for ${userId}`);
  const stop = startCountdown(view, prompt);

  const approve = (number: string | undefined) => client.approve(prompt.id, number === undefined ? {} : { number });

  async function answer(send: () => Promise<unknown>, result: Result): Promise<void> {
    if (state.answering) return;
    setAnswering(true);
    view.text('mistake', '');
    try {
      await send();
      onResult(result);
    } catch (thrown) {
      const end = endOf(thrown);
      if (end !== null) return onResult(end);
      // After the buttons are back: a focused field must not be disabled.
      setAnswering(false);
      view.text('mistake', messageOf(thrown));
      if (thrown instanceof VerihubError && thrown.code === 'number-incorrect') entry.again();
    }
    return undefined;
  }

  function setAnswering(answering: boolean): void {
    state.answering = answering;
    for (const button of view.root.querySelectorAll('button')) button.disabled = answering;
  }

  view.part('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const number = entry.read();
    if (number.ok) void answer(() => approve(number.value), 'approved');
    else view.text('mistake', number.mistake);
  });
  view.button('deny', () => void answer(() => client.deny(prompt.id), 'denied'));
  bindReport(view, prompt.application.name, () => void answer(() => client.report(prompt.id), 'reported'));

  return {
    view,
    stop,
    isAnswering: () => state.answering,
    showMore(others) {
      view.show('more', others > 0);
      view.text('more', others === 1 ? 'One more request waits after this one.' : `${others} more requests wait after this one.`);
    },
  };
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
  view.text('confirmText', `You did not ask for this? ${application} is warned that somebody else tried, and the request is stopped.`);
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

/** What an error says of the request itself; null: it still waits, and may be answered again. */
function endOf(thrown: unknown): Result | null {
  if (!(thrown instanceof VerihubError)) return null;
  if (thrown.code === 'number-incorrect') return thrown.attemptsLeft === 0 ? 'wrong-number' : null;
  if (thrown.code === 'verification-expired') return 'expired';
  if (thrown.code === 'already-decided') {
    if (thrown.verificationStatus === 'approved') return 'approved-elsewhere';
    if (thrown.verificationStatus === 'denied') return 'denied-elsewhere';
    return thrown.verificationStatus === 'canceled' ? 'canceled' : 'gone';
  }
  return thrown.code === 'prompt-gone' || thrown.code === 'not-found' ? 'gone' : null;
}
