// The bank's own check of what its pages send: only known values go on to the hub.
import { deliveryPreferences, matchingModes } from '../../client-sdk/protocol.ts';
import type { PersonChange, SignInRequest } from './bank-api.ts';
import { RefusedRequest } from './json-body.ts';

type Body = Readonly<Record<string, unknown>>;

const userPattern = /^[\p{L}\p{N}._@+-]{1,64}$/u;
const phonePattern = /^\+[1-9]\d{6,14}$/;

/** Throws `RefusedRequest`. */
export function userIdOf(value: unknown): string {
  const userId = typeof value === 'string' ? value.trim() : '';
  if (!userPattern.test(userId)) throw new RefusedRequest(422, 'Give a user name: letters, digits and . _ @ + - only.');
  return userId;
}

/** Throws `RefusedRequest`. */
export function personChangeOf(body: Body): PersonChange {
  const delivery = deliveryPreferences.find((known) => known === body['delivery']);
  if (delivery === undefined) throw new RefusedRequest(422, 'Choose one of the listed ways of delivery.');
  return { userId: userIdOf(body['userId']), delivery, phoneNumber: phoneNumberOf(body['phoneNumber']) };
}

/** Throws `RefusedRequest`. */
export function signInOf(body: Body): SignInRequest {
  const mode = matchingModes.find((known) => known === body['mode']);
  const { digits, lifetimeSeconds } = body;
  if (mode === undefined) throw new RefusedRequest(422, 'Choose one of the listed ways to match the number.');
  if (typeof lifetimeSeconds !== 'number' || lifetimeSeconds < 30 || lifetimeSeconds > 600)
    throw new RefusedRequest(422, 'Choose one of the listed lifetimes.');
  const matching = mode === 'enter' && typeof digits === 'number' ? { mode, digits } : { mode };
  return { userId: userIdOf(body['userId']), matching, lifetimeSeconds };
}

function phoneNumberOf(value: unknown): string | null {
  const compact = typeof value === 'string' ? value.replace(/[\s().-]/g, '') : '';
  if (compact === '') return null;
  if (!phonePattern.test(compact))
    throw new RefusedRequest(422, 'Write the phone number with its country, such as +44 7700 900123.');
  return compact;
}
