// Whom each step could reach at this moment.
import type { Reach } from '../core/events.ts';
import type { StepName, StepReason } from '../core/verification.ts';
import type { DeviceRecord, UserRecord } from '../ports/records.ts';
import type { Context } from './context.ts';

export interface Recipient {
  user: UserRecord | undefined;
  devices: DeviceRecord[];
}

/** The SMS step has one target. The number itself is read when it is sent, never copied into the verification. */
export const phoneTarget = 'phone';

export function activeDevices(devices: readonly DeviceRecord[]): DeviceRecord[] {
  return devices.filter((device) => device.revokedAt === undefined);
}

export async function reachOf(context: Context, applicationId: string, userId: string, recipient: Recipient): Promise<Reach> {
  const { channels } = context;
  const devices = activeDevices(recipient.devices);
  const ids = new Set(devices.map((device) => device.id));
  const connected = devices.length === 0 ? [] : await connectedDevices(context, applicationId, userId);
  const online = connected.filter((id) => ids.has(id));
  const pushable = devices.filter((device) => device.pushToken?.status === 'active').map((device) => device.id);
  return {
    socket: someOr(online, 'no-device-online'),
    push: channels.push === undefined ? { skip: 'not-configured' } : someOr(pushable, 'no-push-token'),
    sms: smsReach(context, recipient.user),
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

function smsReach(context: Context, user: UserRecord | undefined): Reach['sms'] {
  if (context.channels.sms === undefined) return { skip: 'not-configured' };
  return user?.phoneNumber === undefined ? { skip: 'no-phone-number' } : { targets: [phoneTarget] };
}

function someOr(targets: string[], skip: StepReason): { targets: string[] } | { skip: StepReason } {
  return targets.length > 0 ? { targets } : { skip };
}

/** The reach of a verification's user, read now. */
export async function readReach(context: Context, applicationId: string, userId: string, userRecordId: string): Promise<Reach> {
  const [{ records }, { records: devices }] = await Promise.all([
    context.store.read([{ kind: 'user', id: userRecordId }]),
    context.store.list({ kind: 'device', applicationId, userId }),
  ]);
  return reachOf(context, applicationId, userId, { user: records[0], devices });
}

/** Nothing can be reached: what a step is told whose handling keeps failing, so that the next one gets its turn. */
export function unreachable(reason: StepReason, enrolled: boolean): Reach {
  const skip: Record<StepName, { skip: StepReason }> = { socket: { skip: reason }, push: { skip: reason }, sms: { skip: reason } };
  return { ...skip, enrolled };
}
