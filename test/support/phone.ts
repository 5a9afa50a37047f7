// A phone for tests: keys, proofs and decisions by the contract, without the SDK.
import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import type { PromptView, PublicJwk } from '../../client-sdk/protocol.ts';
import { call, type Reply } from './hub.ts';

export interface Phone {
  readonly deviceId: string;
  readonly signingKey: PublicJwk;
  /** A device token, made now. */
  token(claims?: Record<string, unknown>): string;
  decision(
    prompt: Pick<PromptView, 'id' | 'challenge'>,
    decision: string,
    number?: string,
    claims?: Record<string, unknown>,
  ): string;
  /** Connects to `/device`; the caller closes it. */
  connect(options?: { transports?: string[]; token?: string }): Socket;
  /** A REST call with the device's own token. */
  call(method: string, path: string, body?: unknown): Promise<Reply>;
}

interface Keys {
  signing: { privateKey: KeyObject; jwk: PublicJwk };
  encryption: { privateKey: KeyObject; jwk: PublicJwk };
}

function makeKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { privateKey, jwk: { kty: 'EC', crv: 'P-256', x, y } as const };
}

export function makeKeys(): Keys {
  return { signing: makeKey(), encryption: makeKey() };
}

/** A compact JWS, ES256. */
export function signJws(key: KeyObject, header: Record<string, unknown>, payload: Record<string, unknown>): string {
  const part = (value: Record<string, unknown>): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'ES256', ...header })}.${part(payload)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

export function thumbprint({ crv, kty, x, y }: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** The body of `POST /v1/devices`. */
export function enrollmentBody(
  origin: string,
  enrollmentToken: string,
  keys: Keys,
  extra: Record<string, unknown> = {},
) {
  const enrollment = createHash('sha256').update(enrollmentToken).digest('base64url');
  const claims = { aud: origin, enrollment, encryptionKey: thumbprint(keys.encryption.jwk) };
  return {
    name: 'Test phone',
    platform: 'android',
    signingKey: keys.signing.jwk,
    encryptionKey: keys.encryption.jwk,
    proof: signJws(keys.signing.privateKey, { typ: 'enrollment+jwt' }, claims),
    ...extra,
  };
}

interface Hubs {
  origin: string;
  localUrl: string;
}

/** Enrolls a new phone of this user. @param extra more fields of the enrollment, such as `pushToken` */
export async function enrollPhone(hub: Hubs, userId: string, extra: Record<string, unknown> = {}): Promise<Phone> {
  const ticket = await call(hub.localUrl, 'POST', `/v1/users/${userId}/enrollments`, { body: {} });
  const token = String(ticket.body['enrollmentToken']);
  const keys = makeKeys();
  const enrolled = await call(hub.localUrl, 'POST', '/v1/devices', {
    token,
    body: enrollmentBody(hub.origin, token, keys, extra),
  });
  if (enrolled.status !== 201) throw new Error(`not enrolled: ${JSON.stringify(enrolled.body)}`);
  return createPhone(hub, String(enrolled.body['deviceId']), keys);
}

export function createPhone(hub: Hubs, deviceId: string, keys: Keys): Phone {
  const { origin } = hub;
  const token: Phone['token'] = (claims = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: deviceId, aud: origin, iat: now, exp: now + 120, jti: randomUUID(), ...claims };
    return signJws(keys.signing.privateKey, { typ: 'device+jwt', kid: deviceId }, payload);
  };
  return {
    deviceId,
    signingKey: keys.signing.jwk,
    token,
    decision: (prompt, decision, number, claims = {}) => {
      const payload = { iss: deviceId, aud: origin, sub: prompt.id, challenge: prompt.challenge, decision };
      const numbered = number === undefined ? payload : { ...payload, number };
      return signJws(keys.signing.privateKey, { typ: 'decision+jwt', kid: deviceId }, { ...numbered, ...claims });
    },
    connect: (options = {}) =>
      io(`${hub.localUrl}/device`, {
        forceNew: true,
        reconnection: false,
        transports: options.transports ?? ['websocket'],
        auth: { token: options.token ?? token() },
      }),
    call: (method, path, body) =>
      call(hub.localUrl, method, path, { token: token(), ...(body === undefined ? {} : { body }) }),
  };
}

/** The next event of this name. */
export function nextEvent<T>(socket: Socket, event: string, timeoutMs = 4_000): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no "${event}" within ${timeoutMs} ms`)), timeoutMs);
    socket.once(event, (value: T, acknowledge?: () => void) => {
      clearTimeout(timer);
      acknowledge?.();
      resolve(value);
    });
  });
}
