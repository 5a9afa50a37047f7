// The bank's sign-in form, with the demo's controls below it.
import type { Person } from '../../bank-api.ts';
import { getFromBank, messageOf } from '../shared/call-bank.ts';
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import { bindControls } from './demo-controls.ts';
import type { Settings } from './settings.ts';

export interface SignInOptions {
  settings: Settings;
  onSetUp: (userId: string) => void;
  /** Rejects with a text for the person. */
  onSignIn: (userId: string) => Promise<void>;
}

export function openSignIn({ settings, onSetUp, onSignIn }: SignInOptions): View {
  const view = openTemplate('sign-in');
  const user = view.part('user', HTMLInputElement);
  const submit = view.part('submit', HTMLButtonElement);
  const controls = bindControls(view, settings, showPerson);
  user.value = settings.userId();

  function showPerson({ devices }: Person): void {
    view.show('setup', devices === 0);
  }

  async function look(): Promise<void> {
    view.text('mistake', '');
    settings.set({ userId: user.value.trim() });
    try {
      const person = await getFromBank<Person>(`person?userId=${encodeURIComponent(settings.userId())}`);
      showPerson(person);
      controls.show(person);
    } catch (thrown) {
      view.text('mistake', messageOf(thrown));
    }
  }

  async function signIn(): Promise<void> {
    view.text('mistake', '');
    submit.disabled = true;
    settings.set({ userId: user.value.trim() });
    try {
      await controls.saved();
      await onSignIn(settings.userId());
    } catch (thrown) {
      view.text('mistake', messageOf(thrown));
    } finally {
      submit.disabled = false;
    }
  }

  user.addEventListener('change', () => void look());
  view.button('setUp', () => onSetUp(settings.userId()));
  view.part('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    void signIn();
  });
  void look();
  return view;
}
