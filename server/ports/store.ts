// The store: where the truth is. Few verbs, each with what it guarantees.
import type { TimelineEntry } from '../core/events.ts';
import type { Timestamp } from '../core/verification.ts';
import type { Kind, Records } from './records.ts';

/** The store cannot be reached, is full, or did not answer in time. The outcome of a write is then unknown (law 5). */
export class StoreUnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}

/**
 * Writes a record. It is taken only when `record.rev` is one above the stored one (1: none is stored).
 * `forgetAt`: when `sweep` may delete it.
 */
export type Put = { [K in Kind]: { kind: K; record: Records[K]; forgetAt?: Timestamp } }[Kind];

export type Ref = { [K in Kind]: { kind: K; id: string } }[Kind];

/** A durable message that something must be sent: a push, an SMS, or a webhook. */
export interface OutboxMessage {
  /** Stable over repeats: the receiver can tell a copy by it. */
  id: string;
  topic: 'push' | 'sms' | 'webhook';
  /** Messages of one lane leave in the order they were put in, one at a time. */
  lane: string;
  applicationId: string;
  /** The verification or device it is about. */
  subject: string;
  /** Not claimed before this time. */
  notBefore: Timestamp;
  /** JSON. */
  payload: Record<string, unknown>;
  createdAt: Timestamp;
  attempts: number;
}

export interface ClaimedMessage extends OutboxMessage {
  fence: number;
}

export interface DueClaim {
  verificationId: string;
  /** Rises with every claim; a commit with an older one changes nothing. */
  fence: number;
  /** Claims since the verification last changed, this one included. More than 3: its handler keeps failing. */
  tries: number;
}

/** What one commit changes, all or nothing. All records, the timeline and the messages belong to one user's shard. */
export interface Unit {
  puts?: Put[];
  removes?: Ref[];
  /** Refused as `stale` when one of these is not stored at exactly this rev: what was read must still hold. */
  unchanged?: (Ref & { rev: number })[];
  /** Refused as `late` when the store's clock has reached this. */
  before?: Timestamp;
  /** Refused as `fenced` when the verification has been claimed again since. */
  claim?: { verificationId: string; fence: number };
  timeline?: { verificationId: string; entries: TimelineEntry[] };
  /** Takes a claimed message out of the outbox, or puts it back in for later. Refused as `fenced` when it was claimed again since. */
  settle?: { id: string; fence: number; outcome: 'done' | { retryAt: Timestamp } };
  /** Takes unsent pushes and SMS of this verification out of the outbox. Happens after `settle` and before `enqueue`. */
  dropSends?: string;
  /** A message whose id is already waiting is replaced. */
  enqueue?: OutboxMessage[];
}

export type CommitResult =
  | { ok: true; now: Timestamp }
  | { ok: false; conflict: 'stale' | 'late' | 'fenced'; now: Timestamp };

export type ListQuery =
  | { kind: 'application' }
  | { kind: 'device'; applicationId: string; userId: string }
  | { kind: 'trusted-browser'; applicationId: string; userId: string }
  /** Pending ones only, oldest first. */
  | { kind: 'verification'; applicationId: string; userId: string }
  /** Of one application or of all, up to `limit`, beginning behind `after`. */
  | { kind: 'dead-letter'; applicationId?: string; limit: number; after?: { createdAt: Timestamp; id: string } }
  /** Messages in the outbox, claimed or not, up to `limit`. */
  | { kind: 'message'; topic: OutboxMessage['topic']; limit: number };

/** What each kind of query lists. */
export interface Listed extends Records {
  message: OutboxMessage;
}

export type ReadResult<R extends readonly Ref[]> = {
  now: Timestamp;
  records: { -readonly [I in keyof R]: Records[R[I]['kind']] | undefined };
};

/** Every verb rejects with `StoreUnavailableError` when the store cannot answer. `now` is always the store's clock. */
export interface Store {
  /**
   * The records by reference, in order; undefined where there is none.
   * Atomic: one snapshot. On conflict: none. After crash: sees every commit that was answered `ok`.
   */
  read<const R extends readonly Ref[]>(refs: R): Promise<ReadResult<R>>;

  /**
   * What matches, oldest first, and how many match in `total`, whatever the limit and `after`. Revoked devices are included.
   * Atomic: one snapshot. On conflict: none. After crash: as `read`.
   */
  list<Q extends ListQuery>(query: Q): Promise<{ now: Timestamp; records: Listed[Q['kind']][]; total: number }>;

  /**
   * Writes a unit: records, due time, timeline and outbox together. A pending verification is due at its `dueAt`; an ended one never.
   * Writing a verification ends its lease and starts its `tries` anew.
   * Atomic: all or nothing, durable before it is answered. On conflict: `fenced` before `stale` before `late`, and nothing is changed.
   * After crash: either all of it or nothing; when no answer came, read again to know which.
   */
  commit(unit: Unit): Promise<CommitResult>;

  /**
   * What happened to a verification, in order.
   * Atomic: one snapshot. On conflict: none. After crash: as `read`.
   */
  timeline(verificationId: string): Promise<{ now: Timestamp; entries: TimelineEntry[] }>;

  /**
   * Takes up to `limit` pending verifications whose due time has come, earliest first, each leased for `leaseMs`.
   * Atomic: each is leased to one caller only. On conflict: leased ones are passed over. After crash: a lease that ran out is claimable again.
   */
  claimDue(options: { limit: number; leaseMs: number }): Promise<{ now: Timestamp; claims: DueClaim[] }>;

  /**
   * Takes up to `limit` messages of these topics whose time has come, the head of each lane only, each leased for `leaseMs`; `attempts` counts the claim.
   * Atomic: each is leased to one caller only. On conflict: leased ones are passed over. After crash: a lease that ran out is claimable again.
   */
  claimOutbox(options: { topics: readonly OutboxMessage['topic'][]; limit: number; leaseMs: number }): Promise<{
    now: Timestamp;
    messages: ClaimedMessage[];
  }>;

  /**
   * Hands leases back, so that another node need not wait for them to run out.
   * Atomic: each on its own. On conflict: an older fence changes nothing. After crash: leases run out by themselves.
   */
  release(claims: { due?: DueClaim[]; messages?: ClaimedMessage[] }): Promise<void>;

  /**
   * When something next becomes claimable, of messages by topic: nothing is said of what nothing waits for. A hint for a timer, never a promise.
   * Atomic: one snapshot. On conflict: none. After crash: as `read`.
   */
  nextWake(): Promise<{
    now: Timestamp;
    dueAt: Timestamp | undefined;
    outboxAt: Partial<Record<OutboxMessage['topic'], Timestamp>>;
  }>;

  /**
   * Deletes up to `limit` records whose `forgetAt` has passed, with their timelines, and answers how many. A pending verification is never among them.
   * Atomic: each record with what hangs on it. On conflict: none. After crash: what is left is swept the next time.
   */
  sweep(options: { limit: number }): Promise<number>;

  /**
   * Whether the store answers, and can be written to.
   * Atomic: yes. On conflict: none. After crash: answers again as soon as it is back.
   */
  check(): Promise<{ now: Timestamp }>;

  /**
   * Lets go of files and connections; later calls reject. May be called twice.
   * Atomic: waits for running commits. On conflict: none. After crash: nothing to do.
   */
  close(): Promise<void>;
}
