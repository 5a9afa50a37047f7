// The app at rest: whether requests can reach it, whose phone it is, what was answered lately.
import type { DeviceState, Registration } from '../../../../client-sdk/device.ts';
import { openTemplate, setIcon } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import { recentEntries } from './recent.ts';
import { describeResult } from './results.ts';

export interface HomeScreen {
  view: View;
  showState(state: DeviceState): void;
}

const titles: Record<DeviceState['condition'], { title: string; tone: string; icon: string }> = {
  online: { title: 'Ready', tone: 'good', icon: 'shield' },
  connecting: { title: 'Connecting…', tone: 'calm', icon: 'link' },
  reconnecting: { title: 'Reconnecting…', tone: 'bad', icon: 'link' },
  offline: { title: 'No internet', tone: 'bad', icon: 'alert' },
  closed: { title: 'Not connected', tone: 'bad', icon: 'alert' },
  revoked: { title: 'Removed', tone: 'bad', icon: 'alert' },
};

export function openHome(registration: Registration, onSettings: () => void): HomeScreen {
  const view = openTemplate('home');
  view.button('settings', onSettings);
  view.text('application', registration.application.name);
  view.text('initial', registration.application.name.slice(0, 1));
  view.text('user', `Signed up as ${registration.userId}`);
  showRecent(view);
  return {
    view,
    showState({ condition, text }) {
      const { title, tone, icon } = titles[condition];
      view.part('presence', HTMLElement).dataset['tone'] = tone;
      setIcon(view.part('presenceIcon', SVGElement), icon);
      view.text('presenceTitle', title);
      view.text('presenceText', text);
    },
  };
}

function showRecent(view: View): void {
  const entries = recentEntries();
  view.show('recent', entries.length > 0);
  view.part('entries', HTMLUListElement).replaceChildren(
    ...entries.map(({ action, result, at }) => {
      const entry = openTemplate('recent-entry');
      const { tag, tone } = describeResult(result);
      entry.text('action', action);
      entry.text('when', new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
      entry.text('outcome', tag).dataset['tone'] = tone;
      return entry.root;
    }),
  );
}
