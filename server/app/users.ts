// A relying party's users: phone number, language, and how they want to be reached.
import { ProblemError } from '../core/errors.ts';
import type { Timestamp } from '../core/verification.ts';
import { userKey, type ApplicationRecord, type DeliveryPreference, type UserRecord } from '../ports/records.ts';
import { StoreUnavailableError, type Put } from '../ports/store.ts';
import { change } from './change.ts';
import type { Context } from './context.ts';
import { activeDevices } from './reach.ts';
import { revokeDevice } from './devices.ts';
import { userForWrite } from './user-record.ts';

/** `null` clears a field; a field left out stays as it is. */
export interface UserChanges {
  phoneNumber?: string | null;
  locale?: string | null;
  delivery?: DeliveryPreference;
}

export interface Users {
  /** @throws ProblemError `invalid`: no such phone number is possible */
  put(
    application: ApplicationRecord,
    userId: string,
    changes: UserChanges,
  ): Promise<{ user: UserRecord; now: Timestamp }>;
  /** @throws ProblemError `not-found` */
  get(applicationId: string, userId: string): Promise<{ user: UserRecord; now: Timestamp }>;
  /** Revokes devices and trusted browsers, cancels what is pending, and forgets the user. @throws ProblemError `not-found` */
  remove(application: ApplicationRecord, userId: string): Promise<void>;
  setDelivery(
    applicationId: string,
    userId: string,
    delivery: DeliveryPreference,
  ): Promise<{ user: UserRecord; now: Timestamp }>;
}

/** Conflicts are with a create at the same moment: they pass at once. */
const attempts = 16;

export function createUsers(context: Context): Users {
  return {
    put: (application, userId, changes) => put(context, application.id, userId, changes),
    get: (applicationId, userId) => get(context, applicationId, userId),
    remove: (application, userId) => remove(context, application.id, userId),
    setDelivery: (applicationId, userId, delivery) => put(context, applicationId, userId, { delivery }),
  };
}

async function put(context: Context, applicationId: string, userId: string, changes: UserChanges) {
  await refuseImpossible(context, changes.phoneNumber);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { user, isNew, now } = await userForWrite(context, applicationId, userId);
    const record = { ...applyChanges(user, changes), rev: isNew ? 1 : user.rev + 1 };
    const result = await context.store.commit({ puts: [{ kind: 'user', record }] });
    if (result.ok) return { user: record, now: result.now };
    context.logger.debug({ now }, 'user changed under the write');
  }
  throw new StoreUnavailableError('The user record kept changing under the write.');
}

/** Only what no phone can have. Whether an SMS may go there is the operator's policy, and may change. */
async function refuseImpossible({ phoneNumbers }: Context, phoneNumber: UserChanges['phoneNumber']): Promise<void> {
  if (phoneNumber === undefined || phoneNumber === null || (await phoneNumbers.inspect(phoneNumber)) !== undefined)
    return;
  const detail = 'is no possible phone number: its country code or its length is wrong';
  throw new ProblemError('invalid', `/phoneNumber ${detail}.`, { errors: [{ pointer: '/phoneNumber', detail }] });
}

function applyChanges(user: UserRecord, changes: UserChanges): UserRecord {
  const { phoneNumber, locale, ...rest } = user;
  const phone = changes.phoneNumber === undefined ? phoneNumber : changes.phoneNumber;
  const language = changes.locale === undefined ? locale : changes.locale;
  return {
    ...rest,
    delivery: changes.delivery ?? user.delivery,
    ...(phone === undefined || phone === null ? {} : { phoneNumber: phone }),
    ...(language === undefined || language === null ? {} : { locale: language }),
  };
}

async function get(context: Context, applicationId: string, userId: string) {
  const { now, records } = await context.store.read([{ kind: 'user', id: userKey(applicationId, userId) }]);
  const [user] = records;
  if (user === undefined) throw new ProblemError('not-found', 'There is no such user.');
  return { user, now };
}

async function remove(context: Context, applicationId: string, userId: string): Promise<void> {
  let { user } = await get(context, applicationId, userId);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    await cancelPending(context, applicationId, userId);
    await revokeDevices(context, applicationId, userId);
    const expired = await expireBrowsers(context, applicationId, userId);
    // The user goes last, so that a deletion cut short can be asked for again; and only when nothing came in between.
    const ref = { kind: 'user', id: user.id } as const;
    const result = await context.store.commit({
      unchanged: [{ ...ref, rev: user.rev }],
      puts: expired,
      removes: [ref],
    });
    if (result.ok) return;
    const { records } = await context.store.read([ref]);
    // Somebody else has deleted it meanwhile.
    if (records[0] === undefined) return;
    user = records[0];
  }
  throw new StoreUnavailableError('The user kept changing under the deletion.');
}

async function cancelPending(context: Context, applicationId: string, userId: string): Promise<void> {
  const { records } = await context.store.list({ kind: 'verification', applicationId, userId });
  for (const { id } of records) await change(context, id, () => ({ type: 'cancel', by: 'relying-party' }));
}

async function revokeDevices(context: Context, applicationId: string, userId: string): Promise<void> {
  const { records } = await context.store.list({ kind: 'device', applicationId, userId });
  for (const { id } of activeDevices(records)) {
    try {
      await revokeDevice(context, applicationId, userId, id);
    } catch (error) {
      const isGone = error instanceof ProblemError && error.code === 'not-found';
      if (!isGone) throw error;
    }
  }
}

async function expireBrowsers(context: Context, applicationId: string, userId: string): Promise<Put[]> {
  const { now, records } = await context.store.list({ kind: 'trusted-browser', applicationId, userId });
  return records.map((browser) => {
    const { previous: _dead, ...rest } = browser;
    const record = { ...rest, rev: browser.rev + 1, expiresAt: Math.min(browser.expiresAt, now) };
    return { kind: 'trusted-browser', record, forgetAt: now + context.settings.retentionMs };
  });
}
