// The outbox: messages in lanes, of which only the head can be claimed.
import type { DatabaseSync } from 'node:sqlite';
import type { Timestamp } from '../../core/verification.ts';
import type { ClaimedMessage, OutboxMessage, Unit } from '../../ports/store.ts';
import { integer, isJsonObject, optionalInteger, text, type Row } from './rows.ts';

/** A message made ready when it was handed in. */
export type MessageRow = Omit<OutboxMessage, 'payload'> & { payload: string };

export interface Outbox {
  enqueue(message: MessageRow): void;
  claim(now: Timestamp, topics: readonly OutboxMessage['topic'][], limit: number, leaseMs: number): ClaimedMessage[];
  /** False: it was claimed again since, or taken out. */
  settle(settle: NonNullable<Unit['settle']>): boolean;
  dropSends(subject: string): void;
  release(message: ClaimedMessage): void;
  /** Ends every lease: their holder was another process, and it is gone. */
  takeBack(): void;
  /** When the next one of each topic can be claimed. */
  wakeAt(): Partial<Record<OutboxMessage['topic'], Timestamp>>;
  /** The oldest of a topic. */
  list(topic: OutboxMessage['topic'], limit: number): OutboxMessage[];
  count(topic: OutboxMessage['topic']): number;
}

export function toMessageRow(message: OutboxMessage): MessageRow {
  const { notBefore, createdAt, payload } = message;
  return {
    ...message,
    notBefore: Math.ceil(notBefore),
    createdAt: Math.ceil(createdAt),
    payload: JSON.stringify(payload),
  };
}

export function createOutbox(db: DatabaseSync, nextFence: () => number): Outbox {
  const statements = prepareStatements(db);
  const { find, replace, insert, remove, promote } = statements;

  const takeOut = (row: Row): void => {
    remove.run(integer(row, 'seq'));
    promote.run(text(row, 'lane'));
  };

  return {
    enqueue: (message) => {
      const { id, topic, lane, applicationId, subject, notBefore, attempts, createdAt, payload } = message;
      const waiting = find.get(id);
      if (waiting !== undefined && text(waiting, 'lane') === lane) {
        replace.run(topic, applicationId, subject, notBefore, attempts, createdAt, payload, integer(waiting, 'seq'));
        return;
      }
      if (waiting !== undefined) takeOut(waiting);
      insert.run(id, topic, lane, applicationId, subject, notBefore, attempts, createdAt, payload);
    },
    claim: (now, topics, limit, leaseMs) => {
      // A query per topic walks the index and stops at the limit, however long the backlog is.
      const rows = [...new Set(topics)]
        .flatMap((topic) => statements.ready.all(topic, now, limit))
        .toSorted((a, b) => integer(a, 'wake_at') - integer(b, 'wake_at'))
        .slice(0, limit);
      if (rows.length === 0) return [];
      const fence = nextFence();
      return rows.map((row) => {
        statements.lease.run(Math.ceil(now + leaseMs), fence, integer(row, 'seq'));
        return { ...messageOf(row), attempts: integer(row, 'attempts') + 1, fence };
      });
    },
    settle: ({ id, fence, outcome }) => {
      const row = find.get(id);
      if (row === undefined || integer(row, 'fence') !== fence) return false;
      if (typeof outcome === 'object') {
        statements.retry.run(Math.ceil(outcome.retryAt), integer(row, 'seq'));
        return true;
      }
      takeOut(row);
      return true;
    },
    dropSends: (subject) => {
      for (const row of statements.dropSends.all(subject)) promote.run(text(row, 'lane'));
    },
    release: ({ id, fence }) => {
      statements.release.run(id, fence);
    },
    takeBack: () => db.exec('UPDATE outbox SET wake_at = not_before WHERE wake_at > not_before'),
    wakeAt: () => {
      const times: ReturnType<Outbox['wakeAt']> = {};
      for (const topic of topics) {
        const at = optionalInteger(statements.next.get(topic), 'at');
        if (at !== undefined) times[topic] = at;
      }
      return times;
    },
    list: (topic, limit) => statements.list.all(topic, limit).map(messageOf),
    count: (topic) => integer(statements.count.get(topic), 'n'),
  };
}

function messageOf(row: Row): OutboxMessage {
  const payload: unknown = JSON.parse(text(row, 'payload'));
  const topic = text(row, 'topic');
  if (!isTopic(topic) || !isJsonObject(payload)) throw new TypeError('A stored message is not a message.');
  return {
    id: text(row, 'id'),
    topic,
    lane: text(row, 'lane'),
    applicationId: text(row, 'application_id'),
    subject: text(row, 'subject'),
    notBefore: integer(row, 'not_before'),
    payload,
    createdAt: integer(row, 'created_at'),
    attempts: integer(row, 'attempts'),
  };
}

const topics: readonly OutboxMessage['topic'][] = ['push', 'sms', 'webhook'];

function isTopic(value: string): value is OutboxMessage['topic'] {
  return topics.some((topic) => topic === value);
}

/** A replaced message keeps its place; its fence of 0 is nobody's, so that a claim of the one before can no longer settle it. */
function prepareStatements(db: DatabaseSync) {
  return {
    find: db.prepare('SELECT seq, lane, fence FROM outbox WHERE id = ?'),
    insert:
      db.prepare(`INSERT INTO outbox (id, topic, lane, application_id, subject, not_before, attempts, created_at, payload, wake_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, iif(EXISTS (SELECT 1 FROM outbox WHERE lane = ?3), NULL, ?6))`),
    replace:
      db.prepare(`UPDATE outbox SET topic = ?1, application_id = ?2, subject = ?3, not_before = ?4, attempts = ?5,
      created_at = ?6, payload = ?7, fence = 0, wake_at = iif(wake_at IS NULL, NULL, ?4) WHERE seq = ?8`),
    remove: db.prepare('DELETE FROM outbox WHERE seq = ?'),
    promote: db.prepare(`UPDATE outbox SET wake_at = not_before
      WHERE seq = (SELECT seq FROM outbox WHERE lane = ? ORDER BY seq LIMIT 1) AND wake_at IS NULL`),
    ready: db.prepare('SELECT * FROM outbox WHERE topic = ? AND wake_at <= ? ORDER BY wake_at, seq LIMIT ?'),
    lease: db.prepare('UPDATE outbox SET wake_at = ?, fence = ?, attempts = attempts + 1 WHERE seq = ?'),
    retry: db.prepare('UPDATE outbox SET not_before = ?1, wake_at = ?1 WHERE seq = ?2'),
    release: db.prepare('UPDATE outbox SET wake_at = not_before WHERE id = ? AND fence = ?'),
    dropSends: db.prepare("DELETE FROM outbox WHERE subject = ? AND topic IN ('push', 'sms') RETURNING lane"),
    next: db.prepare('SELECT min(wake_at) AS at FROM outbox WHERE topic = ? AND wake_at IS NOT NULL'),
    list: db.prepare('SELECT * FROM outbox WHERE topic = ? ORDER BY created_at, seq LIMIT ?'),
    count: db.prepare('SELECT count(*) AS n FROM outbox WHERE topic = ?'),
  };
}
