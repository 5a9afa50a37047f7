// The signature of an outgoing webhook (Standard Webhooks 1.0, "Signature scheme", symmetric).
import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

export interface SignedParts {
  id: string;
  /** Seconds since the Unix epoch. */
  timestamp: number;
  body: string;
}

/**
 * The `webhook-signature` header: `v1,<base64 of HMAC-SHA256 over id.timestamp.body>`.
 * @param secret `whsec_<base64 of the key>`
 * @throws {TypeError} when the secret has another form; never with the secret in its text
 */
export function signWebhook({ id, timestamp, body }: SignedParts, secret: string): string {
  const encoded = secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) throw new TypeError('a webhook secret is whsec_ and base64');
  const key = Buffer.from(encoded, 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
