// A relying party's users: their number, language and how they want to be reached.
import { Type } from 'typebox';
import { deliveryPreferences } from '../../client-sdk/protocol.ts';
import { locale, nullable, phoneNumber, text, time } from './text.ts';

const strict = { additionalProperties: false };

export const deliveryPreference = Type.Enum(deliveryPreferences);

export const putUserRequest = Type.Object(
  {
    phoneNumber: Type.Optional(nullable(phoneNumber())),
    locale: Type.Optional(nullable(locale())),
    delivery: Type.Optional(deliveryPreference),
  },
  { ...strict, title: 'PutUserRequest', description: '`null` clears a field; one left out stays as it is' },
);

export const user = Type.Object(
  {
    userId: Type.String(),
    phoneNumber: Type.Optional(Type.String()),
    locale: Type.Optional(Type.String()),
    delivery: deliveryPreference,
    smsOptedOut: Type.Optional(
      Type.Boolean({
        description: 'Whoever has this number has answered STOP: it gets no SMS until they answer START',
      }),
    ),
    createdAt: time(),
  },
  { title: 'User' },
);
export const userReply = Type.Object({ user, serverTime: time() }, { title: 'UserReply' });

export const createEnrollmentRequest = Type.Object(
  { deviceName: Type.Optional(text(64)) },
  { ...strict, title: 'CreateEnrollmentRequest' },
);
export const createEnrollmentReply = Type.Object(
  {
    enrollmentToken: Type.String({ description: 'Single use, at most 10 minutes' }),
    uri: Type.String({ format: 'uri', description: 'Made for a QR code' }),
    expiresAt: time(),
    serverTime: time(),
  },
  { title: 'EnrollmentReply' },
);

export const preferences = Type.Object({ delivery: deliveryPreference }, { ...strict, title: 'Preferences' });
export const preferencesReply = Type.Object(
  { delivery: deliveryPreference, serverTime: time() },
  { title: 'PreferencesReply' },
);
