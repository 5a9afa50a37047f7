// What the hub says of itself: health, and the public keys of its tokens.
import { Type } from 'typebox';

export const healthReply = Type.Object({ status: Type.Literal('ok') }, { title: 'Health' });

/** RFC 7517. */
export const jwks = Type.Object(
  { keys: Type.Array(Type.Record(Type.String(), Type.String(), { description: 'A public key (JWK)' })) },
  { title: 'JwkSet' },
);

/** A body that is not JSON. */
export const plainText = Type.String();
