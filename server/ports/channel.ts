// A way to reach a person: push and SMS providers behind one shape.
import type { ChannelResult } from '../core/events.ts';
import type { SignedWebhook } from './security.ts';

export interface PushMessage {
  /** Stable over retries and restarts; providers collapse copies by it. */
  dedupeId: string;
  verificationId: string;
  token: string;
  platform: string;
  /** Compact JWE to the device's encryption key; its plaintext is the prompt. Providers see nothing else. */
  jwe: string;
  /** What is left of the verification's lifetime, in milliseconds. */
  ttlMs: number;
}

export interface SmsMessage {
  dedupeId: string;
  verificationId: string;
  /** E.164. */
  to: string;
  text: string;
  ttlMs: number;
}

/** Cut off by `signal` when the attempt's deadline has passed; then the result is `unreachable`, outcome `unknown`. */
export interface Channel<M> {
  readonly provider: string;
  send(message: M, signal: AbortSignal): Promise<ChannelResult>;
}

/** Undefined: not configured, and its step is skipped as such. */
export interface Channels {
  push: Channel<PushMessage> | undefined;
  sms: Channel<SmsMessage> | undefined;
}

export interface WebhookRequest extends SignedWebhook {
  url: string;
}

export interface WebhookChannel {
  send(request: WebhookRequest, signal: AbortSignal): Promise<ChannelResult>;
}
