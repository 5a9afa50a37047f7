// Makes keys and signed texts for the tests: honest ones, and every crooked one an attacker could send.
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { PublicKeyJwk } from '../../server/ports/records.ts';

export interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk: PublicKeyJwk;
}

export function makeKeyPair(): KeyPair {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = pair.publicKey.export({ format: 'jwk' });
  return { ...pair, jwk: { kty: 'EC', crv: 'P-256', x, y } };
}

export function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString('base64url');
}

/** Signs like a device does. A string stands for itself: JSON as no honest encoder would write it. */
export function forge(key: KeyObject, header: unknown, payload: unknown): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signatureOf(key, input).toString('base64url')}`;
}

export function signatureOf(key: KeyObject, input: string): Buffer {
  return sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

/** The same token with another signature. */
export function withSignature(token: string, signature: Uint8Array): string {
  return `${token.slice(0, token.lastIndexOf('.'))}.${Buffer.from(signature).toString('base64url')}`;
}

/** The claims but one. */
export function without<T extends object>(claims: T, name: keyof T): Partial<T> {
  const rest: Partial<T> = { ...claims };
  delete rest[name];
  return rest;
}
