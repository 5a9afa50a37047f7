// What the hub is told at start, checked and complete.
import type { SmsPolicy } from '../core/sms-policy.ts';
import type { Waits } from '../core/verification.ts';
import type { StoreUrl } from './address-kinds.ts';

export interface Config {
  profile: 'development' | 'production';
  demo: boolean;
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  http: HttpConfig;
  sockets: SocketConfig;
  store: StoreUrl;
  /** Days an ended verification is kept. */
  retentionDays: number;
  application: ApplicationConfig;
  webhookAllowPrivate: boolean;
  waits: Waits;
  push: PushConfig;
  sms: SmsConfig;
  smsPolicy: SmsPolicy;
  /** Milliseconds from SIGTERM to the end. */
  drainTimeoutMs: number;
}

export interface HttpConfig {
  host: string;
  /** 0: any free one. */
  port: number;
  /** The hub origin. Undefined only with port 0: then it is `http://localhost:<the port taken>`. */
  publicUrl: string | undefined;
  /** Besides the hub's own. */
  allowedOrigins: readonly string[];
  /** IP addresses and CIDR networks. */
  trustedProxies: readonly string[];
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  /** Undefined: metrics to loopback only. */
  metricsToken: string | undefined;
}

export interface SocketConfig {
  pingIntervalMs: number;
  pingTimeoutMs: number;
  connectTimeoutMs: number;
  maxPayloadBytes: number;
}

/** The application registered at start, when there is a key or the demo makes one. */
export interface ApplicationConfig {
  apiKey: string | undefined;
  name: string;
  domain: string;
  webhook: { url: string; secret: string } | undefined;
}

export type PushConfig =
  | { provider: 'none' | 'simulated' }
  | { provider: 'fcm'; projectId: string; credentials: string | undefined; endpoint: string | undefined };

export type SmsConfig =
  | { provider: 'none' | 'simulated' }
  | {
      provider: 'vonage';
      applicationId: string;
      privateKey: string;
      signatureSecret: string | undefined;
      from: string;
      /** Other senders, by ISO 3166-1 alpha-2 code. */
      fromByCountry: Readonly<Record<string, string>>;
      endpoint: string | undefined;
      countries: readonly string[];
    };
