// The number that has to be carried from the page to the phone: typed, chosen, pasted from a code, or none.
import type { PromptView } from '../../../../client-sdk/device.ts';
import type { View } from '../shared/view.ts';

export type Entered = { ok: true; value: string | undefined } | { ok: false; mistake: string };

export interface NumberEntry {
  read(): Entered;
  /** After a wrong one: empty, and ready for the next. */
  again(): void;
}

const nothing: NumberEntry = { read: () => ({ ok: true, value: undefined }), again: () => {} };

/** `onChoose`: one of the numbers was tapped, which is an answer by itself. */
export function bindNumber(
  view: View,
  matching: PromptView['matching'],
  onChoose: (number: string) => void,
): NumberEntry {
  if (matching.mode === 'choose') return bindChoices(view, matching.choices ?? [], onChoose);
  if (matching.mode === 'none') return nothing;
  const input = view.part('number', HTMLInputElement);
  const isSecret = matching.mode === 'qr';
  const digits = matching.digits ?? 2;
  view.show('numberField', true);
  view.text(
    'numberLabel',
    isSecret ? 'Scan the code on the page, or paste it here' : 'Enter the number the page shows',
  );
  input.toggleAttribute('data-text', isSecret);
  if (!isSecret) {
    input.inputMode = 'numeric';
    input.maxLength = digits;
    input.placeholder = '–'.repeat(digits);
  }
  const mistake = isSecret ? 'Paste the code first.' : `Enter the ${digits} digits that the page shows.`;
  return {
    read() {
      const value = input.value.trim();
      const complete = isSecret ? value !== '' : new RegExp(`^\\d{${digits}}$`).test(value);
      if (!complete) input.focus();
      return complete ? { ok: true, value } : { ok: false, mistake };
    },
    again() {
      input.value = '';
      input.focus();
    },
  };
}

function bindChoices(view: View, choices: readonly string[], onChoose: (number: string) => void): NumberEntry {
  const list = view.show('choices', true);
  for (const choice of choices) {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: choice });
    button.addEventListener('click', () => onChoose(choice));
    list.append(button);
  }
  view.show('approve', false);
  return { read: () => ({ ok: false, mistake: 'Tap the number that the page shows.' }), again: () => {} };
}
