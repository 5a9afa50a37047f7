/** Messages as the contract shows them, and helpers that read what the SDK signed. */
import { compactVerify, decodeProtectedHeader, importJWK, SignJWT } from 'jose';
import type { PromptView, PublicJwk, VerificationView } from '../../../client-sdk/protocol.ts';

export function prompt(overrides: Partial<PromptView> = {}): PromptView {
  const now = Date.now();
  return {
    id: 'ver_1',
    rev: 2,
    application: { name: 'Example Bank' },
    action: 'Sign in to Example Bank',
    details: [{ label: 'Amount', value: '120.00 EUR' }],
    context: { ip: '203.0.113.7', location: 'Utrecht, NL' },
    matching: { mode: 'enter', digits: 2 },
    challenge: 'challenge-1',
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 300_000).toISOString(),
    serverTime: new Date(now).toISOString(),
    ...overrides,
  };
}

export function verification(overrides: Partial<VerificationView> = {}): VerificationView {
  const now = Date.now();
  return {
    id: 'ver_1',
    status: 'pending',
    rev: 1,
    userId: 'alice',
    action: 'Sign in',
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 300_000).toISOString(),
    matching: { mode: 'enter', number: '42' },
    delivery: [{ step: 'socket', status: 'pending', attempts: 0 }],
    code: { acceptable: false, attemptsLeft: 5 },
    resend: { left: 3, availableAt: new Date(now).toISOString() },
    decision: null,
    ...overrides,
  };
}

/** Contract section 3: `exp` is five minutes after the verification's own end. */
export function waiterToken(id = 'ver_1', lifetimeSeconds = 600): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', typ: 'waiter+jwt' })
    .setSubject(id)
    .setIssuedAt(now)
    .setExpirationTime(now + lifetimeSeconds)
    .sign(new Uint8Array(32));
}

export interface OpenedJws {
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
}

/** Header and payload of a compact JWS, after checking its signature. */
export async function openJws(jws: string, key: PublicJwk): Promise<OpenedJws> {
  const { payload } = await compactVerify(jws, await importJWK({ ...key }, 'ES256'));
  return { header: { ...decodeProtectedHeader(jws) }, payload: JSON.parse(new TextDecoder().decode(payload)) };
}

/** The payload of a compact JWS, unverified. */
export function payloadOf(jws: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
}
