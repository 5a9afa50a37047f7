// What is happening to a request, in words: the headline, what to do, and each way to the phone. Pure.
import type { DeliveryStepName, DeliveryStepView, VerificationView } from '../../../../client-sdk/browser.ts';

export interface Progress {
  headline: string;
  /** What to do now. */
  hint: string;
}

export interface StepLine {
  icon: string;
  name: string;
  text: string;
  /** `idle` waits its turn, `off` is not available. */
  tone: 'idle' | 'busy' | 'good' | 'bad' | 'off';
}

type Delivery = Pick<VerificationView, 'delivery' | 'matching' | 'code'>;

const onPhone: Record<VerificationView['matching']['mode'], string> = {
  enter: 'Open it and enter the number below.',
  choose: 'Open it and choose the number below.',
  none: 'Open it and approve.',
  qr: 'Open it and scan the code below.',
};

const sent = 'Verification request sent to your phone';

export function describeProgress({ delivery, matching, code }: Delivery): Progress {
  const statusOf = (name: DeliveryStepName) => delivery.find(({ step }) => step === name)?.status ?? 'skipped';
  const arrived = delivery.some(({ status, step }) => step !== 'sms' && status === 'acknowledged');
  if (arrived && code.acceptable) {
    return {
      headline: 'Approve on your phone, or type the code',
      hint: `The request is on your phone. ${onPhone[matching.mode]}`,
    };
  }
  if (arrived) return { headline: sent, hint: `It has arrived. ${onPhone[matching.mode]}` };
  const sms = statusOf('sms');
  if (sms === 'pending') return { headline: 'Sending you a text message', hint: 'It brings a code to type here.' };
  if (code.acceptable) {
    const tried = delivery.some(({ step, status }) => step !== 'sms' && status !== 'skipped' && status !== 'waiting');
    const why = tried ? 'We could not reach the app on your phone, so we' : 'We';
    return { headline: 'Type the code we sent you', hint: `${why} sent a text message with a code.` };
  }
  const then = sms === 'waiting' ? ' If it does not come, a text message follows.' : '';
  if (statusOf('push') === 'pending')
    return { headline: 'Your phone is not connected', hint: 'We are sending a push notification.' };
  if (statusOf('push') === 'accepted')
    return { headline: 'We sent a push notification', hint: `Open it on your phone.${then}` };
  if (statusOf('socket') === 'pending') return { headline: sent, hint: 'Waiting for your phone to take it…' };
  return {
    headline: 'Your phone was not reached',
    hint: 'The request waits in the authenticator app: open it on your phone.',
  };
}

const states: Record<DeliveryStepView['status'], Pick<StepLine, 'tone' | 'text'>> = {
  waiting: { tone: 'idle', text: 'only if needed' },
  pending: { tone: 'busy', text: 'sending…' },
  accepted: { tone: 'busy', text: 'sent' },
  acknowledged: { tone: 'good', text: 'arrived' },
  delivered: { tone: 'good', text: 'delivered' },
  failed: { tone: 'bad', text: 'no answer' },
  skipped: { tone: 'off', text: 'not available' },
};

const names: Record<DeliveryStepName, Pick<StepLine, 'name' | 'icon'>> = {
  socket: { name: 'App', icon: 'link' },
  push: { name: 'Push', icon: 'push' },
  sms: { name: 'SMS', icon: 'sms' },
};

/** `passed`: a later step has been started since. */
export function describeStep({ step, status }: DeliveryStepView, passed = false): StepLine {
  const base = names[step];
  if (status === 'accepted' && passed) return { ...base, tone: 'bad', text: 'no answer' };
  if (status === 'accepted' && step === 'sms') return { ...base, tone: 'good', text: 'sent' };
  if (status === 'pending' && step === 'socket') return { ...base, tone: 'busy', text: 'connecting…' };
  return { ...base, ...states[status] };
}
