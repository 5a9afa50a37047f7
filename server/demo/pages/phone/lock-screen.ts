// The phone while the app is closed: nothing of it runs, only notifications arrive.
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

export function openLock(onOpen: () => void): { view: View; stop: () => void } {
  const view = openTemplate('lock');
  view.button('open', onOpen);
  const draw = (): void => {
    const now = new Date();
    view.text('lockClock', now.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
    view.text('lockDate', now.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' }));
  };
  draw();
  const timer = setInterval(draw, 1_000);
  return { view, stop: () => clearInterval(timer) };
}
