// The demo's controls: how the user wants to be reached is saved at the hub, how the bank asks is kept by this page.
import type { Person, PersonChange } from '../../bank-api.ts';
import type { DeliveryPreference } from '../../../../client-sdk/protocol.ts';
import { deliveryPreferences } from '../../../../client-sdk/protocol.ts';
import { messageOf, sendToBank } from '../shared/call-bank.ts';
import type { View } from '../shared/view.ts';
import type { Settings } from './settings.ts';

export interface Controls {
  show(person: Person): void;
  /** Waits for a change on its way to the hub. */
  saved(): Promise<void>;
}

export function bindControls(view: View, settings: Settings, onSaved: (person: Person) => void): Controls {
  const delivery = view.part('delivery', HTMLSelectElement);
  const phoneNumber = view.part('phoneNumber', HTMLInputElement);
  const matching = view.part('matching', HTMLSelectElement);
  const lifetime = view.part('lifetime', HTMLSelectElement);
  const saving = { done: Promise.resolve() };
  matching.value = settings.get().matching;
  lifetime.value = String(settings.get().lifetimeSeconds);

  async function save(): Promise<void> {
    const change: PersonChange = {
      userId: settings.userId(),
      delivery: preferenceOf(delivery.value),
      phoneNumber: phoneNumber.value,
    };
    view.text('saved', 'Saving…');
    try {
      onSaved(await sendToBank<Person>('person', change));
      view.text('saved', 'Saved.');
    } catch (thrown) {
      view.text('saved', messageOf(thrown));
    }
  }

  const saveNext = (): void => {
    saving.done = saving.done.then(save);
  };
  delivery.addEventListener('change', saveNext);
  phoneNumber.addEventListener('change', saveNext);
  matching.addEventListener('change', () => settings.set({ matching: matching.value }));
  lifetime.addEventListener('change', () => settings.set({ lifetimeSeconds: Number(lifetime.value) }));

  return {
    show(person) {
      delivery.value = person.delivery;
      phoneNumber.value = person.phoneNumber ?? '';
    },
    saved: () => saving.done,
  };
}

function preferenceOf(value: string): DeliveryPreference {
  return deliveryPreferences.find((known) => known === value) ?? 'push_then_sms';
}
