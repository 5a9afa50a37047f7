// POST /v1/verifications/{id}/resend: once more on the current step, or straight to another.
import { verificationPath } from '../../wire/ids.ts';
import { resendRequest } from '../../wire/verification-calls.ts';
import { verificationReply } from '../../wire/verification.ts';
import { endpoint } from '../endpoint.ts';
import { replyWith } from './verification-reply.ts';

export const resendVerification = endpoint({
  operation: 'resendVerification',
  summary: 'Send again',
  caller: 'relying-party-or-browser',
  takes: { path: verificationPath, body: resendRequest },
  gives: { status: 200, text: 'Sending again', schema: verificationReply },
  problems: ['resend-too-soon', 'resend-exhausted', 'step-not-allowed', 'already-decided', 'verification-expired'],

  async handle({ caller, path: { id }, body: { step } }, { verifications }) {
    return replyWith(await verifications.resend(caller, id, step), caller, verifications);
  },
});
