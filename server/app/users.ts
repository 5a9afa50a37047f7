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
  put(application: ApplicationRecord, userId: string, changes: UserChanges): Promise<{ user: UserRecord; now: Timestamp }>;
  /** @throws ProblemError `not-found` */
  get(applicationId: string, userId: string): Promise<{ user: UserRecord; now: Timestamp }>;
  /** Revokes devices and trusted browsers, cancels what is pending, and forgets the user. @throws ProblemError `not-found` */
  remove(application: ApplicationRecord, userId: string): Promise<void>;
  setDelivery(applicationId: string, userId: string, delivery: DeliveryPreference): Promise<{ user: UserRecord; now: Timestamp }>;
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
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { user, isNew, now } = await userForWrite(context, applicationId, userId);
    const record = { ...applyChanges(user, changes), rev: isNew ? 1 : user.rev + 1 };
    const result = await context.store.commit({ puts: [{ kind: 'user', record }] });
    if (result.ok) return { user: record, now: result.now };
    context.logger.debug({ now }, 'user changed under the write');
  }
  throw new StoreUnavailableError('The user record kept changing under the write.');
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
  const { user } = await get(context, applicationId, userId);
  const { store } = context;
  const { records: pending } = await store.list({ kind: 'verification', applicationId, userId });
  for (const verification of pending) {
    await change(context, verification.id, () => ({ type: 'cancel', by: 'relying-party' }));
  }
  const { records: devices } = await store.list({ kind: 'device', applicationId, userId });
  for (const device of activeDevices(devices)) await revokeDevice(context, applicationId, userId, device.id);
  const { now, records: browsers } = await store.list({ kind: 'trusted-browser', applicationId, userId });
  const expired = browsers.map((browser): Put => {
    const { previous: _dead, ...rest } = browser;
    const record = { ...rest, rev: browser.rev + 1, expiresAt: Math.min(browser.expiresAt, now) };
    return { kind: 'trusted-browser', record, forgetAt: now + context.settings.retentionMs };
  });
  await store.commit({ puts: expired, removes: [{ kind: 'user', id: user.id }] });
}
