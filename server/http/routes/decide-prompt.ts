// POST /v1/device/prompts/{id}/decision: the person's answer, signed by the device. The signed field decides, not the route.
import { rfc3339 } from '../../app/views.ts';
import { promptPath } from '../../wire/ids.ts';
import { decisionReply, decisionRequest } from '../../wire/prompts.ts';
import { endpoint } from '../endpoint.ts';

export const decidePrompt = endpoint({
  operation: 'decidePrompt',
  summary: 'Answer a prompt',
  caller: 'device',
  takes: { path: promptPath, body: decisionRequest },
  gives: { status: 200, text: 'How the verification ended', schema: decisionReply },
  problems: ['number-incorrect', 'challenge-mismatch', 'already-decided', 'verification-expired'],

  async handle({ caller: device, path: { id }, body: { decision } }, { verifications }) {
    const { verification, now } = await verifications.decide(device, decision, id);
    return { status: verification.status, serverTime: rfc3339(now) };
  },
});
