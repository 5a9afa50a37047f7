// What the relying party is told unasked (contract section 4), in the envelope of Standard Webhooks.
import { Type } from 'typebox';
import { webhookTypes } from '../../client-sdk/protocol.ts';
import { device } from './devices.ts';
import { time } from './text.ts';
import { verification } from './verification.ts';

export const webhookHeaders = Type.Object(
  {
    'webhook-id': Type.String({ description: 'The same for every try of one message: tell copies by it' }),
    'webhook-timestamp': Type.String({
      pattern: '^[0-9]+$',
      description: 'Seconds since the Unix epoch; refuse what is older than five minutes',
    }),
    'webhook-signature': Type.String({
      pattern: '^v1,[A-Za-z0-9+/]+=*( v1a?,[A-Za-z0-9+/]+=*)*$',
      description:
        'Over `<id>.<timestamp>.<body>`, with blanks between them: `v1,` and base64 of HMAC-SHA-256 under each secret that signs now, newest first; then `v1a,` and base64 of Ed25519 under a key of this application alone, see `GET /v1/webhooks/keys`. One that holds is enough',
    }),
  },
  { title: 'WebhookHeaders' },
);

export const verificationWebhook = Type.Object(
  {
    type: Type.Enum(webhookTypes.filter((type) => type.startsWith('verification.'))),
    timestamp: time(),
    data: Type.Object({ verification }),
  },
  { title: 'VerificationWebhook', description: 'Without secrets: no number, no evidence, no result token' },
);

export const deviceWebhook = Type.Object(
  {
    type: Type.Enum(webhookTypes.filter((type) => type.startsWith('device.'))),
    timestamp: time(),
    data: Type.Object({ userId: Type.String(), device }),
  },
  { title: 'DeviceWebhook' },
);
