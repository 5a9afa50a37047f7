// Devices: enrolled with proof of possession, recognised by their own signature, revoked at once.
import { formatBearer, parseBearer } from '../core/bearer.ts';
import { ProblemError } from '../core/errors.ts';
import { makeId, shardOf } from '../core/ids.ts';
import { devicesPerUser } from '../core/limits.ts';
import type { Timestamp } from '../core/verification.ts';
import type { ApplicationRecord, DeviceRecord, EnrollmentRecord, PublicKeyJwk } from '../ports/records.ts';
import { StoreUnavailableError, type Put } from '../ports/store.ts';
import type { AuthenticatedDevice, Context } from './context.ts';
import { keptToken, registerToken } from './push-tokens.ts';
import { activeDevices } from './reach.ts';
import { userForWrite } from './user-record.ts';
import { deviceWebhook } from './webhooks.ts';

/** Contract section 3: an enrollment token lives at most ten minutes. */
const enrollmentMs = 10 * 60_000;
/** A verification lives no longer (contract section 4). */
const longestLifeMs = 600_000;
const attempts = 16;

export interface EnrollRequest {
  name: string;
  platform: string;
  signingKey: PublicKeyJwk;
  encryptionKey: PublicKeyJwk;
  pushToken?: { provider: string; token: string };
  proof: string;
}

export interface Devices {
  createEnrollment(
    application: ApplicationRecord,
    userId: string,
    deviceName?: string,
  ): Promise<{ enrollmentToken: string; uri: string; expiresAt: Timestamp; now: Timestamp }>;
  /** The same token with the same key, before it expires, gets the same device again. @throws ProblemError `unauthenticated`, `invalid` */
  enroll(
    enrollmentToken: string,
    request: EnrollRequest,
  ): Promise<{ device: DeviceRecord; application: ApplicationRecord; now: Timestamp }>;
  /** @throws ProblemError `unauthenticated`, `clock-skew` */
  authenticate(token: string): Promise<AuthenticatedDevice>;
  /** Active devices, oldest first. */
  list(applicationId: string, userId: string): Promise<{ devices: DeviceRecord[]; now: Timestamp }>;
  /** Its sockets close at once. @throws ProblemError `not-found` */
  revoke(applicationId: string, userId: string, deviceId: string): Promise<void>;
  setPushToken(device: AuthenticatedDevice, token: { provider: string; token: string }): Promise<Timestamp>;
  /** Whether the device is still enrolled; sockets ask again and again. */
  isActive(deviceId: string): Promise<boolean>;
}

export function createDevices(context: Context): Devices {
  return {
    createEnrollment: (application, userId, deviceName) => createEnrollment(context, application, userId, deviceName),
    enroll: (token, request) => enroll(context, token, withBareKeys(request)),
    authenticate: (token) => authenticate(context, token),
    list: async (applicationId, userId) => {
      const { now, records } = await context.store.list({ kind: 'device', applicationId, userId });
      return { devices: activeDevices(records).map((device) => withKeptToken(device, now)), now };
    },
    revoke: (applicationId, userId, deviceId) => revokeDevice(context, applicationId, userId, deviceId),
    setPushToken: (device, token) => setPushToken(context, device, token),
    isActive: async (deviceId) => {
      const { records } = await context.store.read([{ kind: 'device', id: deviceId }]);
      return records[0] !== undefined && records[0].revokedAt === undefined;
    },
  };
}

async function createEnrollment(context: Context, application: ApplicationRecord, userId: string, deviceName?: string) {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { user, isNew, now } = await userForWrite(context, application.id, userId);
    const id = makeId('enr', context.random.uuid(), shardOf(application.id, userId));
    const secret = context.random.secret(32);
    const expiresAt = now + enrollmentMs;
    const record: EnrollmentRecord = {
      id,
      rev: 1,
      applicationId: application.id,
      userId,
      tokenHash: context.secrets.hash(secret),
      createdAt: now,
      expiresAt,
      ...(deviceName === undefined ? {} : { deviceName }),
    };
    const puts: Put[] = isNew ? [{ kind: 'user', record: user }] : [];
    const result = await context.store.commit({ puts: [...puts, { kind: 'enrollment', record, forgetAt: expiresAt }] });
    if (!result.ok) continue;
    const enrollmentToken = formatBearer(id, secret);
    return { enrollmentToken, uri: `${context.settings.origin}/enroll#${enrollmentToken}`, expiresAt, now };
  }
  throw new StoreUnavailableError('The user record kept changing under the write.');
}

/** Without what a key says of itself besides its point. */
function withBareKeys(request: EnrollRequest): EnrollRequest {
  const bare = ({ kty, crv, x, y }: PublicKeyJwk): PublicKeyJwk => ({ kty, crv, x, y });
  return { ...request, signingKey: bare(request.signingKey), encryptionKey: bare(request.encryptionKey) };
}

function withKeptToken({ pushToken, ...device }: DeviceRecord, now: Timestamp): DeviceRecord {
  const kept = keptToken(pushToken, now);
  return kept === undefined ? device : { ...device, pushToken: kept };
}

const refusedToken = 'This enrollment token is unknown, used or expired. Ask for a new one and scan it again.';

async function enroll(context: Context, token: string, request: EnrollRequest) {
  const { proofs, store } = context;
  const bearer = parseBearer('enr', token);
  if (bearer === undefined) throw new ProblemError('unauthenticated', refusedToken);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await store.read([{ kind: 'enrollment', id: bearer.id }]);
    const [enrollment] = records;
    const isLive =
      enrollment !== undefined &&
      now < enrollment.expiresAt &&
      context.secrets.matches(bearer.secret, enrollment.tokenHash);
    if (!isLive) throw new ProblemError('unauthenticated', refusedToken);
    const { signingKey, encryptionKey } = request;
    const proof = await proofs.checkEnrollment(request.proof, { enrollmentToken: token, signingKey, encryptionKey });
    if (!proof.ok) throw proofProblem(proof.fault, proof.detail);
    const thumbprint = proof.claims.signingKeyThumbprint;
    if (enrollment.spent !== undefined) return enrolledBefore(context, enrollment.spent, thumbprint, now);
    const enrolled = await tryEnroll(context, enrollment, request, thumbprint, now);
    if (enrolled !== undefined) return enrolled;
  }
  throw new StoreUnavailableError('The enrollment kept changing under the write.');
}

function proofProblem(fault: string, detail: string): ProblemError {
  if (fault !== 'malformed')
    return new ProblemError('unauthenticated', `The proof of possession was refused: ${detail}`);
  // A faulty key is named at the head of the detail; whatever else is malformed is the proof itself.
  const key = /^(signingKey|encryptionKey): /u.exec(detail)?.[1];
  return new ProblemError('invalid', detail, { errors: [{ pointer: `/${key ?? 'proof'}`, detail }] });
}

/** A lost reply strands nobody: same token, same key, same answer. */
async function enrolledBefore(
  context: Context,
  spent: NonNullable<EnrollmentRecord['spent']>,
  thumbprint: string,
  now: Timestamp,
) {
  if (spent.signingKeyThumbprint !== thumbprint) throw new ProblemError('unauthenticated', refusedToken);
  const { records } = await context.store.read([{ kind: 'device', id: spent.deviceId }]);
  const [device] = records;
  if (device === undefined || device.revokedAt !== undefined) throw new ProblemError('unauthenticated', refusedToken);
  return { device, application: await applicationOf(context, device.applicationId), now };
}

async function applicationOf(context: Context, id: string): Promise<ApplicationRecord> {
  const { records } = await context.store.read([{ kind: 'application', id }]);
  const [application] = records;
  if (application === undefined) throw new ProblemError('unauthenticated', 'The application of this device is gone.');
  return application;
}

async function tryEnroll(
  context: Context,
  enrollment: EnrollmentRecord,
  request: EnrollRequest,
  thumbprint: string,
  now: Timestamp,
) {
  const { applicationId, userId } = enrollment;
  const { user, isNew } = await userForWrite(context, applicationId, userId);
  // The person was deleted since; whoever has this id now is somebody else.
  if (isNew || user.createdAt > enrollment.createdAt) throw new ProblemError('unauthenticated', refusedToken);
  const { records: known } = await context.store.list({ kind: 'device', applicationId, userId });
  if (activeDevices(known).length >= devicesPerUser) {
    const detail = `This person already has ${devicesPerUser} devices. Remove one before adding another.`;
    throw new ProblemError('invalid', detail);
  }
  const device: DeviceRecord = {
    id: makeId('dev', context.random.uuid(), shardOf(applicationId, userId)),
    rev: 1,
    applicationId,
    userId,
    name: request.name,
    platform: request.platform,
    signingKey: request.signingKey,
    encryptionKey: request.encryptionKey,
    createdAt: now,
    ...(request.pushToken === undefined ? {} : { pushToken: registerToken(undefined, request.pushToken, now) }),
  };
  const spent: EnrollmentRecord = {
    ...enrollment,
    rev: enrollment.rev + 1,
    spent: { deviceId: device.id, signingKeyThumbprint: thumbprint },
  };
  const result = await context.store.commit({
    before: enrollment.expiresAt,
    puts: [
      { kind: 'device', record: device },
      { kind: 'enrollment', record: spent, forgetAt: enrollment.expiresAt },
      // Written as well, so that of two at once the second counts the first, and none slips past a deletion.
      { kind: 'user', record: { ...user, rev: user.rev + 1 } },
    ],
    enqueue: await deviceWebhook(context, device, 'device.enrolled', now),
  });
  if (!result.ok) return undefined;
  context.bus.publish({ type: 'work' });
  return { device, application: await applicationOf(context, applicationId), now };
}

const refusedDevice = 'The device token was refused. Enroll this device again if it was removed.';

async function authenticate(context: Context, token: string): Promise<AuthenticatedDevice> {
  const deviceId = context.proofs.deviceIdOf(token);
  if (deviceId === undefined) throw new ProblemError('unauthenticated', refusedDevice);
  const { now, records } = await context.store.read([{ kind: 'device', id: deviceId }]);
  const [device] = records;
  if (device === undefined || device.revokedAt !== undefined) throw new ProblemError('unauthenticated', refusedDevice);
  const proof = await context.proofs.checkDeviceToken(token, device.id, device.signingKey, now);
  if (proof.ok) return device;
  if (proof.fault === 'clock-skew') {
    throw new ProblemError('clock-skew', "The device's clock is off. Correct it by serverTime and try again.", {
      serverTime: now,
    });
  }
  // With the hub's time, so that a device whose clock is a little off can make one that lives.
  if (proof.fault === 'expired') {
    throw new ProblemError('unauthenticated', 'The device token has expired. Make a new one by serverTime.', {
      serverTime: now,
    });
  }
  throw new ProblemError('unauthenticated', `${refusedDevice} ${proof.detail}`);
}

export async function revokeDevice(
  context: Context,
  applicationId: string,
  userId: string,
  deviceId: string,
): Promise<void> {
  await updateDevice(context, deviceId, 'device.revoked', (device, now) => {
    if (device.applicationId !== applicationId || device.userId !== userId) throw noDevice();
    const { pushToken: _gone, ...rest } = device;
    return { ...rest, revokedAt: now };
  });
  context.bus.publish({ type: 'device-revoked', deviceId, applicationId, userId });
}

function noDevice(): ProblemError {
  return new ProblemError('not-found', 'There is no such device, or it was removed already.');
}

async function updateDevice(
  context: Context,
  deviceId: string,
  event: 'device.revoked' | undefined,
  make: (device: DeviceRecord, now: Timestamp) => DeviceRecord,
): Promise<Timestamp> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await context.store.read([{ kind: 'device', id: deviceId }]);
    const [device] = records;
    if (device === undefined || device.revokedAt !== undefined) throw noDevice();
    const record: DeviceRecord = { ...make(device, now), rev: device.rev + 1 };
    const enqueue = event === undefined ? [] : await deviceWebhook(context, record, event, now);
    // A revoked device is kept as long as the verifications whose evidence it signed.
    const kept =
      record.revokedAt === undefined
        ? {}
        : { forgetAt: record.revokedAt + longestLifeMs + context.settings.retentionMs };
    const result = await context.store.commit({ puts: [{ kind: 'device', record, ...kept }], enqueue });
    if (!result.ok) continue;
    context.bus.publish({ type: 'work' });
    return result.now;
  }
  throw new StoreUnavailableError('The device kept changing under the write.');
}

async function setPushToken(
  context: Context,
  device: AuthenticatedDevice,
  token: { provider: string; token: string },
): Promise<Timestamp> {
  return updateDevice(context, device.id, undefined, (current, now) => ({
    ...current,
    pushToken: registerToken(current.pushToken, token, now),
  }));
}
