// What an adapter's test hands to the store suite, and the records that the suite writes.
import { randomUUID } from 'node:crypto';
import { makeId, shardOf, type IdPrefix } from '../../../server/core/ids.ts';
import type { Approved, Expired, Facts, Pending, Timestamp } from '../../../server/core/verification.ts';
import {
  userKey,
  type ApplicationRecord,
  type DeadLetterRecord,
  type DeviceRecord,
} from '../../../server/ports/records.ts';
import type { EnrollmentRecord, TrustedBrowserRecord, UserRecord } from '../../../server/ports/records.ts';
import type { OutboxMessage, Put, Store, Unit } from '../../../server/ports/store.ts';

export interface StoreFixture {
  /** Empty at first. */
  store: Store;
  /** Moves the store's clock forward. It may also run by itself: no test may rely on it standing still. */
  advance(ms: number): void | Promise<void>;
  /** The same data through a store of its own, beside the first where the adapter allows that, else instead of it. */
  again(): Promise<Store>;
  /** Closes all that was opened, and throws the data away. */
  end(): Promise<void>;
}

export type OpenFixture = () => Promise<StoreFixture>;

/** Far enough away that a clock which runs by itself does not get there during a test. Milliseconds. */
export const soon = 60_000;

export interface User {
  applicationId: string;
  userId: string;
}

export function someUser(over: Partial<User> = {}): User {
  return { applicationId: idFor('app', { applicationId: '', userId: '' }), userId: 'alice', ...over };
}

export function idFor(prefix: IdPrefix, { applicationId, userId }: User): string {
  return makeId(prefix, randomUUID(), shardOf(applicationId, userId));
}

function someFacts(user: User, createdAt: Timestamp): Facts {
  return {
    ...user,
    id: idFor('ver', user),
    applicationName: 'Example Bank',
    action: 'Sign in',
    details: [],
    context: {},
    matching: { mode: 'enter', number: '42', digits: 2 },
    challenge: 'challenge',
    codeSalt: 'salt',
    plan: 'escalate',
    promptable: true,
    waits: { socketMs: 3000, pushMs: 10_000, answerMs: 60_000 },
    createdAt,
    expiresAt: createdAt + 300_000,
  };
}

const noProgress = {
  rev: 1,
  delivery: [],
  acknowledgements: [],
  answers: [],
  wrongNumbers: 0,
  codeAttempts: 0,
  resends: 0,
  resendAvailableAt: 0,
};

/** A first revision, due at `dueAt`. */
export function pendingOf(user: User, dueAt: Timestamp, over: Partial<Pending> = {}): Pending {
  return { ...someFacts(user, over.createdAt ?? dueAt), ...noProgress, status: 'pending', dueAt, ...over };
}

/** The next revision, still pending. */
export function laterOf(pending: Pending, over: Partial<Pending> = {}): Pending {
  return { ...pending, rev: pending.rev + 1, ...over };
}

/** The next revision, ended. */
export function expiredOf({ dueAt, ...rest }: Pending): Expired {
  return { ...rest, rev: rest.rev + 1, status: 'expired', endedAt: dueAt };
}

export function approvedOf({ dueAt, ...rest }: Pending, deviceId: string): Approved {
  const decision = { method: 'app', outcome: 'approved', at: dueAt, deviceId } as const;
  return { ...rest, rev: rest.rev + 1, status: 'approved', endedAt: dueAt, decision };
}

export function putOf(record: Pending | Expired | Approved, forgetAt?: Timestamp): Put {
  return { kind: 'verification', record, ...(forgetAt === undefined ? {} : { forgetAt }) };
}

export function userOf(user: User, over: Partial<UserRecord> = {}): UserRecord {
  const id = userKey(user.applicationId, user.userId);
  return { ...user, id, rev: 1, delivery: 'push_then_sms', createdAt: 1_000, ...over };
}

export function deviceOf(user: User, over: Partial<DeviceRecord> = {}): DeviceRecord {
  const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } as const;
  const id = idFor('dev', user);
  return {
    ...user,
    id,
    rev: 1,
    name: 'Pixel',
    platform: 'android',
    signingKey: key,
    encryptionKey: key,
    createdAt: 1,
    ...over,
  };
}

export function trustedBrowserOf(user: User, over: Partial<TrustedBrowserRecord> = {}): TrustedBrowserRecord {
  return { ...user, id: idFor('tru', user), rev: 1, tokenHash: 'hash', createdAt: 1, expiresAt: 2, ...over };
}

export function enrollmentOf(user: User, over: Partial<EnrollmentRecord> = {}): EnrollmentRecord {
  return { ...user, id: idFor('enr', user), rev: 1, tokenHash: 'hash', createdAt: 1, expiresAt: 2, ...over };
}

export function applicationOf(over: Partial<ApplicationRecord> = {}): ApplicationRecord {
  return {
    id: idFor('app', someUser()),
    rev: 1,
    name: 'Bank',
    domain: 'bank.test',
    steps: ['socket'],
    createdAt: 1,
    ...over,
  };
}

/** A push about this verification, in a lane of its own. */
export function pushOf(about: Pending, target: string, over: Partial<OutboxMessage> = {}): OutboxMessage {
  const id = `${about.id}.push.1.${target}`;
  return {
    id,
    topic: 'push',
    lane: id,
    applicationId: about.applicationId,
    subject: about.id,
    notBefore: about.createdAt,
    payload: { target },
    createdAt: about.createdAt,
    attempts: 0,
    ...over,
  };
}

/** A webhook about this verification, in the verification's lane. */
export function webhookOf(about: Pending, event: string, over: Partial<OutboxMessage> = {}): OutboxMessage {
  const id = `${about.id}.${event}`;
  return { ...pushOf(about, event), id, topic: 'webhook', lane: `webhook.${about.id}`, payload: { event }, ...over };
}

/** A webhook that was given up. */
export function deadLetterOf(message: OutboxMessage, over: Partial<DeadLetterRecord> = {}): DeadLetterRecord {
  const { id, applicationId, subject, lane, payload, attempts, createdAt: queuedAt } = message;
  const facts = { id, applicationId, subject, lane, payload, attempts, queuedAt };
  return { ...facts, rev: 1, reason: 'http-410', createdAt: queuedAt, ...over };
}

/** Takes the claimed message out, or back in for later. */
export function settling(
  { id, fence }: { id: string; fence: number },
  outcome: NonNullable<Unit['settle']>['outcome'],
): Pick<Unit, 'settle'> {
  return { settle: { id, fence, outcome } };
}

/** Commits, and fails the test when it is refused. */
export async function mustCommit(store: Store, unit: Unit): Promise<Timestamp> {
  const result = await store.commit(unit);
  if (!result.ok) throw new Error(`refused as ${result.conflict}`);
  return result.now;
}

/** The store's clock. */
export async function nowOf(store: Store): Promise<Timestamp> {
  const { now } = await store.read([]);
  return now;
}

/** Stores a verification that is due already, and answers it. */
export async function putDue(store: Store, user: User = someUser(), over: Partial<Pending> = {}): Promise<Pending> {
  const pending = pendingOf(user, (await nowOf(store)) - 10, over);
  await mustCommit(store, { puts: [putOf(pending)] });
  return pending;
}
