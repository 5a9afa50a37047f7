// What the store keeps, kind by kind. Every record has an id and a rev that rises by one with each write.
import type { SmsCounter } from '../core/sms-counter.ts';
import type { StepName, Timestamp, Verification } from '../core/verification.ts';
import type { WebhookEndpoint } from '../core/webhook-endpoint.ts';

export type DeliveryPreference = 'push_then_sms' | 'push' | 'sms' | 'push_and_sms';

export interface ApplicationRecord {
  id: string;
  rev: number;
  name: string;
  /** Last line of an SMS: `@<domain> #<code>`. */
  domain: string;
  webhook?: WebhookEndpoint;
  /** Steps the application's policy allows. */
  steps: StepName[];
  createdAt: Timestamp;
}

/** Only the SHA-256 of the secret is kept. `id` is the key id in `vh_<key id>_<secret>`. */
export interface ApiKeyRecord {
  id: string;
  rev: number;
  applicationId: string;
  secretHash: string;
  createdAt: Timestamp;
  revokedAt?: Timestamp;
}

/** `id` is made by `userKey`. */
export interface UserRecord {
  id: string;
  rev: number;
  applicationId: string;
  userId: string;
  phoneNumber?: string;
  locale?: string;
  delivery: DeliveryPreference;
  createdAt: Timestamp;
}

export interface PublicKeyJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}

export interface PushTokenRecord {
  provider: string;
  token: string;
  status: 'active' | 'quarantined';
  registeredAt: Timestamp;
  /** How often its provider has called it gone. */
  strikes?: number;
  quarantinedAt?: Timestamp;
}

export interface DeviceRecord {
  id: string;
  rev: number;
  applicationId: string;
  userId: string;
  name: string;
  platform: string;
  signingKey: PublicKeyJwk;
  encryptionKey: PublicKeyJwk;
  pushToken?: PushTokenRecord;
  createdAt: Timestamp;
  /** Kept after revocation, so that evidence signed before can still be checked. */
  revokedAt?: Timestamp;
}

/** Single use; `spent` remembers by which key, so that a lost reply can be told again. */
export interface EnrollmentRecord {
  id: string;
  rev: number;
  applicationId: string;
  userId: string;
  tokenHash: string;
  deviceName?: string;
  createdAt: Timestamp;
  expiresAt: Timestamp;
  spent?: { deviceId: string; signingKeyThumbprint: string };
}

export interface TrustedBrowserRecord {
  id: string;
  rev: number;
  applicationId: string;
  userId: string;
  tokenHash: string;
  /**
   * The token before the last rotation: good until then, or until its successor is used.
   * `salt`: its successor is derived from it and this, so that whoever uses it again gets the same one.
   */
  previous?: { tokenHash: string; goodUntil: Timestamp; salt: string };
  createdAt: Timestamp;
  lastUsedAt?: Timestamp;
  expiresAt: Timestamp;
}

/** Reserves a verification id for an idempotency key. `id` is made by `idempotencyKey`. */
export interface IdempotencyRecord {
  id: string;
  rev: number;
  bodyHash: string;
  verificationId: string;
  createdAt: Timestamp;
}

/** The hub's own keys, shared by all nodes. `id` is always `hub`. */
export interface HubKeysRecord {
  id: string;
  rev: number;
  /** Newest first; tokens are signed with the first, and checked with all. Private ES256 JWKs. */
  signingKeys: { kid: string; jwk: Record<string, string>; createdAt: Timestamp }[];
  /** base64url, 32 bytes: derives SMS codes. */
  codeKey: string;
  /** Newest first; base64url, 32 bytes: from them comes each application's webhook key. Not in records of the first version. */
  webhookSeeds?: { seed: string; createdAt: Timestamp }[];
}

/**
 * A webhook that was given up, kept for a while so that it can be looked at and sent again. `id` is the message's, which begins with
 * its `subject`: both belong to the same shard.
 */
export interface DeadLetterRecord {
  id: string;
  rev: number;
  applicationId: string;
  /** The verification or device it is about. */
  subject: string;
  lane: string;
  payload: Record<string, unknown>;
  /** When the message was first to be sent. */
  queuedAt: Timestamp;
  attempts: number;
  /** Of the last failure, such as `http-410`. */
  reason: string;
  /** When it was given up. */
  createdAt: Timestamp;
}

/** How many SMS went where. Belongs to no user: written by itself, never with other records. `id` is made by `smsCounterKey`. */
export type SmsCounterRecord = SmsCounter & { id: string; rev: number };

/** What the owner of a number has last said about SMS. Belongs to no user: written by itself. `id` is made by `smsOptOutKey`. */
export interface SmsOptOutRecord {
  id: string;
  rev: number;
  isOut: boolean;
  /** When they said so, on the provider's clock. */
  at: Timestamp;
}

export interface Records {
  application: ApplicationRecord;
  'api-key': ApiKeyRecord;
  user: UserRecord;
  device: DeviceRecord;
  enrollment: EnrollmentRecord;
  'trusted-browser': TrustedBrowserRecord;
  idempotency: IdempotencyRecord;
  'hub-keys': HubKeysRecord;
  'sms-counter': SmsCounterRecord;
  'sms-opt-out': SmsOptOutRecord;
  'dead-letter': DeadLetterRecord;
  verification: Verification;
}
export type Kind = keyof Records;

export function userKey(applicationId: string, userId: string): string {
  return `${applicationId}/${userId}`;
}

/** @param hash SHA-256 of the number, its prefix or its country, base64url: no number is kept in clear here */
export function smsCounterKey(applicationId: string, scope: SmsCounter['scope'], hash: string): string {
  return `${applicationId}/${scope}/${hash}`;
}

/** @param hash SHA-256 of the number, base64url: no number is kept in clear here */
export function smsOptOutKey(hash: string): string {
  return `number/${hash}`;
}

/** @param keyHash SHA-256 of the `Idempotency-Key` header, base64url */
export function idempotencyKey(applicationId: string, keyHash: string): string {
  return `${applicationId}/${keyHash}`;
}
