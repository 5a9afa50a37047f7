// What a provider calls back with: signed by a secret that only it and the hub know.
import type { Timestamp } from '../core/verification.ts';

/** What the signature covers of a callback. */
export interface CallbackClaims {
  /** SHA-256 of the body as it was sent, in lower-case hexadecimal. */
  payloadHash: string;
}

/** What became of a message that a provider had taken. */
export interface Receipt {
  /** Of the message, as it was sent along. */
  dedupeId: string;
  outcome: 'delivered' | 'failed';
  provider: string;
  providerId: string;
  /** Why it failed, from a closed list. */
  reason?: string;
}

export interface VonageStatus {
  message_uuid: string;
  status: string;
  client_ref?: string;
  error?: { type?: string; title?: string | number };
}

export interface VonageInbound {
  from?: string;
  text?: string;
  channel?: string;
  timestamp?: string;
}

export interface VonageCallbacks {
  /**
   * The claims of a token that Vonage signed for us, and signed just now; undefined for any other.
   * @param now on the store's clock
   */
  check(token: string, now: Timestamp): CallbackClaims | undefined;
  /** Undefined: it says nothing of what became of one of our messages. */
  receiptOf(status: VonageStatus): Receipt | undefined;
  /** Undefined: it is no SMS of a person. `from` is in E.164, `sentAt` on Vonage's clock. */
  smsOf(inbound: VonageInbound): { from: string; text: string; sentAt?: Timestamp } | undefined;
}
