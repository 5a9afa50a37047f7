// An enrolled phone that signs its own answers, for tests that call the use cases.
import { createHash } from 'node:crypto';
import type { EnrollRequest } from '../../server/app/devices.ts';
import type { ApplicationRecord, DeviceRecord } from '../../server/ports/records.ts';
import { forge, makeKeyPair, type KeyPair } from '../security/forge.ts';
import { origin, type TestApp } from './app.ts';

export interface AppPhone {
  device: DeviceRecord;
  keys: KeyPair;
  /** A compact JWS over the prompt's challenge. */
  sign(prompt: { id: string; challenge: string }, decision: string, number?: string, claims?: object): string;
}

export function thumbprintOf({ crv, kty, x, y }: KeyPair['jwk']): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** What an honest app sends with this enrollment token. */
export function enrollRequest(
  enrollmentToken: string,
  keys: KeyPair,
  over: Partial<EnrollRequest> = {},
): EnrollRequest {
  const encryptionKey = over.encryptionKey ?? makeKeyPair().jwk;
  const enrollment = createHash('sha256').update(enrollmentToken).digest('base64url');
  const claims = { aud: origin, enrollment, encryptionKey: thumbprintOf(encryptionKey) };
  const proof = forge(keys.privateKey, { alg: 'ES256', typ: 'enrollment+jwt' }, claims);
  return { name: 'Pixel 10', platform: 'android', signingKey: keys.jwk, encryptionKey, proof, ...over };
}

export interface PhoneOptions {
  /** Default: it has one. */
  push?: boolean;
  /** Default: it holds a socket. */
  online?: boolean;
  application?: ApplicationRecord;
}

export async function enrollPhone(app: TestApp, userId = 'alice', options: PhoneOptions = {}): Promise<AppPhone> {
  const { push = true, online = true, application = app.application } = options;
  const { enrollmentToken } = await app.devices.createEnrollment(application, userId);
  const keys = makeKeyPair();
  const pushToken = push ? { pushToken: { provider: 'simulated', token: `token of ${keys.jwk.x}` } } : {};
  const { device } = await app.devices.enroll(enrollmentToken, enrollRequest(enrollmentToken, keys, pushToken));
  if (online) app.presence.online.add(device.id);
  return { device, keys, sign: (...answer) => signDecision(device.id, keys, ...answer) };
}

export function signDecision(
  deviceId: string,
  keys: KeyPair,
  prompt: { id: string; challenge: string },
  decision: string,
  number?: string,
  claims: object = {},
): string {
  const payload = { iss: deviceId, aud: origin, sub: prompt.id, challenge: prompt.challenge, decision };
  const numbered = number === undefined ? payload : { ...payload, number };
  return forge(keys.privateKey, { alg: 'ES256', typ: 'decision+jwt', kid: deviceId }, { ...numbered, ...claims });
}
