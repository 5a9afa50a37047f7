// What the page shows when a request ended without an approval.
import { openTemplate, setIcon } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import type { Ending } from './endings.ts';

export function openOutcome(ending: Ending, actions: { onGoOn: () => void; onSetUp: () => void }): View {
  const view = openTemplate('outcome');
  view.root.dataset['tone'] = ending.tone;
  setIcon(view.part('icon', SVGElement), ending.icon);
  view.text('title', ending.title);
  view.text('text', ending.text);
  view.text('next', ending.next);
  view.button('primary', actions.onGoOn).textContent = ending.primary;
  view.button('setUp', actions.onSetUp).hidden = ending.setUp !== true;
  return view;
}
