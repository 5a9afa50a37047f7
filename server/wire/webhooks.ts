// What the relying party is told unasked (contract section 4), in the envelope of Standard Webhooks.
import { Type } from 'typebox';
import { webhookTypes } from '../../client-sdk/protocol.ts';
import { device } from './devices.ts';
import { ascii, time } from './text.ts';
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

const strict = { additionalProperties: false };

export const deadLetterPath = Type.Object(
  { id: Type.String({ pattern: '^(ver|dev)_[A-Za-z0-9._-]{1,250}$' }) },
  strict,
);

export const deadLettersQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
    cursor: Type.Optional(ascii(1, 300, '`next` of the page before')),
  },
  strict,
);

export const deadLetter = Type.Object(
  {
    id: Type.String({ description: 'The `webhook-id`' }),
    type: Type.String({ description: 'Of the event' }),
    subject: Type.String({ description: 'Id of the verification or device it is about' }),
    reason: Type.String({ description: 'Of the last failure, such as `http-500`, `timeout` or `address-not-allowed`' }),
    attempts: Type.Integer({ minimum: 0 }),
    queuedAt: time('When it was first to be sent'),
    givenUpAt: time(),
  },
  { title: 'DeadLetter' },
);
export const deadLetterListReply = Type.Object(
  {
    deadLetters: Type.Array(deadLetter),
    total: Type.Integer({ minimum: 0, description: 'Of all pages' }),
    next: Type.Optional(Type.String({ description: '`cursor` of the next page' })),
    serverTime: time(),
  },
  { title: 'DeadLetterListReply' },
);

export const webhookKeysReply = Type.Object(
  {
    publicKeys: Type.Array(Type.String({ pattern: '^whpk_[A-Za-z0-9+/]{43}=$' }), {
      description: '`whpk_` and base64 of an Ed25519 public key (Standard Webhooks), newest first',
    }),
    serverTime: time(),
  },
  { title: 'WebhookKeysReply' },
);
