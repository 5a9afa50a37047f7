// POST /v1/verifications/{id}/code: the SMS code as the person typed it in the page.
import { verificationPath } from '../../wire/ids.ts';
import { digitsOf, submitCodeRequest } from '../../wire/verification-calls.ts';
import { verificationReply } from '../../wire/verification.ts';
import { endpoint } from '../endpoint.ts';
import { replyWith } from './verification-reply.ts';

export const submitCode = endpoint({
  operation: 'submitCode',
  summary: 'Approve with the SMS code',
  caller: 'relying-party-or-browser',
  takes: { path: verificationPath, body: submitCodeRequest },
  gives: { status: 200, text: 'The code was right', schema: verificationReply },
  problems: [
    'code-incorrect',
    'code-attempts-exhausted',
    'code-not-acceptable',
    'already-decided',
    'verification-expired',
  ],

  async handle({ caller, path: { id }, body: { code } }, { verifications }) {
    return replyWith(await verifications.submitCode(caller, id, digitsOf(code)), caller, verifications);
  },
});
