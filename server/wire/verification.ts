// The verification as its readers see it (contract section 4).
import { Type } from 'typebox';
import {
  decisionMethods,
  deliveryStatuses,
  deliveryStepNames,
  matchingModes,
  verificationStatuses,
} from '../../client-sdk/protocol.ts';
import { opaqueId } from './ids.ts';
import { time } from './text.ts';

export const statuses = verificationStatuses;

export const deliveryStep = Type.Object(
  {
    step: Type.Enum(deliveryStepNames),
    status: Type.Enum(deliveryStatuses, {
      description:
        '`accepted`: a provider took it, which proves nothing yet. `acknowledged`: a device has the prompt. `delivered`: an SMS receipt says so',
    }),
    attempts: Type.Integer({ minimum: 0 }),
    reason: Type.Optional(
      Type.String({ description: 'Why it was skipped or failed; a browser reads `unavailable` for every reason' }),
    ),
    at: Type.Optional(time()),
  },
  { title: 'DeliveryStep' },
);

export const decision = Type.Object(
  {
    method: Type.Enum(decisionMethods),
    outcome: Type.Enum(['approved', 'denied']),
    at: time(),
    deviceId: Type.Optional(opaqueId('dev')),
    reported: Type.Optional(Type.Literal(true, { description: 'The person says: this was not me' })),
    evidence: Type.Optional(
      Type.String({ description: "The device's signed answer (compact JWS); for the relying party only" }),
    ),
  },
  { title: 'Decision' },
);

export const verification = Type.Object(
  {
    id: opaqueId('ver'),
    status: Type.Enum(verificationStatuses, { description: '`pending`, then exactly one of the others for ever' }),
    rev: Type.Integer({ minimum: 1, description: 'Rises with every change' }),
    userId: Type.String(),
    action: Type.String(),
    createdAt: time(),
    expiresAt: time(),
    matching: Type.Object({
      mode: Type.Enum(matchingModes),
      number: Type.Optional(Type.String({ description: 'What the page shows; never sent to a device' })),
    }),
    delivery: Type.Array(deliveryStep),
    code: Type.Object({ acceptable: Type.Boolean(), attemptsLeft: Type.Integer({ minimum: 0 }) }),
    resend: Type.Object({ left: Type.Integer({ minimum: 0 }), availableAt: time() }),
    decision: Type.Union([decision, Type.Null()]),
    resultToken: Type.Optional(
      Type.String({
        description: 'Once ended: a hub-signed JWT, `typ: result+jwt`, minted on each read, good for 60 s',
      }),
    ),
  },
  { title: 'Verification' },
);

export const verificationReply = Type.Object({ verification, serverTime: time() }, { title: 'VerificationReply' });

export const timelineEntry = Type.Object(
  {
    at: time(),
    type: Type.String(),
    step: Type.Optional(Type.Enum(deliveryStepNames)),
    round: Type.Optional(Type.Integer({ minimum: 1, description: 'Of a step: rises with every resend' })),
    attempt: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: "Which one it was: the step's attempt, the wrong number, the code that was typed, the resend",
      }),
    ),
    status: Type.Optional(Type.String({ description: 'What came of it' })),
    outcome: Type.Optional(
      Type.Enum(['not-sent', 'unknown'], {
        description: 'Of an attempt that was `unreachable`: surely not sent, or perhaps',
      }),
    ),
    reason: Type.Optional(Type.String({ description: 'Why a step, an attempt or a delivery failed; who canceled' })),
    method: Type.Optional(Type.Enum(decisionMethods, { description: 'How it was decided' })),
    deviceId: Type.Optional(opaqueId('dev')),
    provider: Type.Optional(Type.String()),
    providerId: Type.Optional(Type.String({ description: "The provider's id of the message" })),
    latencyMs: Type.Optional(
      Type.Number({
        minimum: 0,
        description:
          'Of an attempt: until the provider answered. Of an acknowledgement: since its step began. Milliseconds',
      }),
    ),
  },
  { title: 'TimelineEntry' },
);

export const timelineReply = Type.Object(
  { timeline: Type.Array(timelineEntry), serverTime: time() },
  { title: 'TimelineReply' },
);
