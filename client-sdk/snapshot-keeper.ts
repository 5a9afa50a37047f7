/** What the waiting page knows of its verification: snapshots from socket and long-poll merged into one that only moves forward. */
import type { VerificationView } from './protocol.ts';

export interface SnapshotKeeper {
  current(): VerificationView | null;
  /** The first snapshot of a new connection counts, whatever its revision (contract section 6). */
  beginConnection(): void;
  /** True when it is news. */
  take(verification: VerificationView): boolean;
}

export function createSnapshotKeeper(id: string): SnapshotKeeper {
  let latest: VerificationView | null = null;
  let fresh = true;
  return {
    current: () => latest,
    beginConnection() {
      fresh = true;
    },
    take(verification) {
      if (verification.id !== id) return false;
      // An end is final: nothing that comes later, by whatever route, may undo it.
      if (latest !== null && latest.status !== 'pending') return false;
      if (!fresh && latest !== null && verification.rev <= latest.rev) return false;
      fresh = false;
      latest = verification;
      return true;
    },
  };
}
