// The user's record as it is, or as it is created when the hub first meets the person.
import type { Timestamp } from '../core/verification.ts';
import { userKey, type UserRecord } from '../ports/records.ts';
import type { Context } from './context.ts';

export function newUser(applicationId: string, userId: string, now: Timestamp): UserRecord {
  return {
    id: userKey(applicationId, userId),
    rev: 1,
    applicationId,
    userId,
    delivery: 'push_then_sms',
    createdAt: now,
  };
}

/** The user as it is, or as it would be created now, ready to be written with its next rev. */
export async function userForWrite(
  context: Context,
  applicationId: string,
  userId: string,
): Promise<{ user: UserRecord; isNew: boolean; now: Timestamp }> {
  const { now, records } = await context.store.read([{ kind: 'user', id: userKey(applicationId, userId) }]);
  const [known] = records;
  return { user: known ?? newUser(applicationId, userId, now), isNew: known === undefined, now };
}
