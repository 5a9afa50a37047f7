// The simulated phone's own controls: the clock in its status bar, and the switch between the ways it can be reached.
import type { PhoneMode } from '../shared/demo-channel.ts';
import { viewOf } from '../shared/view.ts';

export interface ModeSwitch {
  show(mode: PhoneMode): void;
}

const modes: readonly PhoneMode[] = ['open', 'closed', 'offline'];

export function bindModes(page: Document, onMode: (mode: PhoneMode) => void): ModeSwitch {
  const group = viewOf(page.body).part('modes', HTMLFieldSetElement);
  group.addEventListener('change', ({ target }) => {
    const chosen = modes.find((mode) => target instanceof HTMLInputElement && mode === target.value);
    if (chosen !== undefined) onMode(chosen);
  });
  return {
    show(mode) {
      for (const option of group.querySelectorAll('input')) option.checked = option.value === mode;
      page.body.dataset['mode'] = mode;
    },
  };
}

export function startStatusBar(page: Document): void {
  const bar = viewOf(page.body);
  const draw = (): void => {
    bar.text('clock', new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
  };
  draw();
  setInterval(draw, 1_000);
}
