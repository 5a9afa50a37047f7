// POST /v1/providers/vonage/status: what became of an SMS. Vonage repeats it for a day unless it is answered 200.
import { callbackReply, vonageStatus } from '../../wire/vonage.ts';
import { endpoint } from '../endpoint.ts';

export const takeVonageStatus = endpoint({
  operation: 'takeVonageStatus',
  summary: 'For Vonage: what became of an SMS',
  caller: 'vonage',
  takes: { body: vonageStatus },
  gives: { status: 200, text: 'Taken, whether or not it says anything new', schema: callbackReply },

  async handle({ caller: callbacks, body }, { receipts }) {
    const receipt = callbacks.receiptOf(body);
    if (receipt !== undefined) await receipts.take(receipt);
    return { status: 'received' as const };
  },
});
