// Signatures, tokens, codes and secrets: what the use cases need of cryptography.
import type { Timestamp } from '../core/verification.ts';
import type { PublicKeyJwk } from './records.ts';

/** The hub's own signed tokens (contract section 3 and 4). */
export interface Tokens {
  /** `typ: waiter+jwt`, for one verification. */
  mintWaiter(verificationId: string, expiresAt: Timestamp, now: Timestamp): Promise<string>;
  /** The verification id, or undefined for anything that is not a live waiter token of this hub. */
  checkWaiter(token: string, now: Timestamp): Promise<string | undefined>;
  /** `typ: result+jwt`, good for 60 s. */
  mintResult(result: ResultClaims, now: Timestamp): Promise<string>;
  /** Public keys for `/.well-known/jwks.json`. */
  jwks(): { keys: Record<string, string>[] };
}

export interface ResultClaims {
  applicationId: string;
  userId: string;
  verificationId: string;
  status: string;
  method?: string;
  /** Authentication method references (RFC 8176). */
  amr: string[];
}

export type ProofFault = 'malformed' | 'signature' | 'claims' | 'clock-skew' | 'expired';
export type ProofResult<T> = { ok: true; claims: T } | { ok: false; fault: ProofFault; detail: string };

export interface DecisionProof {
  verificationId: string;
  challenge: string;
  decision: 'approve' | 'deny' | 'report';
  number?: string;
  promptDigest?: string;
}

/** What devices sign (contract sections 3, 5 and 6). All check `aud` against the hub origin and allow ES256 only. */
export interface DeviceProofs {
  /** The device id a token claims to be of, before anything is checked; undefined when it is not a device token. */
  deviceIdOf(token: string): string | undefined;
  checkDeviceToken(
    token: string,
    deviceId: string,
    key: PublicKeyJwk,
    now: Timestamp,
  ): Promise<ProofResult<{ deviceId: string }>>;
  checkDecision(jws: string, deviceId: string, key: PublicKeyJwk): Promise<ProofResult<DecisionProof>>;
  /** Also refuses keys that are not points on P-256. */
  checkEnrollment(
    jws: string,
    expected: { enrollmentToken: string; signingKey: PublicKeyJwk; encryptionKey: PublicKeyJwk },
  ): Promise<ProofResult<{ signingKeyThumbprint: string }>>;
}

/** One try of a webhook, as it is signed. */
export interface SignedWebhook {
  /** The same for every try. */
  id: string;
  applicationId: string;
  /** That sign now, newest first: `whsec_<base64>`. */
  secrets: readonly string[];
  /** Of this try: seconds since the Unix epoch. */
  timestamp: number;
  body: string;
}

/** Standard Webhooks 1.0. */
export interface WebhookSigner {
  /** The `webhook-signature` header: a `v1` for each secret, then the `v1a`. Undefined when none of the secrets is one. */
  sign(message: SignedWebhook): string | undefined;
  /** What `v1a` signatures of this application's webhooks verify against: `whpk_<base64>`, newest first. */
  publicKeys(applicationId: string): string[];
}

export interface Secrets {
  /** SHA-256, base64url. */
  hash(secret: string): string;
  /** Whether the secret has this hash, in constant time. */
  matches(secret: string, hash: string): boolean;
  /** SHA-256 over the RFC 8785 form of a JSON value, base64url. */
  digestJson(value: unknown): string;
  /** The six digits of a verification: derived, never stored (contract section 8). */
  smsCode(verificationId: string, salt: string): string;
  /** Compact JWE (`ECDH-ES`, `A256GCM`) to a device's encryption key. */
  encryptFor(key: PublicKeyJwk, plaintext: string): Promise<string>;
}
