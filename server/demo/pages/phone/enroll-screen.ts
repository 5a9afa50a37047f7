// Setting up this phone from a link: makes the keys and registers them.
import type { DeviceClient, Registration } from '../../../../client-sdk/device.ts';
import { browserName } from '../../browser-name.ts';
import { messageOf } from '../shared/call-bank.ts';
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

export interface EnrollScreen {
  view: View;
  /** As typed, scanned, or handed over. */
  enroll(uri: string): Promise<void>;
}

export interface EnrollOptions {
  client: DeviceClient;
  /** Why the phone is not set up any more, if it was. */
  reason: string;
  onEnrolled: (registration: Registration) => void;
}

export function openEnroll({ client, reason, onEnrolled }: EnrollOptions): EnrollScreen {
  const view = openTemplate('enroll');
  const link = view.part('link', HTMLInputElement);
  const submit = view.part('submit', HTMLButtonElement);
  view.text('mistake', reason);

  async function enroll(uri: string): Promise<void> {
    link.value = uri;
    submit.disabled = true;
    view.text('mistake', '');
    view.text('status', 'Making keys and registering this phone…');
    try {
      onEnrolled(await registerOnce(client, uri));
    } catch (thrown) {
      view.text('mistake', messageOf(thrown));
    } finally {
      view.text('status', '');
      submit.disabled = false;
    }
  }

  view.part('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    void enroll(link.value.trim());
  });
  return { view, enroll };
}

/** Two windows of this phone share one set of keys: the second finds what the first has made. */
function registerOnce(client: DeviceClient, uri: string): Promise<Registration> {
  return navigator.locks.request('verihub-demo-enroll', () =>
    client.enroll({
      uri,
      name: `Demo phone (${browserName(navigator.userAgent)})`,
      platform: 'web',
      pushToken: { provider: 'simulated', token: ownPushToken() },
    }),
  );
}

const tokenKey = 'verihub-phone-push-token';

/** Stands for what Firebase would hand the app: the outbox tells by it which messages are for this phone. */
export function ownPushToken(): string {
  const kept = localStorage.getItem(tokenKey) ?? `sim-${crypto.randomUUID()}`;
  localStorage.setItem(tokenKey, kept);
  return kept;
}
