// Vonage's status and inbound callbacks: signed as Vonage signs them, or forged in one way.
import { createHash, createHmac, randomUUID } from 'node:crypto';

export const vonageApplicationId = '0196c1de-0000-7000-8000-0123456789ab';

/** What is wrong about a callback. */
export interface Forge {
  path?: string;
  /** Null: no Authorization header. */
  authorization?: string | null;
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  secret?: string;
  /** Sent instead of the body that was signed. */
  body?: string;
}

export async function callBack(hub: string, status: Record<string, unknown>, forge: Forge): Promise<Response> {
  const { authorization, body } = signCallback(status, forge);
  return fetch(`${hub}${forge.path ?? '/v1/providers/vonage/status'}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === null ? {} : { authorization }) },
    body,
  });
}

/** The Authorization header and the body that a callback comes with. */
export function signCallback(status: Record<string, unknown>, forge: Forge) {
  const body = JSON.stringify(status);
  const claims = {
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    iss: 'Vonage',
    payload_hash: createHash('sha256').update(body).digest('hex'),
    api_key: 'abcd1234',
    application_id: vonageApplicationId,
    ...forge.claims,
  };
  const header = { alg: 'HS256', typ: 'JWT', ...forge.header };
  const signed = `Bearer ${signHs256(header, claims, forge.secret ?? '')}`;
  return { authorization: forge.authorization === undefined ? signed : forge.authorization, body: forge.body ?? body };
}

/** Signs whatever the header claims to be signed with. */
export function signHs256(header: object, claims: object, secret: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
