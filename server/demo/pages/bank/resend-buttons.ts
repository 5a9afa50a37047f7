// "Send it again" and "Text me a code instead", with the pause the hub asks for between two of them.
import type { BrowserClient, DeliveryStepName, VerificationView } from '../../../../client-sdk/browser.ts';
import { messageOf } from '../shared/call-bank.ts';
import type { View } from '../shared/view.ts';

export interface ResendButtons {
  show(verification: VerificationView): void;
  stop(): void;
}

export function bindResend(view: View, client: BrowserClient): ResendButtons {
  const again = view.button('again', () => void send(undefined));
  const textMe = view.button('textMe', () => void send('sms'));
  const state: { latest: VerificationView | null; busy: boolean } = { latest: null, busy: false };

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

  function draw(): void {
    if (state.latest === null) return;
    const { resend, delivery } = state.latest;
    const sms = delivery.find(({ step }) => step === 'sms');
    const pause = Math.max(0, Math.ceil((Date.parse(resend.availableAt) - client.hubNow()) / 1_000));
    const after = pause > 0 ? ` · ${pause} s` : '';
    again.hidden = resend.left === 0;
    textMe.hidden = resend.left === 0 || sms?.status !== 'waiting';
    again.disabled = state.busy || pause > 0;
    textMe.disabled = again.disabled;
    setText(again, `Send again${after}`);
    setText(textMe, `Text me a code${after}`);
  }

  const timer = setInterval(draw, 500);
  return {
    show(verification) {
      state.latest = verification;
      draw();
    },
    stop: () => clearInterval(timer),
  };
}

function setText(button: HTMLButtonElement, text: string): void {
  if (button.textContent !== text) button.textContent = text;
}
