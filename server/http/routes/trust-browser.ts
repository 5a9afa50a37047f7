// POST /v1/verifications/{id}/trust: an approved verification makes this browser trusted, once.
import { rfc3339 } from '../../app/views.ts';
import { verificationPath } from '../../wire/ids.ts';
import { trustReply, trustRequest } from '../../wire/verification-calls.ts';
import { endpoint } from '../endpoint.ts';

const defaultDays = 7;

export const trustBrowser = endpoint({
  operation: 'trustBrowser',
  summary: 'Trust the browser of an approved verification',
  caller: 'relying-party',
  takes: { path: verificationPath, body: trustRequest },
  gives: { status: 201, text: 'Give the token back with the next create', schema: trustReply },
  problems: ['not-approved', 'trust-already-granted'],

  async handle({ caller: application, path: { id }, body: { days = defaultDays } }, { trustedBrowsers }) {
    const { trustToken, expiresAt, now } = await trustedBrowsers.grant(application, id, days);
    return { trustToken, expiresAt: rfc3339(expiresAt), serverTime: rfc3339(now) };
  },
});
