// What came of a request.
import { openTemplate, setIcon } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import { describeResult } from './results.ts';
import type { Result } from './results.ts';

/** `more`: another request waits already. */
export function openResult(result: Result, { more, onDone }: { more: boolean; onDone: () => void }): View {
  const view = openTemplate('result');
  const { tone, icon, title, text } = describeResult(result);
  view.root.dataset['tone'] = tone;
  setIcon(view.part('icon', SVGElement), icon);
  view.text('title', title);
  view.text('text', text);
  view.button('done', onDone).textContent = more ? 'Next request' : 'Done';
  return view;
}
