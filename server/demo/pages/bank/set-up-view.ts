// Setting up a phone: the enrollment link as a QR code, as text, and handed to the demo phone of this browser.
import type { EnrollmentLink } from '../../bank-api.ts';
import { messageOf, sendToBank } from '../shared/call-bank.ts';
import type { DemoChannel } from '../shared/demo-channel.ts';
import { drawQr } from '../shared/qr-picture.ts';
import { openTemplate } from '../shared/view.ts';
import type { View } from '../shared/view.ts';

export interface SetUpOptions {
  userId: string;
  channel: DemoChannel;
  onBack: () => void;
}

export function openSetUp({ userId, channel, onBack }: SetUpOptions): { view: View; stop: () => void } {
  const view = openTemplate('set-up');
  const uri = view.part('uri', HTMLInputElement);
  const here = view.button('here', handOver);
  const over = { stopped: false };
  here.disabled = true;
  view.button('back', onBack);
  view.button('copy', () => void copy());
  channel.listen('phone', ({ enrolled }) => {
    if (!over.stopped && here.dataset['asked'] !== undefined && enrolled) onBack();
  });

  /** As if the phone's camera had seen the code. */
  function handOver(): void {
    here.dataset['asked'] = '';
    channel.tell({ type: 'enroll', uri: uri.value });
    view.text('status', 'Handed to the demo phone. No demo phone open? Open it in another window, then press again.');
  }

  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(uri.value).catch(() => uri.select());
    view.text('status', 'Copied.');
  }

  async function load(): Promise<void> {
    try {
      const link = await sendToBank<EnrollmentLink>('enrollment', { userId });
      uri.value = link.uri;
      here.disabled = false;
      if (!drawQr(view.part('qr', SVGElement), link.uri)) view.text('lead', 'Paste this link into the authenticator app.');
    } catch (thrown) {
      view.text('mistake', messageOf(thrown));
    }
  }

  void load();
  return {
    view,
    stop: () => {
      over.stopped = true;
    },
  };
}
