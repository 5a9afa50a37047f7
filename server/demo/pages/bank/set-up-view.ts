// Setting up a phone: the enrollment link as a QR code, as text, and handed to the demo phone of this browser.
import type { EnrollmentLink } from '../../bank-api.ts';
import { messageOf, sendToBank } from '../shared/call-bank.ts';
import type { DemoChannel } from '../shared/demo-channel.ts';
import { drawQr } from '../shared/qr-picture.ts';
import { having } from '../shared/shapes.ts';
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

export interface SetUpOptions {
  userId: string;
  channel: DemoChannel;
  onBack: () => void;
}

export function openSetUp({ userId, channel, onBack }: SetUpOptions): { view: View; stop: () => void } {
  const view = openTemplate('set-up');
  const state = { stopped: false, asked: false };
  view.button('back', onBack);
  view.button('copy', () => void copy(view));
  view.button('here', () => {
    state.asked = true;
    // As if the phone's camera had seen the code.
    channel.tell({ type: 'enroll', uri: view.part('uri', HTMLInputElement).value });
    view.text('status', 'Handed to the demo phone. No demo phone open? Open it in another window, then press again.');
  }).disabled = true;
  channel.listen('phone', (phone) => {
    if (state.stopped || !state.asked || phone.userId === null) return;
    if (phone.userId === userId) onBack();
    else view.text('status', `The demo phone is set up for ${phone.userId}. Remove it there first, in its settings.`);
  });
  void load(view, userId);
  return {
    view,
    stop: () => {
      state.stopped = true;
    },
  };
}

async function load(view: View, userId: string): Promise<void> {
  try {
    const { uri } = await sendToBank('enrollment', having<EnrollmentLink>('uri'), { userId });
    view.part('uri', HTMLInputElement).value = uri;
    view.part('here', HTMLButtonElement).disabled = false;
    const drawn = drawQr(view.part('qr', SVGElement), uri);
    view.show('qrFrame', drawn);
    if (!drawn) view.text('lead', 'Paste the link below into the authenticator app. It works once, for ten minutes.');
  } catch (thrown) {
    view.text('mistake', messageOf(thrown));
  }
}

async function copy(view: View): Promise<void> {
  const uri = view.part('uri', HTMLInputElement);
  const copied = await navigator.clipboard.writeText(uri.value).then(
    () => true,
    () => false,
  );
  if (!copied) uri.select();
  view.text('status', copied ? 'Copied.' : 'Copy it from the field: it is selected.');
}
