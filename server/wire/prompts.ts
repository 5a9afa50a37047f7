// What a device is shown of a verification, and its signed answer (contract section 6).
import { Type } from 'typebox';
import { matchingModes, verificationStatuses } from '../../client-sdk/protocol.ts';
import { detail, requestContext } from './create-verification.ts';
import { opaqueId } from './ids.ts';
import { compactJws, time } from './text.ts';

export const prompt = Type.Object(
  {
    id: opaqueId('ver'),
    rev: Type.Integer({ minimum: 1 }),
    application: Type.Object({ name: Type.String() }),
    action: Type.String(),
    details: Type.Array(detail),
    context: requestContext,
    matching: Type.Object({
      mode: Type.Enum(matchingModes),
      digits: Type.Optional(Type.Integer()),
      choices: Type.Optional(Type.Array(Type.String())),
    }),
    challenge: Type.String({ description: 'Goes into the signed answer as it is' }),
    createdAt: time(),
    expiresAt: time(),
    serverTime: time(),
  },
  { title: 'Prompt' },
);

export const promptReply = Type.Object({ prompt, serverTime: time() }, { title: 'PromptReply' });
export const promptsReply = Type.Object({ prompts: Type.Array(prompt), serverTime: time() }, { title: 'PromptsReply' });

export const decisionRequest = Type.Object(
  { decision: compactJws('`{"alg":"ES256","typ":"decision+jwt","kid":"<device id>"}`') },
  { additionalProperties: false, title: 'DecisionRequest' },
);
export const decisionReply = Type.Object(
  { status: Type.Enum(verificationStatuses), serverTime: time() },
  { title: 'DecisionReply' },
);
