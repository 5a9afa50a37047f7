/** Enrolls a device (contract section 5) so that a lost reply strands nobody: same token, same keys, same answer. */
import { sha256Base64Url } from './base64url.ts';
import { fromKeyStore, signCompact, thumbprint } from './device-signature.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import type { HttpClient } from './http-client.ts';
import { isTrustworthyOrigin, parseEnrollmentUri, parseHubOrigin } from './hub-origin.ts';
import type { DevicePublicKeys, DeviceRecord, KeyStore, Registration } from './key-store.ts';
import { isRecord } from './reply-guards.ts';
import type { DevicePlatform, EnrollDeviceReply, EnrollDeviceRequest, PushToken } from './protocol.ts';

export interface EnrollOptions {
  /** The scanned or opened enrollment link; carries the hub and the token. */
  uri?: string;
  /** Hub origin and token, where there is no link. */
  hub?: string;
  enrollmentToken?: string;
  /** Shown to the person in their list of devices. */
  name: string;
  platform: DevicePlatform;
  pushToken?: PushToken;
  signal?: AbortSignal;
}

export interface EnrollmentTarget {
  hub: string;
  enrollmentToken: string;
}

/** Throws `invalid-argument` or `insecure-hub`. */
export function enrollmentTarget(
  options: EnrollOptions,
  defaultHub: string | undefined,
  allowInsecureHub: boolean,
): EnrollmentTarget {
  const target = options.uri === undefined ? explicitTarget(options, defaultHub) : parseEnrollmentUri(options.uri);
  if (!allowInsecureHub && !isTrustworthyOrigin(target.hub))
    throw new VerihubError('insecure-hub', { detail: target.hub });
  return target;
}

function explicitTarget(options: EnrollOptions, defaultHub: string | undefined): EnrollmentTarget {
  const hub = options.hub ?? defaultHub;
  if (hub === undefined || options.enrollmentToken === undefined) {
    throw new VerihubError('invalid-argument', { detail: 'enroll() needs `uri`, or `hub` and `enrollmentToken`' });
  }
  return { hub: parseHubOrigin(hub), enrollmentToken: options.enrollmentToken };
}

/** Rejects with `enrollment-refused` when the enrollment token is used, expired or unknown; `already-enrolled`; `network`; `timeout`. */
export async function enrollDevice(
  keys: KeyStore,
  http: HttpClient,
  target: EnrollmentTarget,
  options: EnrollOptions,
): Promise<DeviceRecord> {
  const enrollment = await sha256Base64Url(target.enrollmentToken);
  const known = await fromKeyStore(() => keys.load());
  const same = known !== null && known.hub === target.hub && known.enrollment === enrollment;
  if (known?.registration) {
    if (same) return known;
    throw new VerihubError('already-enrolled', { detail: `device ${known.registration.deviceId} at ${known.hub}` });
  }
  const publicKeys =
    (same ? await fromKeyStore(() => keys.publicKeys()) : null) ?? (await fromKeyStore(() => keys.createKeys()));
  const pushToken = options.pushToken === undefined ? {} : { pushToken: options.pushToken };
  const record: DeviceRecord = { hub: target.hub, enrollment, ...pushToken };
  // Written before the first try: an app killed while waiting for the answer asks again with these keys.
  await fromKeyStore(() => keys.save(record));
  const body = await enrollmentRequest(keys, publicKeys, record, options);
  const { deviceId, userId, application } = await register(http, target.enrollmentToken, body, options.signal);
  const registration: Registration = { deviceId, userId, application: { id: application.id, name: application.name } };
  const enrolled: DeviceRecord = { ...record, registration };
  await fromKeyStore(() => keys.save(enrolled));
  return enrolled;
}

async function register(
  http: HttpClient,
  token: string,
  body: EnrollDeviceRequest,
  signal: AbortSignal | undefined,
): Promise<EnrollDeviceReply> {
  try {
    const credential = (): string => token;
    return await http.call({
      method: 'POST',
      path: '/v1/devices',
      credential,
      body,
      read: isReply,
      repeatable: true,
      signal,
    });
  } catch (thrown) {
    const error = asVerihubError(thrown);
    if (error.code !== 'unauthenticated') throw error;
    const { detail, status, requestId } = error;
    throw new VerihubError('enrollment-refused', { detail, status, requestId, cause: error });
  }
}

function isReply(body: unknown): body is EnrollDeviceReply {
  if (!isRecord(body) || typeof body['deviceId'] !== 'string' || typeof body['userId'] !== 'string') return false;
  const { application } = body;
  return isRecord(application) && typeof application['id'] === 'string' && typeof application['name'] === 'string';
}

async function enrollmentRequest(
  keys: KeyStore,
  publicKeys: DevicePublicKeys,
  record: DeviceRecord,
  options: EnrollOptions,
): Promise<EnrollDeviceRequest> {
  const claims = {
    aud: record.hub,
    enrollment: record.enrollment,
    encryptionKey: await thumbprint(publicKeys.encryption),
  };
  return {
    name: options.name,
    platform: options.platform,
    signingKey: publicKeys.signing,
    encryptionKey: publicKeys.encryption,
    ...(options.pushToken === undefined ? {} : { pushToken: options.pushToken }),
    proof: await signCompact(keys, { typ: 'enrollment+jwt' }, claims),
  };
}
