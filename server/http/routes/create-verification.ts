// POST /v1/verifications: a relying party asks for a person's approval. Answered once it is stored, before any provider is called.
import { rfc3339 } from '../../app/views.ts';
import {
  createVerificationReply,
  createVerificationRequest,
  idempotencyHeaders,
} from '../../wire/create-verification.ts';
import { endpoint } from '../endpoint.ts';

export const createVerification = endpoint({
  operation: 'createVerification',
  summary: 'Ask a person to approve something',
  caller: 'relying-party',
  takes: { headers: idempotencyHeaders, body: createVerificationRequest },
  gives: { status: 201, text: 'Stored; delivery begins', schema: createVerificationReply },
  problems: ['idempotency-key-reused', 'request-in-flight', 'rate-limited'],

  async handle({ caller: application, headers, body }, { verifications }) {
    const created = await verifications.create(application, body, headers['idempotency-key']);
    const { waiterToken, trustToken, now } = created;
    return {
      verification: await verifications.view(created, 'relying-party'),
      waiterToken,
      ...(trustToken === undefined ? {} : { trustToken }),
      serverTime: rfc3339(now),
    };
  },
});
