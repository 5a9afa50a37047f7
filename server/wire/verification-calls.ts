// What else may be asked of a verification: reading and waiting, the SMS code, sending again, canceling, trusting a browser.
import { Type } from 'typebox';
import { deliveryStepNames } from '../../client-sdk/protocol.ts';
import { smsCode, time } from './text.ts';

const strict = { additionalProperties: false };

/** For calls that say nothing: no body, or `{}`. */
export const nothing = Type.Object({}, strict);

export const longPollQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 30, default: 0, description: 'Seconds to wait for a change' }),
    ),
    rev: Type.Optional(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0, description: 'The last one seen' }),
    ),
  },
  strict,
);

export const submitCodeRequest = Type.Object({ code: smsCode() }, { ...strict, title: 'SubmitCodeRequest' });

/** As the person meant it: only ASCII digits and spaces get past the schema. */
export function digitsOf(code: string): string {
  return code.replaceAll(' ', '');
}

export const resendRequest = Type.Object(
  { step: Type.Optional(Type.Enum(deliveryStepNames, { description: 'Default: the current one' })) },
  { ...strict, title: 'ResendRequest' },
);

export const trustRequest = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 1, maximum: 30, default: 7 })) },
  { ...strict, title: 'TrustRequest' },
);

export const trustReply = Type.Object(
  { trustToken: Type.String(), expiresAt: time(), serverTime: time() },
  { title: 'TrustReply' },
);
