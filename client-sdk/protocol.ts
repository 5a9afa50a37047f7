/**
 * The wire contract as types: what a relying party, a phone and a browser exchange with the hub.
 * This file imports nothing, and is the only file of the SDK that the server may import.
 */

/** How a verification stands. `pending`, then exactly one of the others for ever. */
export const verificationStatuses = ['pending', 'approved', 'denied', 'expired', 'canceled', 'undeliverable'] as const;
export type VerificationStatus = (typeof verificationStatuses)[number];

/** One rung of the escalation. */
export const deliveryStepNames = ['socket', 'push', 'sms'] as const;
export type DeliveryStepName = (typeof deliveryStepNames)[number];

export const deliveryStatuses = [
  'waiting',
  'pending',
  'accepted',
  'acknowledged',
  'delivered',
  'failed',
  'skipped',
] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export const matchingModes = ['none', 'choose', 'enter', 'qr'] as const;
export type MatchingMode = (typeof matchingModes)[number];

/** What a user wants used: prompts first and SMS as a fallback, prompts only, SMS only, or all at once. */
export const deliveryPreferences = ['push_then_sms', 'push', 'sms', 'push_and_sms'] as const;
export type DeliveryPreference = (typeof deliveryPreferences)[number];

export const devicePlatforms = ['android', 'ios', 'web', 'other'] as const;
export type DevicePlatform = (typeof devicePlatforms)[number];

export const decisionValues = ['approve', 'deny', 'report'] as const;
export type DecisionValue = (typeof decisionValues)[number];

export const decisionMethods = ['app', 'sms-code', 'trusted-browser'] as const;
export type DecisionMethod = (typeof decisionMethods)[number];

/** A labelled line of what is being approved. */
export interface Detail {
  label: string;
  value: string;
}

/** Where the request came from, as the relying party saw it. */
export interface RequestContext {
  ip?: string;
  userAgent?: string;
  location?: string;
}

export interface MatchingRequest {
  mode?: MatchingMode;
  digits?: number;
}

export interface CreateVerificationRequest {
  userId: string;
  action: string;
  details?: Detail[];
  context?: RequestContext;
  matching?: MatchingRequest;
  steps?: DeliveryStepName[];
  lifetimeSeconds?: number;
  trustToken?: string;
  session?: string;
  stepUp?: boolean;
  locale?: string;
}

export interface DeliveryStepView {
  step: DeliveryStepName;
  status: DeliveryStatus;
  attempts: number;
  /** Why a step was skipped or failed. A browser reads `unavailable` for every such reason. */
  reason?: string;
  at?: string;
}

export interface DecisionView {
  method: DecisionMethod;
  outcome: 'approved' | 'denied';
  at: string;
  deviceId?: string;
  reported?: true;
  /** The device's signed answer (compact JWS). Relying party only. */
  evidence?: string;
}

/** The resource of contract section 4. */
export interface VerificationView {
  id: string;
  status: VerificationStatus;
  rev: number;
  userId: string;
  action: string;
  createdAt: string;
  expiresAt: string;
  matching: { mode: MatchingMode; number?: string };
  delivery: DeliveryStepView[];
  code: { acceptable: boolean; attemptsLeft: number };
  resend: { left: number; availableAt: string };
  decision: DecisionView | null;
  /** Once ended: a hub-signed JWT (`typ: result+jwt`), minted on each read, valid 60 s. */
  resultToken?: string;
}

export interface VerificationReply {
  verification: VerificationView;
  serverTime: string;
}
export interface CreateVerificationReply extends VerificationReply {
  waiterToken: string;
  /** The rotated token, when a trusted browser approved at once. */
  trustToken?: string;
}

export interface TimelineEntry {
  at: string;
  type: string;
  step?: DeliveryStepName;
  /** Of a step: rises with every resend. */
  round?: number;
  /** Which one it was: the step's attempt, the wrong number, the code that was typed, the resend. */
  attempt?: number;
  status?: string;
  /** Of an attempt that was `unreachable`: surely not sent, or perhaps. */
  outcome?: 'not-sent' | 'unknown';
  /** Why a step, an attempt or a delivery failed; who canceled. */
  reason?: string;
  /** How it was decided. */
  method?: DecisionMethod;
  deviceId?: string;
  provider?: string;
  /** The provider's id of the message. */
  providerId?: string;
  /** Of an attempt: until the provider answered. Of an acknowledgement: since its step began. Milliseconds. */
  latencyMs?: number;
}
export interface TimelineReply {
  timeline: TimelineEntry[];
  serverTime: string;
}

export interface UserView {
  userId: string;
  phoneNumber?: string;
  locale?: string;
  delivery: DeliveryPreference;
  /** The person has answered STOP to an SMS: none is sent until they answer START. */
  smsOptedOut?: boolean;
  createdAt: string;
}
export interface UserReply {
  user: UserView;
  serverTime: string;
}
export interface PutUserRequest {
  phoneNumber?: string | null;
  locale?: string | null;
  delivery?: DeliveryPreference;
}

export interface EnrollmentReply {
  enrollmentToken: string;
  uri: string;
  expiresAt: string;
  serverTime: string;
}

export interface DeviceView {
  id: string;
  name: string;
  platform: DevicePlatform;
  createdAt: string;
  lastSeenAt?: string;
  pushToken: { provider: string; status: 'active' | 'quarantined' } | null;
}
export interface DeviceListReply {
  devices: DeviceView[];
  serverTime: string;
}

export interface TrustedBrowserView {
  id: string;
  createdAt: string;
  lastUsedAt?: string;
  expiresAt: string;
}
export interface TrustedBrowserListReply {
  trustedBrowsers: TrustedBrowserView[];
  serverTime: string;
}
export interface TrustReply {
  trustToken: string;
  expiresAt: string;
  serverTime: string;
}

/** An EC public key on P-256 (RFC 7517). What WebCrypto adds to it is taken, and not kept. */
export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
  ext?: boolean;
  key_ops?: string[];
  alg?: string;
  use?: string;
  kid?: string;
}
export interface PushToken {
  provider: 'fcm' | 'simulated';
  token: string;
}

export interface EnrollDeviceRequest {
  name: string;
  platform: DevicePlatform;
  signingKey: PublicJwk;
  encryptionKey: PublicJwk;
  pushToken?: PushToken;
  /** Compact JWS, `{"alg":"ES256","typ":"enrollment+jwt"}`, made with the signing key. */
  proof: string;
}
export interface EnrollDeviceReply {
  deviceId: string;
  userId: string;
  application: { id: string; name: string };
  serverTime: string;
}

/** What a device is shown of a verification. `matching.number` never goes to a device. */
export interface PromptView {
  id: string;
  rev: number;
  application: { name: string };
  action: string;
  details: Detail[];
  context: RequestContext;
  matching: { mode: MatchingMode; digits?: number; choices?: string[] };
  challenge: string;
  createdAt: string;
  expiresAt: string;
  serverTime: string;
}
export interface PromptsReply {
  prompts: PromptView[];
  serverTime: string;
}
export interface PromptReply {
  prompt: PromptView;
  serverTime: string;
}
export interface DecisionReply {
  status: VerificationStatus;
  serverTime: string;
}
export interface PreferencesReply {
  delivery: DeliveryPreference;
  serverTime: string;
}

/** The payload of a decision JWS (`{"alg":"ES256","typ":"decision+jwt","kid":"<device id>"}`). */
export interface DecisionClaims {
  iss: string;
  aud: string;
  sub: string;
  challenge: string;
  decision: DecisionValue;
  number?: string;
  /** base64url SHA-256 of the RFC 8785 JSON of `{application, action, details, context}` as shown. */
  prompt?: string;
}

/** RFC 9457 problem details. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  requestId: string;
  errors?: { pointer: string; detail: string }[];
  serverTime?: string;
  attemptsLeft?: number;
  /** How the verification stands, when the problem is that it is no longer pending. */
  verificationStatus?: VerificationStatus;
  /** Seconds; the same as the `Retry-After` header. */
  retryAfter?: number;
}

export type SocketReply<T extends object> = ({ ok: true } & T) | { ok: false; problem: Problem };
export interface ClosedEvent {
  id: string;
  rev: number;
  status: VerificationStatus;
}

/** Namespace `/device` (contract section 6). */
export interface DeviceServerEvents {
  prompt: (prompt: PromptView, acknowledge: (...args: unknown[]) => void) => void;
  closed: (event: ClosedEvent) => void;
}
export interface DeviceClientEvents {
  decide: (message: { decision: string }, reply: (answer: SocketReply<{ status: VerificationStatus }>) => void) => void;
  prompts: (reply: (answer: SocketReply<{ prompts: PromptView[] }>) => void) => void;
}

/** Namespace `/browser` (contract section 7). */
export interface BrowserServerEvents {
  verification: (verification: VerificationView) => void;
}
export interface BrowserClientEvents {
  code: (message: { code: string }, reply: (answer: SocketReply<{ verification: VerificationView }>) => void) => void;
  resend: (
    message: { step?: DeliveryStepName },
    reply: (answer: SocketReply<{ verification: VerificationView }>) => void,
  ) => void;
  cancel: (reply: (answer: SocketReply<{ verification: VerificationView }>) => void) => void;
}

export const webhookTypes = [
  'verification.approved',
  'verification.denied',
  'verification.expired',
  'verification.canceled',
  'verification.undeliverable',
  'verification.delivery_failed',
  'verification.fraud_reported',
  'device.enrolled',
  'device.revoked',
] as const;
export type WebhookType = (typeof webhookTypes)[number];

/** Every error the hub, its sockets and the SDK can name: code → HTTP status and whether the same call may be repeated. */
export const problemCodes = {
  malformed: { status: 400, retry: false },
  'clock-skew': { status: 401, retry: true },
  unauthenticated: { status: 401, retry: false },
  forbidden: { status: 403, retry: false },
  'origin-not-allowed': { status: 403, retry: false },
  'not-found': { status: 404, retry: false },
  'method-not-allowed': { status: 405, retry: false },
  'already-decided': { status: 409, retry: false },
  'request-in-flight': { status: 409, retry: true },
  'trust-already-granted': { status: 409, retry: false },
  'challenge-mismatch': { status: 409, retry: false },
  'verification-expired': { status: 410, retry: false },
  'too-large': { status: 413, retry: false },
  'unsupported-media-type': { status: 415, retry: false },
  invalid: { status: 422, retry: false },
  'idempotency-key-reused': { status: 422, retry: false },
  'number-incorrect': { status: 422, retry: false },
  'code-incorrect': { status: 422, retry: false },
  'code-not-acceptable': { status: 422, retry: false },
  'step-not-allowed': { status: 422, retry: false },
  'not-approved': { status: 422, retry: false },
  'code-attempts-exhausted': { status: 429, retry: false },
  'resend-too-soon': { status: 429, retry: true },
  'resend-exhausted': { status: 429, retry: false },
  'rate-limited': { status: 429, retry: true },
  internal: { status: 500, retry: true },
  'store-unavailable': { status: 503, retry: true },
  draining: { status: 503, retry: true },
} as const;
export type ProblemCode = keyof typeof problemCodes;
