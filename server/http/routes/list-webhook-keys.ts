// GET /v1/webhooks/keys: what the `v1a` signatures of this application's webhooks verify against (contract section 4).
import { rfc3339 } from '../../app/views.ts';
import { webhookKeysReply } from '../../wire/webhooks.ts';
import { endpoint } from '../endpoint.ts';

export const listWebhookKeys = endpoint({
  operation: 'listWebhookKeys',
  summary: 'Public keys of your webhooks',
  caller: 'relying-party',
  gives: { status: 200, text: 'Of this application alone: they check no webhooks of others', schema: webhookKeysReply },

  async handle({ caller: application }, { store, webhookKeys }) {
    const { now } = await store.read([]);
    return { publicKeys: webhookKeys.publicKeys(application.id), serverTime: rfc3339(now) };
  },
});
