// Compact JWS (RFC 7515) with ES256 and nothing else: one strict reader, one signer, one check.
import { sign, verify, type KeyObject } from 'node:crypto';
import { parseStrictObject, type JsonObject } from './strict-json.ts';

/** Characters. The longest honest token has about 1,000; what is longer is refused before any work is done on it. */
const longest = 4_096;

/** All that a header may hold (RFC 8725 section 3.1: the reader, not the token, chooses). No `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c`, `zip`. */
const headerMembers = new Set(['alg', 'typ', 'kid']);

export interface CompactJws {
  typ: string;
  kid: string | undefined;
  payload: JsonObject;
  signingInput: string;
  /** r and s, 32 bytes each (RFC 7518 section 3.4). */
  signature: Buffer;
}

export type JwsReading = { ok: true; jws: CompactJws } | { ok: false; detail: string };

/** Reads without trusting: nothing is verified yet. */
export function readCompactJws(text: string, typ: string): JwsReading {
  if (text.length > longest) return refuse(`longer than ${longest} characters`);
  const parts = text.split('.');
  const [encodedHeader, encodedPayload, encodedSignature] = parts;
  if (parts.length !== 3) return refuse('a compact JWS has three parts');
  const header = decodeObject(encodedHeader);
  if (header === undefined) return refuse('the header is not base64url of one JSON object with unique names');
  const fault = headerFault(header, typ);
  if (fault !== undefined) return refuse(fault);
  const payload = decodeObject(encodedPayload);
  if (payload === undefined) return refuse('the payload is not base64url of one JSON object with unique names');
  const signature = decode(encodedSignature);
  if (signature?.length !== 64) return refuse('an ES256 signature is 64 bytes, base64url');
  const kid = typeof header['kid'] === 'string' ? header['kid'] : undefined;
  return { ok: true, jws: { typ, kid, payload, signingInput: `${encodedHeader}.${encodedPayload}`, signature } };
}

function refuse(detail: string): JwsReading {
  return { ok: false, detail };
}

function headerFault(header: JsonObject, typ: string): string | undefined {
  if (header['alg'] !== 'ES256') return 'alg must be ES256';
  if (header['typ'] !== typ) return `typ must be ${typ}`;
  if (Object.keys(header).some((name) => !headerMembers.has(name))) return 'the header holds only alg, typ and kid';
  if ('kid' in header && typeof header['kid'] !== 'string') return 'kid must be a string';
  return undefined;
}

function decodeObject(encoded: string | undefined): JsonObject | undefined {
  const bytes = decode(encoded);
  return bytes === undefined ? undefined : parseStrictObject(bytes);
}

/** Canonical base64url only: no padding, no stray characters, no stray bits, so that one token has one spelling. */
function decode(encoded: string | undefined): Buffer | undefined {
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64url');
  return bytes.toString('base64url') === encoded ? bytes : undefined;
}

export function verifyEs256(jws: CompactJws, key: KeyObject): boolean {
  return verify('sha256', Buffer.from(jws.signingInput), key, toDer(jws.signature));
}

/** OpenSSL checks DER a third faster than the raw form, which Node converts in a slower way. */
function toDer(signature: Buffer): Buffer {
  const r = derInteger(signature.subarray(0, 32));
  const s = derInteger(signature.subarray(32));
  // At most 2 × 35 bytes, so that the length fits one byte.
  return Buffer.concat([Buffer.of(0x30, r.length + s.length), r, s]);
}

function derInteger(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  // DER integers are signed: a set high bit needs a zero before it.
  const padding = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return Buffer.concat([Buffer.from([0x02, padding.length + digits.length, ...padding]), digits]);
}

export function signEs256(header: { typ: string; kid: string }, payload: JsonObject, key: KeyObject): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signingInput = `${part({ alg: 'ES256', ...header })}.${part(payload)}`;
  const signature = sign('sha256', Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' });
  return `${signingInput}.${signature.toString('base64url')}`;
}
