// What Vonage calls back with. Only what the hub needs is looked at: a provider may say more, and more from one day to the next.
import { Type } from 'typebox';

/** https://developer.vonage.com/en/api/messages#message-status */
export const vonageStatus = Type.Object(
  {
    message_uuid: Type.String({ minLength: 1, maxLength: 64 }),
    status: Type.String({ maxLength: 64, description: '`delivered`, `rejected`, `undeliverable`; others are ignored' }),
    client_ref: Type.Optional(Type.String({ maxLength: 100, description: 'The dedupe id of the message' })),
    error: Type.Optional(
      Type.Object({
        type: Type.Optional(Type.String({ maxLength: 512 })),
        title: Type.Optional(Type.Union([Type.String({ maxLength: 512 }), Type.Integer()])),
      }),
    ),
  },
  { title: 'VonageStatus', description: 'A receipt of the Messages API' },
);

/** https://developer.vonage.com/en/api/messages#inbound-message */
export const vonageInbound = Type.Object(
  {
    message_uuid: Type.String({ minLength: 1, maxLength: 64 }),
    channel: Type.Optional(Type.String({ maxLength: 64, description: 'Others than `sms` are ignored' })),
    from: Type.Optional(Type.String({ maxLength: 64, description: 'E.164 without its plus' })),
    text: Type.Optional(Type.String({ maxLength: 10_000 })),
    timestamp: Type.Optional(Type.String({ maxLength: 64, description: 'ISO 8601' })),
  },
  { title: 'VonageInbound', description: 'A message to one of our numbers' },
);

export const callbackReply = Type.Object({ status: Type.Literal('received') }, { title: 'CallbackReply' });
