// What a relying party asks for with `POST /v1/verifications`, and what it gets.
import { Type } from 'typebox';
import { deliveryStepNames, matchingModes } from '../../client-sdk/protocol.ts';
import { userId } from './ids.ts';
import { ascii, headerText, ipAddress, locale, opaque, text, time } from './text.ts';
import { verification } from './verification.ts';

const strict = { additionalProperties: false };

export const detail = Type.Object({ label: text(64), value: text(256) }, { ...strict, title: 'Detail' });

export const requestContext = Type.Object(
  {
    ip: Type.Optional(ipAddress()),
    userAgent: Type.Optional(text(512)),
    location: Type.Optional(text(128)),
  },
  { ...strict, title: 'RequestContext', description: 'Where the request came from, as the relying party saw it' },
);

const matching = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum(matchingModes, {
        default: 'enter',
        description:
          '`none`: a tap. `choose`: one of three, the first wrong one denies. `enter`: the number is typed, the third wrong one denies. `qr`: the app scans it',
      }),
    ),
    digits: Type.Optional(Type.Integer({ minimum: 2, maximum: 6, default: 2, description: 'Used by `enter` only' })),
  },
  strict,
);

export const createVerificationRequest = Type.Object(
  {
    userId,
    action: text(200, 'What is to be approved, as the phone shows it'),
    details: Type.Optional(Type.Array(detail, { maxItems: 10 })),
    context: Type.Optional(requestContext),
    matching: Type.Optional(matching),
    steps: Type.Optional(
      Type.Array(Type.Enum(deliveryStepNames), {
        minItems: 1,
        maxItems: 3,
        uniqueItems: true,
        description: "May only narrow what the user's preference and the application's policy allow",
      }),
    ),
    lifetimeSeconds: Type.Optional(Type.Integer({ minimum: 30, maximum: 600, default: 300 })),
    trustToken: Type.Optional(ascii(0, 200, 'A dead or foreign one is ignored')),
    session: Type.Optional(opaque(128, "The relying party's opaque id of the browser session")),
    stepUp: Type.Optional(Type.Boolean({ default: false, description: 'A trusted browser is not enough' })),
    locale: Type.Optional(locale()),
  },
  {
    ...strict,
    title: 'CreateVerificationRequest',
    examples: [
      {
        userId: 'alice',
        action: 'Sign in to Example Bank',
        details: [{ label: 'Amount', value: '120.00 EUR' }],
        context: { ip: '203.0.113.7', userAgent: 'Firefox on Linux', location: 'Utrecht, NL' },
        matching: { mode: 'enter', digits: 2 },
        lifetimeSeconds: 300,
      },
    ],
  },
);

export const idempotencyHeaders = Type.Object(
  {
    'idempotency-key': Type.Optional(
      headerText(255, 'Remembered 24 h: the same body replays the first reply, another one is refused'),
    ),
  },
  strict,
);

export const createVerificationReply = Type.Object(
  {
    verification,
    waiterToken: Type.String({ description: 'For the page that waits; opens this one verification' }),
    trustToken: Type.Optional(
      Type.String({ description: 'The rotated token, when a trusted browser approved at once' }),
    ),
    serverTime: time(),
  },
  { title: 'CreateVerificationReply' },
);
