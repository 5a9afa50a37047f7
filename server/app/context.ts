// What every use case is given, and who may call one.
import type { SmsPolicy } from '../core/sms-policy.ts';
import type { Waits } from '../core/verification.ts';
import type { Bus, Presence } from '../ports/bus.ts';
import type { Channels, WebhookChannel } from '../ports/channel.ts';
import type { PhoneNumbers } from '../ports/phone-numbers.ts';
import type { ApplicationRecord, DeviceRecord } from '../ports/records.ts';
import type { Clock, Logger, Metrics, Random } from '../ports/runtime.ts';
import type { DeviceProofs, Secrets, Tokens } from '../ports/security.ts';
import type { Store } from '../ports/store.ts';

export interface Settings {
  /** Scheme, host and port of the hub as its clients see it. */
  origin: string;
  waits: Waits;
  /** How long an ended verification is kept, in milliseconds. */
  retentionMs: number;
  /** Whom SMS may go to, and how many. */
  sms: SmsPolicy;
}

export interface Context {
  store: Store;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
  bus: Bus;
  presence: Presence;
  channels: Channels;
  phoneNumbers: PhoneNumbers;
  webhooks: WebhookChannel;
  tokens: Tokens;
  proofs: DeviceProofs;
  secrets: Secrets;
  settings: Settings;
  /** Aborted when closing can wait no longer: attempts in hand are given up. */
  shutdown: AbortSignal;
}

/** A relying party by its API key, or the one page that waits for this verification. */
export type Caller =
  | { kind: 'relying-party'; application: ApplicationRecord }
  | { kind: 'browser'; verificationId: string };

/** A device that proved to hold its key. */
export type AuthenticatedDevice = DeviceRecord;
