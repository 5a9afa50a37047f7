// POST /v1/device/prompts/{id}/acknowledge: the device holds the prompt; only the copy in this reply may be approved (contract section 8).
import { rfc3339 } from '../../app/views.ts';
import { promptPath } from '../../wire/ids.ts';
import { promptReply } from '../../wire/prompts.ts';
import { nothing } from '../../wire/verification-calls.ts';
import { endpoint } from '../endpoint.ts';

export const acknowledgePrompt = endpoint({
  operation: 'acknowledgePrompt',
  summary: 'Say that the prompt has arrived, and fetch it',
  caller: 'device',
  takes: { path: promptPath, body: nothing },
  gives: { status: 200, text: 'The prompt to show', schema: promptReply },
  problems: ['already-decided', 'verification-expired'],

  async handle({ caller: device, path: { id } }, { verifications }) {
    const { prompt, now } = await verifications.acknowledge(device, id, 'http');
    return { prompt, serverTime: rfc3339(now) };
  },
});
