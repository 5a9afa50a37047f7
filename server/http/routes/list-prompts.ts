// GET /v1/device/prompts: what waits for the person's answer.
import { rfc3339 } from '../../app/views.ts';
import { promptsReply } from '../../wire/prompts.ts';
import { endpoint } from '../endpoint.ts';

export const listPrompts = endpoint({
  operation: 'listPrompts',
  summary: "Pending prompts of the device's user",
  caller: 'device',
  gives: { status: 200, text: 'Oldest first', schema: promptsReply },

  async handle({ caller: device }, { verifications }) {
    const { prompts, now } = await verifications.prompts(device);
    return { prompts, serverTime: rfc3339(now) };
  },
});
