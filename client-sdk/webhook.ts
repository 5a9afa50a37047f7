/** Checks a webhook call (contract section 4): its time, its signatures (Standard Webhooks), and that it is an event. */
import { decodeUtf8, encodeUtf8 } from './base64url.ts';
import { VerihubError } from './errors.ts';
import { isRecord } from './reply-guards.ts';
import { webhookTypes } from './protocol.ts';
import type { VerificationView, WebhookType } from './protocol.ts';
import { anySignatureHolds } from './webhook-signatures.ts';

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
 * `rawBody` as it came over the wire, before any JSON parsing. `keys`: shared secrets (`whsec_…`), public keys of the hub
 * (`whpk_…`), or both; several while they change.
 * Rejects with `webhook-invalid`; answer such a call with 400 and do nothing.
 */
export async function verifyWebhook(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  keys: string | readonly string[],
  nowMs: number = Date.now(),
): Promise<WebhookEvent> {
  const id = readHeader(headers, 'webhook-id');
  const timestamp = readHeader(headers, 'webhook-timestamp');
  const signatures = readHeader(headers, 'webhook-signature');
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs - Number(timestamp) * 1_000) > toleranceMs) {
    throw new VerihubError('webhook-invalid', { detail: 'the timestamp is not within 5 minutes of now' });
  }
  const body = typeof rawBody === 'string' ? encodeUtf8(rawBody) : new Uint8Array(rawBody);
  const signed = concatenate(encodeUtf8(`${id}.${timestamp}.`), body);
  if (!(await anySignatureHolds(signed, signatures, typeof keys === 'string' ? [keys] : keys))) {
    throw new VerihubError('webhook-invalid', { detail: 'no signature matches' });
  }
  return readEvent(id, body);
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

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
