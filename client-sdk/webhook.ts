/** Checks a webhook call (contract section 4): Standard Webhooks, `v1` HMAC-SHA256 signatures, several secrets for rotation. */
import { decodeUtf8, encodeUtf8 } from './base64url.ts';
import { VerihubError } from './errors.ts';
import { isRecord } from './reply-guards.ts';
import { webhookTypes } from './protocol.ts';
import type { VerificationView, WebhookType } from './protocol.ts';

export interface WebhookEvent {
  /** Stays the same when a call is repeated: handle each id once. */
  id: string;
  type: WebhookType;
  timestamp: string;
  data: { verification?: VerificationView } & Record<string, unknown>;
}

export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Standard Webhooks: five minutes either way. */
const toleranceMs = 300_000;

/**
 * `rawBody` as it came over the wire, before any JSON parsing. `secrets`: `whsec_…`, one or several.
 * Rejects with `webhook-invalid`; answer such a call with 400 and do nothing.
 */
export async function verifyWebhook(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  nowMs: number = Date.now(),
): Promise<WebhookEvent> {
  const id = readHeader(headers, 'webhook-id');
  const timestamp = readHeader(headers, 'webhook-timestamp');
  const signatures = readHeader(headers, 'webhook-signature')
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .map((part) => part.slice(3));
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs - Number(timestamp) * 1_000) > toleranceMs) {
    throw new VerihubError('webhook-invalid', { detail: 'the timestamp is not within 5 minutes of now' });
  }
  const body = typeof rawBody === 'string' ? encodeUtf8(rawBody) : new Uint8Array(rawBody);
  const signed = concatenate(encodeUtf8(`${id}.${timestamp}.`), body);
  if (!(await anyMatches(signed, signatures, typeof secrets === 'string' ? [secrets] : secrets))) {
    throw new VerihubError('webhook-invalid', { detail: 'no signature matches' });
  }
  return readEvent(id, body);
}

async function anyMatches(
  signed: Uint8Array<ArrayBuffer>,
  signatures: string[],
  secrets: readonly string[],
): Promise<boolean> {
  let matched = false;
  for (const secret of secrets) {
    const key = await globalThis.crypto.subtle.importKey(
      'raw',
      readSecret(secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    for (const signature of signatures.slice(0, 10)) {
      const bytes = decodeBase64(signature);
      // WebCrypto compares in constant time.
      if (bytes !== null && (await globalThis.crypto.subtle.verify('HMAC', key, bytes, signed))) matched = true;
    }
  }
  return matched;
}

function readSecret(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64(secret.replace(/^whsec_/, ''));
  if (bytes === null || bytes.length === 0)
    throw new VerihubError('invalid-argument', { detail: 'a webhook secret is whsec_ and base64' });
  return bytes;
}

function readEvent(id: string, body: Uint8Array): WebhookEvent {
  const event = parseBody(body);
  const type = webhookTypes.find((known) => known === event['type']);
  const { timestamp, data } = event;
  if (type === undefined || typeof timestamp !== 'string' || !isRecord(data)) {
    throw new VerihubError('webhook-invalid', { detail: 'the body is not an event of this version' });
  }
  return { id, type, timestamp, data };
}

function parseBody(body: Uint8Array): Record<string, unknown> {
  try {
    const event: unknown = JSON.parse(decodeUtf8(body));
    if (isRecord(event)) return event;
  } catch {
    // Told below.
  }
  throw new VerihubError('webhook-invalid', { detail: 'the body is not a JSON object' });
}

function readHeader(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : lookUp(headers, name);
  if (value === null || value === '')
    throw new VerihubError('webhook-invalid', { detail: `the header ${name} is missing` });
  return value;
}

function lookUp(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  name: string,
): string | null {
  const key = Object.keys(headers).find((candidate) => candidate.toLowerCase() === name);
  const value = key === undefined ? undefined : headers[key];
  return typeof value === 'string' ? value : (value?.[0] ?? null);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, ''));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
