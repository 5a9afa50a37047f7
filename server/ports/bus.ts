// Hints between nodes and doors: something changed, look again. The store stays the truth (law 2).
import type { Timestamp, Verification } from '../core/verification.ts';

export type Hint =
  /** Show it to the user's connected devices. */
  | { type: 'prompt'; verification: Verification; now: Timestamp }
  /** Take it down on the user's connected devices. */
  | { type: 'closed'; verification: Verification }
  /** Tell whoever waits for it. */
  | { type: 'changed'; verification: Verification; now: Timestamp }
  /** Close the device's sockets. */
  | { type: 'device-revoked'; deviceId: string; applicationId: string; userId: string }
  /** A worker may find something to do before its timer. */
  | { type: 'work' };

export interface Bus {
  /** Never throws, never waits: a lost hint costs time only. */
  publish(hint: Hint): void;
  /** The answer ends the subscription. */
  subscribe(listener: (hint: Hint) => void): () => void;
}

export interface Presence {
  /** Ids of the user's devices that hold a socket. A hint: a socket may be half-open. */
  connectedDevices(applicationId: string, userId: string): Promise<string[]>;
}
