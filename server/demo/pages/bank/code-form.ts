// The form for the code of the text message: appears when a code was sent, counts the tries that are left.
import { VerihubError } from '../../../../client-sdk/browser.ts';
import type { BrowserClient, VerificationView } from '../../../../client-sdk/browser.ts';
import { messageOf } from '../shared/call-bank.ts';
import type { View } from '../shared/view.ts';

export interface CodeForm {
  show(verification: VerificationView): void;
}

export function bindCodeForm(view: View, client: BrowserClient): CodeForm {
  const form = view.part('codeForm', HTMLFormElement);
  const input = view.part('code', HTMLInputElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(view, client);
  });
  // A code that is filled in by the browser or pasted is complete: it needs no second gesture.
  input.addEventListener('input', () => {
    if (digitsOf(input.value).length === 6) form.requestSubmit();
  });
  return {
    show({ code: { acceptable, attemptsLeft }, status }) {
      const appears = form.hidden && acceptable;
      form.hidden = status !== 'pending' || !(acceptable || (!form.hidden && attemptsLeft === 0));
      if (appears && isAtRest(document.activeElement)) input.focus();
    },
  };
}

async function send(view: View, client: BrowserClient): Promise<void> {
  const input = view.part('code', HTMLInputElement);
  const submit = view.part('codeSubmit', HTMLButtonElement);
  // Each one counts: never two at once.
  if (submit.disabled) return;
  const code = digitsOf(input.value);
  submit.disabled = true;
  complain(view, '');
  try {
    if (code.length === 6) await client.code(code);
    else complain(view, 'The code has six digits.');
  } catch (thrown) {
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

/** The person is not in the middle of something else. */
function isAtRest(focused: Element | null): boolean {
  return focused === null || focused === document.body || focused.tagName === 'H1';
}
