// POST /v1/verifications/{id}/cancel: ends it; devices take the prompt down.
import { verificationPath } from '../../wire/ids.ts';
import { nothing } from '../../wire/verification-calls.ts';
import { verificationReply } from '../../wire/verification.ts';
import { endpoint } from '../endpoint.ts';
import { replyWith } from './verification-reply.ts';

export const cancelVerification = endpoint({
  operation: 'cancelVerification',
  summary: 'Cancel',
  caller: 'relying-party-or-browser',
  takes: { path: verificationPath, body: nothing },
  gives: { status: 200, text: 'Canceled', schema: verificationReply },
  problems: ['already-decided', 'verification-expired'],

  async handle({ caller, path: { id } }, { verifications }) {
    return replyWith(await verifications.cancel(caller, id), caller, verifications);
  },
});
