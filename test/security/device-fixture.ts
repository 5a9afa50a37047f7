// One enrolled device, its honest tokens, and the three ways a text of a device is checked.
import { createDeviceProofs } from '../../server/security/device-proofs.ts';
import type { ProofFault, ProofResult } from '../../server/ports/security.ts';
import { forge, makeKeyPair } from './forge.ts';

export const origin = 'https://hub.example';
export const deviceId = 'dev_019a5f0c2b7e7d4f8a1b2c3d4e5f60718a';
export const verificationId = 'ver_019a5f0c2b7e7d4f8a1b2c3d4e5f60718a';
export const enrollmentToken = `enr_019a5f0c2b7e7d4f8a1b2c3d4e5f60718a_${'Ab3-'.repeat(11).slice(0, 43)}`;

/** Milliseconds; a fixed moment, so that no test depends on the day it runs. */
export const now = Date.UTC(2026, 10, 21, 12);
export const iat = now / 1_000;

export const signing = makeKeyPair();
export const encryption = makeKeyPair();
export const stranger = makeKeyPair();

export const proofs = createDeviceProofs({ origin });

export const tokenHeader = { alg: 'ES256', typ: 'device+jwt', kid: deviceId };
export const tokenClaims = { iss: deviceId, aud: origin, iat, exp: iat + 300, jti: 'a1' };
export const decisionHeader = { alg: 'ES256', typ: 'decision+jwt', kid: deviceId };
export const approval = {
  iss: deviceId,
  aud: origin,
  sub: verificationId,
  challenge: 'the-challenge',
  decision: 'approve',
  number: '42',
};

export function checkToken(token: string, at = now): Promise<ProofResult<{ deviceId: string }>> {
  return proofs.checkDeviceToken(token, deviceId, signing.jwk, at);
}

export function checkDecision(jws: string) {
  return proofs.checkDecision(jws, deviceId, signing.jwk);
}

export function signToken(claims: unknown, header: unknown = tokenHeader): string {
  return forge(signing.privateKey, header, claims);
}

export function signDecision(claims: unknown, header: unknown = decisionHeader): string {
  return forge(signing.privateKey, header, claims);
}

/** What a check answered, in one line to compare: `ok`, or the fault and its detail. */
export async function outcome(result: Promise<ProofResult<unknown>>): Promise<string> {
  const answer = await result;
  return answer.ok ? 'ok' : `${answer.fault}: ${answer.detail}`;
}

export function refusal(fault: ProofFault, detail: string): string {
  return `${fault}: ${detail}`;
}
