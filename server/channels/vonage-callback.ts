// Vonage's callbacks: whether Vonage signed them (security.md, K5), and what they say.
import { verifySignature } from '@vonage/jwt';
import type { Receipt, VonageCallbacks, VonageInbound, VonageStatus } from '../ports/callbacks.ts';
import { vonageProvider, wordFor } from './vonage-errors.ts';

export interface VonageCallbackOptions {
  /** Of the account, from the Vonage dashboard. */
  signatureSecret: string;
  /** Callbacks for other applications of the account are not ours. */
  applicationId: string;
}

/** Milliseconds by which a callback may be old, or its clock ahead of ours. */
const tolerance = 300_000;
/** Vonage's have some 500 bytes. */
const longestToken = 4_096;

/**
 * A JWT over the hash of the body, by the account's signature secret:
 * https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks
 */
export function createVonageCallbacks({ signatureSecret, applicationId }: VonageCallbackOptions): VonageCallbacks {
  return {
    check(token, now) {
      const [header, payload, ...rest] = token.split('.');
      if (token.length > longestToken || rest.length !== 1) return undefined;
      // The library also takes RS256; Vonage signs callbacks with HS256 only (RFC 8725, section 3.1).
      if (parsePart(header)?.['alg'] !== 'HS256' || !verifySignature(token, signatureSecret)) return undefined;
      const { iat, payload_hash: payloadHash, application_id: application } = parsePart(payload) ?? {};
      if (typeof iat !== 'number' || !(Math.abs(now - iat * 1000) <= tolerance)) return undefined;
      if (application !== undefined && application !== applicationId) return undefined;
      if (typeof payloadHash !== 'string' || !/^[0-9a-f]{64}$/i.test(payloadHash)) return undefined;
      return { payloadHash: payloadHash.toLowerCase() };
    },
    receiptOf,
    smsOf,
  };
}

/** `submitted` says no more than the 202 did, and what is not here may mean anything. */
const outcomes: Readonly<Record<string, Receipt['outcome']>> = {
  delivered: 'delivered',
  read: 'delivered',
  rejected: 'failed',
  undeliverable: 'failed',
  expired: 'failed',
  failed: 'failed',
};

function receiptOf({
  message_uuid: providerId,
  status,
  client_ref: dedupeId,
  error,
}: VonageStatus): Receipt | undefined {
  const outcome = Object.hasOwn(outcomes, status) ? outcomes[status] : undefined;
  if (outcome === undefined || dedupeId === undefined) return undefined;
  const reason = outcome === 'failed' && error !== undefined ? wordFor(error) : undefined;
  return { dedupeId, outcome, provider: vonageProvider, providerId, ...(reason === undefined ? {} : { reason }) };
}

/** Numbers come without their plus. */
function smsOf({ from = '', text = '', channel, timestamp }: VonageInbound): ReturnType<VonageCallbacks['smsOf']> {
  if (channel !== 'sms' || !/^\+?[1-9]\d{6,14}$/.test(from)) return undefined;
  const sentAt = Date.parse(timestamp ?? '');
  return { from: `+${from.replace('+', '')}`, text, ...(Number.isNaN(sentAt) ? {} : { sentAt }) };
}

function parsePart(part: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
