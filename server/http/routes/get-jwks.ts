// GET /.well-known/jwks.json: the public keys that result and waiter tokens verify against (contract section 3).
import { jwks } from '../../wire/process.ts';
import { endpoint } from '../endpoint.ts';

export const getJwks = endpoint({
  operation: 'getJwks',
  summary: "The hub's public keys",
  caller: 'anyone',
  gives: {
    status: 200,
    text: 'A JWK set (RFC 7517)',
    schema: jwks,
    // Short enough for a rotation, long enough that verifying offline needs no call each time.
    headers: { 'Cache-Control': 'public, max-age=300' },
  },

  async handle(_request, { tokens }) {
    return tokens.jwks();
  },
});
