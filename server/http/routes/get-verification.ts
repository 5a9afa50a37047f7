// GET /v1/verifications/{id}: how it stands; with `wait`, as soon as it stands otherwise.
import { verificationPath } from '../../wire/ids.ts';
import { longPollQuery } from '../../wire/verification-calls.ts';
import { verificationReply } from '../../wire/verification.ts';
import { endpoint } from '../endpoint.ts';
import { replyWith } from './verification-reply.ts';

export const getVerification = endpoint({
  operation: 'getVerification',
  summary: 'Read a verification, or wait for it to change',
  caller: 'relying-party-or-browser',
  takes: { path: verificationPath, query: longPollQuery },
  gives: { status: 200, text: 'How it stands', schema: verificationReply },

  async handle({ caller, path: { id }, query: { wait = 0, rev = 0 }, gone }, { verifications, waiters }) {
    // Whether the caller may see it is settled before anybody waits.
    const first = await verifications.get(caller, id);
    const waits = wait > 0 && first.verification.rev <= rev && first.verification.status === 'pending';
    const snapshot = waits ? await waiters.waitFor(id, rev, wait * 1000, gone) : first;
    return replyWith(snapshot ?? first, caller, verifications);
  },
});
