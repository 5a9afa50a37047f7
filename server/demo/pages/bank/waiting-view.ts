// The page that waits for the phone: follows one verification through the browser SDK and brings its result to the bank's backend.
import { createBrowserClient } from '../../../../client-sdk/browser.ts';
import type { BrowserClient, VerificationView } from '../../../../client-sdk/browser.ts';
import type { DeliveryStatus } from '../../../../client-sdk/protocol.ts';
import type { Account, FinishReply, Waiting } from '../../bank-api.ts';
import { messageOf, sendToBank } from '../shared/call-bank.ts';
import { drawQr } from '../shared/qr-picture.ts';
import { having } from '../shared/shapes.ts';
import { openTemplate, setIcon } from '../shared/view.ts';
import type { View } from '../shared/view.ts';
import { bindCodeForm } from './code-form.ts';
import { startRing } from './countdown-ring.ts';
import type { End } from './endings.ts';
import { describeProgress, describeStep } from './progress-text.ts';
import { bindResend } from './resend-buttons.ts';

export interface WaitingOptions {
  /** The hub origin. */
  hub: string;
  waiting: Waiting;
  /** The page was loaded again: the time that came with the token is long past. */
  resumed: boolean;
  onApproved: (account: Account) => void;
  onEnded: (end: End) => void;
}

export function openWaiting(options: WaitingOptions): { view: View; stop: () => void } {
  const { hub, waiting, resumed } = options;
  const view = openTemplate('waiting');
  const client = createBrowserClient({
    hub,
    endpoint: location.origin,
    waiterToken: waiting.waiterToken,
    ...(resumed ? {} : { serverTime: waiting.serverTime }),
  });
  const ring = startRing(view, () => client.hubNow());
  const codeForm = bindCodeForm(view, client);
  const resend = bindResend(view, client);
  view.text('purpose', waiting.purpose === 'payment' ? 'Confirm your payment' : 'Confirm it is you');
  view.button('cancel', () => void cancel(client, view));
  client.onState(({ condition, text }) => view.text('connection', condition === 'online' ? '' : text));
  client.onProgress((verification) => {
    showProgress(view, verification);
    ring.set(Date.parse(verification.createdAt), Date.parse(verification.expiresAt));
    codeForm.show(verification);
    resend.show(verification);
  });
  if (resumed) client.read().catch(() => {});
  void finish(client, options);
  return {
    view,
    stop() {
      ring.stop();
      resend.stop();
      client.close();
    },
  };
}

async function finish(client: BrowserClient, { onApproved, onEnded }: WaitingOptions): Promise<void> {
  try {
    const verification = await client.wait();
    if (verification.status !== 'approved') return onEnded(verification);
    // The page only carries the result; whether it is one, the bank's backend decides.
    const { account } = await sendToBank('finish', having<FinishReply>('account'), {
      resultToken: verification.resultToken,
    });
    return onApproved(account);
  } catch (thrown) {
    // Closed: somebody moved on to another view.
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'closed'))
      onEnded({ status: 'failed', message: messageOf(thrown) });
  }
}

async function cancel(client: BrowserClient, view: View): Promise<void> {
  view.text('mistake', '');
  try {
    await client.cancel();
  } catch (thrown) {
    view.text('mistake', messageOf(thrown));
  }
}

function showProgress(view: View, verification: VerificationView): void {
  const { headline, hint } = describeProgress(verification);
  view.text('headline', headline);
  view.text('hint', hint);
  showSteps(view, verification);
  showNumber(view, verification);
}

/** The lines stay in place and only change, so that the eye and a screen reader can follow. */
function showSteps(view: View, { delivery }: VerificationView): void {
  const list = view.part('steps', HTMLOListElement);
  delivery.forEach((step, index) => {
    if (list.children[index] === undefined) list.append(openTemplate('step').root);
    const line = list.children[index];
    if (!(line instanceof HTMLElement)) return;
    const { icon, name, text, tone } = describeStep(
      step,
      delivery.slice(index + 1).some(({ status }) => isStarted(status)),
    );
    line.dataset['step'] = step.step;
    line.dataset['tone'] = tone;
    line.querySelectorAll('use').forEach((use) => setIcon(use.parentElement ?? line, icon));
    for (const [part, value] of Object.entries({ name, text })) {
      const element = line.querySelector(`[data-part="${part}"]`);
      if (element !== null && element.textContent !== value) element.textContent = value;
    }
  });
}

function isStarted(status: DeliveryStatus): boolean {
  return status !== 'waiting' && status !== 'skipped';
}

function showNumber(view: View, { matching: { mode, number }, delivery, code }: VerificationView): void {
  const prompted = delivery.some(({ step, status }) => step !== 'sms' && status !== 'skipped');
  const digits = view.part('digits', HTMLElement);
  const visible = number !== undefined && prompted;
  view.show('match', visible && mode !== 'qr').toggleAttribute('data-compact', code.acceptable);
  view.show('scan', visible && mode === 'qr');
  if (!visible) return;
  const verb = mode === 'choose' ? 'choose' : 'enter';
  view.text('matchText', `${code.acceptable ? `Or ${verb}` : capitalized(verb)} this number on your phone`);
  if (digits.dataset['number'] === number) return;
  digits.dataset['number'] = number;
  if (mode === 'qr') return showScan(view, number);
  const shown = number.split('');
  digits.setAttribute('aria-label', shown.join(' '));
  digits.toggleAttribute('data-long', number.length > 4);
  digits.replaceChildren(
    ...shown.map((digit) => Object.assign(document.createElement('span'), { textContent: digit })),
  );
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function showScan(view: View, secret: string): void {
  drawQr(view.part('scanQr', SVGElement), secret);
  view.button('copyScan', () => void navigator.clipboard.writeText(secret).catch(() => {}));
}
