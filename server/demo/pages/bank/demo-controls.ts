// The demo's controls: how the user wants to be reached is saved at the hub, how the bank asks is kept by this page.
import type { Person, PersonChange } from '../../bank-api.ts';
import type { DeliveryPreference } from '../../../../client-sdk/protocol.ts';
import { deliveryPreferences } from '../../../../client-sdk/protocol.ts';
import { messageOf, sendToBank } from '../shared/call-bank.ts';
import { having } from '../shared/shapes.ts';
import type { View } from '../shared/view.ts';
import type { Settings } from './settings.ts';

export const isPerson = having<Person>('userId', 'delivery', 'devices');

export interface Controls {
  show(person: Person): void;
  /** Waits for a change on its way to the hub. */
  saved(): Promise<void>;
}

export function bindControls(view: View, settings: Settings, onSaved: (person: Person) => void): Controls {
  const delivery = view.part('delivery', HTMLSelectElement);
  const phoneNumber = view.part('phoneNumber', HTMLInputElement);
  const saving = { done: Promise.resolve() };
  bindSettings(view, settings);
  const saveNext = (): void => {
    const change = {
      userId: settings.userId(),
      delivery: preferenceOf(delivery.value),
      phoneNumber: phoneNumber.value,
    };
    saving.done = saving.done.then(() => save(view, change, onSaved));
  };
  delivery.addEventListener('change', saveNext);
  phoneNumber.addEventListener('change', saveNext);
  return {
    show(person) {
      delivery.value = person.delivery;
      phoneNumber.value = person.phoneNumber ?? '';
    },
    saved: () => saving.done,
  };
}

function bindSettings(view: View, settings: Settings): void {
  const matching = view.part('matching', HTMLSelectElement);
  const lifetime = view.part('lifetime', HTMLSelectElement);
  matching.value = settings.get().matching;
  lifetime.value = String(settings.get().lifetimeSeconds);
  matching.addEventListener('change', () => settings.set({ matching: matching.value }));
  lifetime.addEventListener('change', () => settings.set({ lifetimeSeconds: Number(lifetime.value) }));
}

async function save(view: View, change: PersonChange, onSaved: (person: Person) => void): Promise<void> {
  view.text('saved', 'Saving…');
  try {
    onSaved(await sendToBank('person', isPerson, change));
    view.text('saved', 'Saved.');
  } catch (thrown) {
    view.text('saved', messageOf(thrown));
  }
}

function preferenceOf(value: string): DeliveryPreference {
  return deliveryPreferences.find((known) => known === value) ?? 'push_then_sms';
}
