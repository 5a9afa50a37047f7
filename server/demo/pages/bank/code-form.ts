// The form for the code of the text message: appears when a code was sent, counts the tries that are left.
import { VerihubError } from '../../../../client-sdk/browser.ts';
import type { BrowserClient, VerificationView } from '../../../../client-sdk/browser.ts';
import { messageOf } from '../shared/call-bank.ts';
import { mayTakeFocus } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

export interface CodeForm {
  show(verification: VerificationView): void;
}

export function bindCodeForm(view: View, client: BrowserClient): CodeForm {
  const form = view.part('codeForm', HTMLFormElement);
  const input = view.part('code', HTMLInputElement);
  const refused: Refused = { code: '', message: '' };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(view, client, refused);
  });
  // A code that is filled in by the browser or pasted is complete: it needs no second gesture.
  input.addEventListener('input', () => {
    if (isCode(digitsOf(input.value))) form.requestSubmit();
  });
  return {
    show({ code: { acceptable, attemptsLeft }, status }) {
      const appears = form.hidden && acceptable;
      form.hidden = status !== 'pending' || !(acceptable || (!form.hidden && attemptsLeft === 0));
      if (appears && mayTakeFocus() && isAtRest(document.activeElement)) input.focus();
    },
  };
}

/** The hub counts a code each time it is sent: one that it just refused is not worth another try. */
interface Refused {
  code: string;
  message: string;
}

async function send(view: View, client: BrowserClient, refused: Refused): Promise<void> {
  const input = view.part('code', HTMLInputElement);
  const submit = view.part('codeSubmit', HTMLButtonElement);
  // Each one counts: never two at once.
  if (submit.disabled) return;
  const code = digitsOf(input.value);
  if (!isCode(code)) return complain(view, 'Enter the six digits.');
  if (code === refused.code) return complain(view, refused.message);
  submit.disabled = true;
  complain(view, '');
  try {
    await client.code(code);
  } catch (thrown) {
    if (isRefused(thrown)) Object.assign(refused, { code, message: messageOf(thrown) });
    complain(view, messageOf(thrown));
    if (isSpent(thrown)) close(view);
  } finally {
    submit.disabled = input.disabled;
  }
}

/** Nothing can be typed any more; the phone can still answer. */
function close(view: View): void {
  view.part('headline', HTMLElement).focus();
  view.part('code', HTMLInputElement).disabled = true;
}

function isRefused(thrown: unknown): boolean {
  return thrown instanceof VerihubError && thrown.code === 'code-incorrect';
}

function isSpent(thrown: unknown): boolean {
  if (!(thrown instanceof VerihubError)) return false;
  return thrown.code === 'code-attempts-exhausted' || (thrown.code === 'code-incorrect' && thrown.attemptsLeft === 0);
}

function complain(view: View, text: string): void {
  const input = view.part('code', HTMLInputElement);
  view.text('codeMistake', text);
  input.setAttribute('aria-invalid', String(text !== ''));
  if (text === '') return;
  input.focus();
  input.select();
}

function digitsOf(text: string): string {
  return text.replace(/[\s-]/g, '');
}

function isCode(text: string): boolean {
  return /^\d{6}$/.test(text);
}

/** The person is not in the middle of something else. */
function isAtRest(focused: Element | null): boolean {
  return focused === null || focused === document.body || focused.tagName === 'H1';
}
