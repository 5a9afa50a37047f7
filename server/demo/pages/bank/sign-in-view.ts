// The bank's sign-in form, with the demo's controls below it.
import type { Person } from '../../bank-api.ts';
import { getFromBank, messageOf } from '../shared/call-bank.ts';
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import { bindControls, isPerson } from './demo-controls.ts';
import type { Controls } from './demo-controls.ts';
import type { Settings } from './settings.ts';

export interface SignInOptions {
  settings: Settings;
  onSetUp: (userId: string) => void;
  /** Rejects with a text for the person. */
  onSignIn: (userId: string) => Promise<void>;
}

export interface SignInView {
  view: View;
  /** A phone was set up or removed, perhaps this person's. */
  phoneChanged(): void;
}

export function openSignIn(options: SignInOptions): SignInView {
  const { settings, onSetUp } = options;
  const view = openTemplate('sign-in');
  const user = view.part('user', HTMLInputElement);
  const controls = bindControls(view, settings, (person) => showPerson(view, person));
  user.value = settings.userId();
  user.addEventListener('change', () => {
    settings.set({ userId: user.value.trim() });
    void look(view, settings, controls);
  });
  view.button('setUp', () => onSetUp(settings.userId()));
  view.part('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    settings.set({ userId: user.value.trim() });
    void signIn(view, options, controls);
  });
  void look(view, settings, controls);
  return { view, phoneChanged: () => void lookAgain(view, settings) };
}

function showPerson(view: View, { devices }: Person): void {
  view.show('setup', devices === 0);
}

async function look(view: View, settings: Settings, controls: Controls): Promise<void> {
  view.text('mistake', '');
  try {
    const person = await readPerson(settings);
    if (person === null) return;
    showPerson(view, person);
    controls.show(person);
  } catch (thrown) {
    view.text('mistake', messageOf(thrown));
  }
}

/** Nobody asked for it: what is typed in the controls stays, and a failure is not worth a word. */
async function lookAgain(view: View, settings: Settings): Promise<void> {
  const person = await readPerson(settings).catch(() => null);
  if (person !== null) showPerson(view, person);
}

/** Null: meanwhile another name was typed. */
async function readPerson(settings: Settings): Promise<Person | null> {
  const person = await getFromBank(`person?userId=${encodeURIComponent(settings.userId())}`, isPerson);
  return person.userId === settings.userId() ? person : null;
}

async function signIn(view: View, { settings, onSignIn }: SignInOptions, controls: Controls): Promise<void> {
  const submit = view.part('submit', HTMLButtonElement);
  view.text('mistake', '');
  submit.disabled = true;
  try {
    await controls.saved();
    await onSignIn(settings.userId());
  } catch (thrown) {
    view.text('mistake', messageOf(thrown));
  } finally {
    submit.disabled = false;
  }
}
