/** Where a device keeps its keys. An interface without WebCrypto types, so that React Native can back it with Keystore or Keychain. */
import type { PublicJwk, PushToken } from './protocol.ts';

export interface DevicePublicKeys {
  signing: PublicJwk;
  encryption: PublicJwk;
}

/** What the hub knows this device as. */
export interface Registration {
  deviceId: string;
  userId: string;
  application: { id: string; name: string };
}

/** Everything the SDK remembers between two starts. Plain JSON; not secret, but not for other apps either. */
export interface DeviceRecord {
  /** The hub origin: the audience of everything this device signs. */
  hub: string;
  /** base64url SHA-256 of the enrollment token, so that a lost reply is asked for again with the same keys. */
  enrollment: string;
  /** Absent while the hub's answer to the enrollment is outstanding. */
  registration?: Registration;
  pushToken?: PushToken;
}

/**
 * One key store holds one enrollment. Every method may reject; the SDK reports that as `key-store`.
 * Keys must survive a restart of the app, and private halves should never leave the store.
 */
export interface KeyStore {
  /** Makes two new P-256 key pairs (signing, key agreement), replacing any there were. */
  createKeys(): Promise<DevicePublicKeys>;
  publicKeys(): Promise<DevicePublicKeys | null>;
  /** ECDSA P-256 with SHA-256 under the signing key: 64 bytes, r followed by s (IEEE P1363, not DER). */
  sign(data: Uint8Array): Promise<Uint8Array>;
  /** ECDH of the encryption key with `peer`: the 32 bytes of the shared x coordinate, no key derivation. */
  agree(peer: PublicJwk): Promise<Uint8Array>;
  load(): Promise<DeviceRecord | null>;
  save(record: DeviceRecord): Promise<void>;
  /** Forgets keys and record. */
  clear(): Promise<void>;
}
