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

export const callbackReply = Type.Object({ status: Type.Literal('received') }, { title: 'CallbackReply' });
