// Whom each step could reach at this moment.
import type { Reach } from '../core/events.ts';
import { neverAllowed } from '../core/sms-policy.ts';
import type { StepReason, Verification } from '../core/verification.ts';
import { userKey, type DeviceRecord, type UserRecord } from '../ports/records.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import type { Context } from './context.ts';
import { isOptedOut } from './sms-opt-outs.ts';

type Addressee = Pick<Verification, 'applicationId' | 'userId'>;

export interface Recipient {
  user: UserRecord | undefined;
  devices: DeviceRecord[];
}

/** The SMS step has one target. The number itself is read when it is sent, never copied into the verification. */
export const phoneTarget = 'phone';

export function activeDevices(devices: readonly DeviceRecord[]): DeviceRecord[] {
  return devices.filter((device) => device.revokedAt === undefined);
}

export async function reachOf(
  context: Context,
  applicationId: string,
  userId: string,
  recipient: Recipient,
): Promise<Reach> {
  const { channels } = context;
  const devices = activeDevices(recipient.devices);
  const ids = new Set(devices.map((device) => device.id));
  const [connected, sms] = await Promise.all([
    devices.length === 0 ? [] : connectedDevices(context, applicationId, userId),
    smsReach(context, recipient.user),
  ]);
  const online = connected.filter((id) => ids.has(id));
  const pushable = devices.filter((device) => device.pushToken?.status === 'active').map((device) => device.id);
  return {
    socket: someOr(online, 'no-device-online'),
    push: channels.push === undefined ? { skip: 'not-configured' } : someOr(pushable, 'no-push-token'),
    sms,
    enrolled: devices.length > 0,
  };
}

/** Presence is a hint: when it cannot be asked, nobody counts as connected, and the other steps have their turn. */
export async function connectedDevices(context: Context, applicationId: string, userId: string): Promise<string[]> {
  try {
    return await context.presence.connectedDevices(applicationId, userId);
  } catch (error) {
    context.logger.warn({ error }, 'presence could not be asked; nobody counts as connected');
    return [];
  }
}

async function smsReach(context: Context, user: UserRecord | undefined): Promise<Reach['sms']> {
  const { channels, phoneNumbers, settings } = context;
  if (channels.sms === undefined) return { skip: 'not-configured' };
  if (user?.phoneNumber === undefined) return { skip: 'no-phone-number' };
  // What can never be sent is not begun; what only the moment forbids is found out when it is to be sent.
  const never = neverAllowed(await phoneNumbers.inspect(user.phoneNumber), settings.sms);
  if (never !== undefined) return { skip: never };
  return (await isOptedOut(context, user.phoneNumber)) ? { skip: 'opted-out' } : { targets: [phoneTarget] };
}

function someOr(targets: string[], skip: StepReason): { targets: string[] } | { skip: StepReason } {
  return targets.length > 0 ? { targets } : { skip };
}

/** The reach of a verification's user, read now. */
export async function readReach(context: Context, { applicationId, userId }: Addressee): Promise<Reach> {
  const [{ records }, { records: devices }] = await Promise.all([
    context.store.read([{ kind: 'user', id: userKey(applicationId, userId) }]),
    context.store.list({ kind: 'device', applicationId, userId }),
  ]);
  return reachOf(context, applicationId, userId, { user: records[0], devices });
}

/** As `readReach`, but what cannot be read because it is damaged only costs the steps that need it, so that the next one has its turn. */
export async function readReachDespiteDamage(context: Context, { applicationId, userId }: Addressee): Promise<Reach> {
  const { store } = context;
  const user = await unlessDamaged(store.read([{ kind: 'user', id: userKey(applicationId, userId) }]));
  const devices = await unlessDamaged(store.list({ kind: 'device', applicationId, userId }));
  const active = devices?.records ?? [];
  const whole = await unlessDamaged(
    reachOf(context, applicationId, userId, { user: user?.records[0], devices: active }),
  );
  const known = whole ?? (await reachOf(context, applicationId, userId, { user: undefined, devices: active }));
  return {
    socket: devices === undefined ? passedOver : known.socket,
    push: devices === undefined ? passedOver : known.push,
    sms: user === undefined || whole === undefined ? passedOver : known.sms,
    enrolled: devices === undefined || known.enrolled,
  };
}

const passedOver = { skip: 'provider-error' } as const;

/** A store that is away is no damage: it comes back. */
async function unlessDamaged<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    return undefined;
  }
}

/** Reaches nobody: all that is asked of the reach once the deadline has passed. */
export const nobody: Reach = { socket: passedOver, push: passedOver, sms: passedOver, enrolled: false };
