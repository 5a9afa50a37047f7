// "Send again" and "Text me a code", with the pause the hub asks for between two of them.
import type { BrowserClient, DeliveryStepName, VerificationView } from '../../../../client-sdk/browser.ts';
import { messageOf } from '../shared/call-bank.ts';
import { secondsLeft } from '../shared/time-left.ts';
import type { View } from '../shared/view.ts';

export interface ResendButtons {
  show(verification: VerificationView): void;
  stop(): void;
}

export function bindResend(view: View, client: BrowserClient): ResendButtons {
  const state: { latest: VerificationView | null; busy: boolean } = { latest: null, busy: false };
  const draw = (): void => drawButtons(view, client, state.latest, state.busy);

  async function send(step: DeliveryStepName | undefined): Promise<void> {
    view.text('mistake', '');
    state.busy = true;
    draw();
    try {
      await client.resend(step);
      view.text('spoken', step === 'sms' ? 'A text message is on its way.' : 'Sent again.');
    } catch (thrown) {
      view.text('mistake', messageOf(thrown));
    }
    state.busy = false;
    draw();
  }

  view.button('again', () => void send(undefined));
  view.button('textMe', () => void send('sms'));
  const timer = setInterval(draw, 500);
  return {
    show(verification) {
      state.latest = verification;
      draw();
    },
    stop: () => clearInterval(timer),
  };
}

function drawButtons(view: View, client: BrowserClient, latest: VerificationView | null, busy: boolean): void {
  if (latest === null) return;
  const { resend, delivery } = latest;
  const sms = delivery.find(({ step }) => step === 'sms');
  const pause = secondsLeft(Date.parse(resend.availableAt) - client.hubNow());
  const texts = { again: 'Send again', textMe: 'Text me a code' };
  for (const [name, text] of Object.entries(texts)) {
    view.part(name, HTMLButtonElement).disabled = busy || pause > 0;
    view.text(name, pause > 0 ? `${text} · ${pause} s` : text);
  }
  view.show('again', resend.left > 0);
  view.show('textMe', resend.left > 0 && sms?.status === 'waiting');
}
