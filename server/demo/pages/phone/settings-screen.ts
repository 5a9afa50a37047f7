// Settings of this phone: how to be asked, which browsers are trusted, and taking the phone out of the account.
import { VerihubError } from '../../../../client-sdk/device.ts';
import type {
  DeliveryPreference,
  DeviceClient,
  Registration,
  TrustedBrowserView,
} from '../../../../client-sdk/device.ts';
import { deliveryPreferences } from '../../../../client-sdk/protocol.ts';
import { messageOf } from '../shared/call-bank.ts';
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

export interface SettingsOptions {
  client: DeviceClient;
  registration: Registration;
  onBack: () => void;
  onRemoved: () => void;
}

export function openSettings({ client, registration, onBack, onRemoved }: SettingsOptions): View {
  const view = openTemplate('settings');
  view.button('back', onBack);
  view.text('device', `${registration.application.name}, ${registration.userId}`);

  /** Runs one change and says how it went, where a person looks. */
  async function attempt(work: () => Promise<string>): Promise<void> {
    view.text('mistake', '');
    try {
      view.text('status', await work());
    } catch (thrown) {
      view.text('status', '');
      view.text('mistake', messageOf(thrown));
    }
  }

  bindDelivery(view, client, attempt);
  bindRemoval(view, client, onRemoved, attempt);
  void attempt(() => showTrusted(view, client, attempt));
  return view;
}

type Attempt = (work: () => Promise<string>) => Promise<void>;

function bindDelivery(view: View, client: DeviceClient, attempt: Attempt): void {
  const group = view.part('delivery', HTMLFieldSetElement);
  const show = (delivery: DeliveryPreference): void => {
    for (const option of group.querySelectorAll('input')) option.checked = option.value === delivery;
  };
  group.addEventListener('change', ({ target }) => {
    const chosen = deliveryPreferences.find((known) => target instanceof HTMLInputElement && known === target.value);
    if (chosen === undefined) return;
    void attempt(async () => {
      show(await client.preferences.set(chosen));
      return 'Saved.';
    });
  });
  void attempt(async () => {
    show(await client.preferences.get());
    return '';
  });
}

async function showTrusted(view: View, client: DeviceClient, attempt: Attempt): Promise<string> {
  const browsers = await client.trustedBrowsers.list();
  const list = view.part('trusted', HTMLUListElement);
  list.replaceChildren(...browsers.map((browser) => trustedRow(browser, () => void attempt(() => revoke(browser.id)))));
  if (browsers.length === 0) {
    list.append(
      Object.assign(document.createElement('li'), {
        className: 'note',
        textContent: 'None. Each sign-in asks this phone.',
      }),
    );
  }

  async function revoke(id: string): Promise<string> {
    await client.trustedBrowsers.revoke(id);
    await showTrusted(view, client, attempt);
    return 'Revoked. The next sign-in there asks again.';
  }
  return '';
}

function trustedRow({ createdAt, expiresAt }: TrustedBrowserView, onRevoke: () => void): HTMLElement {
  const row = openTemplate('trusted-browser');
  const day = (time: string): string => new Date(time).toLocaleDateString([], { day: 'numeric', month: 'long' });
  row.text('name', `Browser, since ${day(createdAt)}`);
  row.text('until', `Trusted until ${day(expiresAt)}`);
  row.button('revoke', onRevoke);
  return row.root;
}

function bindRemoval(view: View, client: DeviceClient, onRemoved: () => void, attempt: Attempt): void {
  const toggle = (confirming: boolean): void => {
    view.show('confirm', confirming);
    view.show('remove', !confirming);
    view.part(confirming ? 'confirmText' : 'remove', HTMLElement).focus();
  };
  view.button('remove', () => toggle(true));
  view.button('confirmBack', () => toggle(false));
  view.button('confirmRemove', () => {
    void attempt(async () => {
      await client.revoke().catch((thrown: unknown) => {
        if (!(thrown instanceof VerihubError && thrown.code === 'not-enrolled')) throw thrown;
      });
      onRemoved();
      return '';
    });
  });
}
