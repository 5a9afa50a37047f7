// The due index: which pending verification to knock at next, leased and fenced (law 4).
import type { DatabaseSync } from 'node:sqlite';
import type { Timestamp } from '../../core/verification.ts';
import type { DueClaim } from '../../ports/store.ts';
import { integer, optionalInteger, text } from './rows.ts';

export interface DueIndex {
  claim(now: Timestamp, limit: number, leaseMs: number): DueClaim[];
  /** Whether the last claim of this verification has this fence. */
  isCurrent(claim: { verificationId: string; fence: number }): boolean;
  release(claim: DueClaim): void;
  /** Ends every lease: their holder was another process, and it is gone. */
  takeBack(): void;
  /** When the next one can be claimed. */
  wakeAt(): Timestamp | undefined;
}

export function createDueIndex(db: DatabaseSync, nextFence: () => number): DueIndex {
  const ready = db.prepare(`SELECT key, id, tries FROM verifications
    WHERE due_at <= ?1 AND (lease_until IS NULL OR lease_until <= ?1) ORDER BY due_at LIMIT ?2`);
  const lease = db.prepare('UPDATE verifications SET lease_until = ?, fence = ?, tries = tries + 1 WHERE key = ?');
  const fence = db.prepare('SELECT fence FROM verifications WHERE id = ?');
  const release = db.prepare('UPDATE verifications SET lease_until = NULL WHERE id = ? AND fence = ?');
  const nextDue = db.prepare(`SELECT due_at AS at FROM verifications
    WHERE due_at IS NOT NULL AND lease_until IS NULL ORDER BY due_at LIMIT 1`);
  const nextLease = db.prepare('SELECT min(lease_until) AS at FROM verifications WHERE lease_until IS NOT NULL');

  return {
    claim: (now, limit, leaseMs) => {
      const rows = ready.all(now, limit);
      if (rows.length === 0) return [];
      const claimFence = nextFence();
      return rows.map((row) => {
        lease.run(Math.ceil(now + leaseMs), claimFence, integer(row, 'key'));
        return { verificationId: text(row, 'id'), fence: claimFence, tries: integer(row, 'tries') + 1 };
      });
    },
    isCurrent: (claim) => optionalInteger(fence.get(claim.verificationId), 'fence') === claim.fence,
    release: (claim) => {
      release.run(claim.verificationId, claim.fence);
    },
    takeBack: () => db.exec('UPDATE verifications SET lease_until = NULL WHERE lease_until IS NOT NULL'),
    wakeAt: () => earliest([optionalInteger(nextDue.get(), 'at'), optionalInteger(nextLease.get(), 'at')]),
  };
}

function earliest(times: readonly (Timestamp | undefined)[]): Timestamp | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
