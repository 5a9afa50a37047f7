// Dead letters: webhooks that were given up, to be looked at and sent again.
import { ProblemError } from '../core/errors.ts';
import type { Timestamp } from '../core/verification.ts';
import type { DeadLetterRecord } from '../ports/records.ts';
import type { OutboxMessage } from '../ports/store.ts';
import type { Context } from './context.ts';
import { rfc3339 } from './views.ts';

export interface DeadLetterPage {
  now: Timestamp;
  /** Oldest first. */
  deadLetters: DeadLetterRecord[];
  /** Of all pages. */
  total: number;
  /** `cursor` of the next page; undefined behind the last. */
  next: string | undefined;
}

export interface DeadLetters {
  /** Of one application, or of all. @throws ProblemError `invalid` for a cursor that is none */
  list(query: { applicationId?: string; limit: number; cursor?: string }): Promise<DeadLetterPage>;
  /**
   * Puts it back into the outbox, behind what else waits of the same verification: tried for another day, under the same id.
   * @throws ProblemError `not-found` when it is not there, or not of this application
   */
  replay(id: string, applicationId?: string): Promise<void>;
}

export function createDeadLetters(context: Pick<Context, 'store' | 'bus'>): DeadLetters {
  return {
    list: async ({ applicationId, limit, cursor }) => {
      const query = { kind: 'dead-letter', limit, ...(applicationId === undefined ? {} : { applicationId }) } as const;
      const after = cursor === undefined ? {} : { after: readCursor(cursor) };
      const { now, records, total } = await context.store.list({ ...query, ...after });
      const last = records.length < limit ? undefined : records.at(-1);
      return { now, deadLetters: records, total, next: last === undefined ? undefined : cursorOf(last) };
    },
    replay: async (id, applicationId) => {
      const ref = { kind: 'dead-letter', id } as const;
      const { now, records } = await context.store.read([ref]);
      const [found] = records;
      if (found === undefined || (applicationId !== undefined && found.applicationId !== applicationId)) throw gone();
      const unchanged = [{ ...ref, rev: found.rev }];
      const result = await context.store.commit({ unchanged, removes: [ref], enqueue: [messageOf(found, now)] });
      // Only replaying and forgetting change it: somebody else was first.
      if (!result.ok) throw gone();
      context.bus.publish({ type: 'work' });
    },
  };
}

function gone(): ProblemError {
  return new ProblemError('not-found', 'There is no such dead letter: it was replayed, or its seven days are over.');
}

function messageOf({ id, lane, applicationId, subject, payload }: DeadLetterRecord, now: Timestamp): OutboxMessage {
  const facts = { id, lane, applicationId, subject, payload };
  return { ...facts, topic: 'webhook', notBefore: now, createdAt: now, attempts: 0 };
}

function cursorOf({ createdAt, id }: DeadLetterRecord): string {
  return `${createdAt}.${id}`;
}

function readCursor(cursor: string): { createdAt: Timestamp; id: string } {
  const [, createdAt, id] = /^(\d{1,15})\.(.+)$/.exec(cursor) ?? [];
  if (createdAt === undefined || id === undefined) {
    throw new ProblemError('invalid', 'The cursor is not one that this hub gave.', {
      errors: [{ pointer: '/query/cursor', detail: 'must be `next` of the page before' }],
    });
  }
  return { createdAt: Number(createdAt), id };
}

export function viewDeadLetter(record: DeadLetterRecord) {
  const { id, subject, reason, attempts, queuedAt, createdAt } = record;
  const times = { queuedAt: rfc3339(queuedAt), givenUpAt: rfc3339(createdAt) };
  return { id, type: typeOf(record), subject, reason, attempts, ...times };
}

/** Out of the body, as it was and will be sent. */
function typeOf({ payload }: DeadLetterRecord): string {
  const { body } = payload;
  const event: unknown = typeof body === 'string' ? JSON.parse(body) : undefined;
  const isEvent = typeof event === 'object' && event !== null && 'type' in event;
  return isEvent && typeof event.type === 'string' ? event.type : 'unknown';
}
