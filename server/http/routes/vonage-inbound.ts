// POST /v1/providers/vonage/inbound: an SMS that a person has sent us. Only STOP, START and their like are listened to.
import { callbackReply, vonageInbound } from '../../wire/vonage.ts';
import { endpoint } from '../endpoint.ts';

export const takeVonageInbound = endpoint({
  operation: 'takeVonageInbound',
  summary: 'For Vonage: what a person has answered, such as STOP',
  caller: 'vonage',
  takes: { body: vonageInbound },
  gives: { status: 200, text: 'Heard, whether or not it says anything to the hub', schema: callbackReply },

  async handle({ caller: callbacks, body }, { smsOptOuts }) {
    const heard = callbacks.smsOf(body);
    if (heard !== undefined) await smsOptOuts.hear(heard);
    return { status: 'received' as const };
  },
});
