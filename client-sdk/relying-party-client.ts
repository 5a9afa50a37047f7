/** The relying party's typed REST client (contract section 4), for a backend: it holds the API key. */
import { decodeJwt } from 'jose';
import { randomId } from './base64url.ts';
import { VerihubError } from './errors.ts';
import { createHttpClient } from './http-client.ts';
import type { HttpCall } from './http-client.ts';
import { parseHubOrigin } from './hub-origin.ts';
import type {
  CreateVerificationReply,
  CreateVerificationRequest,
  DeliveryStepName,
  DeviceListReply,
  DeviceView,
  EnrollmentReply,
  PutUserRequest,
  TimelineEntry,
  TimelineReply,
  TrustedBrowserListReply,
  TrustedBrowserView,
  TrustReply,
  UserReply,
  UserView,
  VerificationReply,
  VerificationView,
} from './protocol.ts';
import { checkResultToken, createResultKeys } from './result-token.ts';
import type { ResultClaims } from './result-token.ts';
import { createRuntime } from './runtime.ts';
import type { SdkRuntime } from './runtime.ts';
import { verifyWebhook } from './webhook.ts';
import type { WebhookEvent, WebhookHeaders } from './webhook.ts';

export interface RelyingPartyOptions {
  /** The hub's public origin: what its tokens name as issuer. */
  hub: string;
  /** Where the hub is reached from here, if not at its public origin (an internal address). */
  endpoint?: string;
  apiKey: string;
  /** `app_…`: who result tokens are for. Without it, it is learned once from the hub itself. */
  applicationId?: string;
  /** One try, milliseconds; default 8,000. */
  timeoutMs?: number;
  /** A call with all its repeats, milliseconds; default 25,000. */
  deadlineMs?: number;
  runtime?: Partial<SdkRuntime>;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface ResultCheckOptions extends CallOptions {
  /** The verification that this browser session began; never one that the browser names. */
  verificationId: string;
  applicationId?: string;
  /** Records the use of a verification's result and tells whether it was used before. Without it, the caller must see to one-time use. */
  seen?: (verificationId: string, expiresAt: Date) => boolean | Promise<boolean>;
}

/** Every call ends by its deadline; failures are `VerihubError`s. */
export interface RelyingParty {
  /** Repeated safely after a lost reply: the key is made here unless given. Give one to survive a restart of your own. */
  createVerification(
    request: CreateVerificationRequest,
    options?: CallOptions & { idempotencyKey?: string },
  ): Promise<CreateVerificationReply>;
  /** `waitSeconds` (up to 30) with `rev` long-polls for the next change. */
  getVerification(
    id: string,
    options?: CallOptions & { waitSeconds?: number; rev?: number },
  ): Promise<VerificationView>;
  submitCode(id: string, code: string, options?: CallOptions): Promise<VerificationView>;
  resend(id: string, step?: DeliveryStepName, options?: CallOptions): Promise<VerificationView>;
  cancel(id: string, options?: CallOptions): Promise<VerificationView>;
  timeline(id: string, options?: CallOptions): Promise<TimelineEntry[]>;
  /** Once per approved verification. */
  trust(id: string, options?: CallOptions & { days?: number }): Promise<TrustReply>;
  putUser(userId: string, user: PutUserRequest, options?: CallOptions): Promise<UserView>;
  getUser(userId: string, options?: CallOptions): Promise<UserView>;
  deleteUser(userId: string, options?: CallOptions): Promise<void>;
  createEnrollment(userId: string, options?: CallOptions & { deviceName?: string }): Promise<EnrollmentReply>;
  listDevices(userId: string, options?: CallOptions): Promise<DeviceView[]>;
  revokeDevice(userId: string, deviceId: string, options?: CallOptions): Promise<void>;
  listTrustedBrowsers(userId: string, options?: CallOptions): Promise<TrustedBrowserView[]>;
  revokeTrustedBrowser(userId: string, id: string, options?: CallOptions): Promise<void>;
  /**
   * Checks the result token that the browser handed in: signature, `typ`, `iss`, `aud`, `exp`, `jti` and that it is approved.
   * Rejects with `result-invalid`, `result-not-approved` or `result-used`.
   */
  verifyResultToken(token: string, options: ResultCheckOptions): Promise<ResultClaims>;
  /** See `verifyWebhook`. */
  verifyWebhook(
    rawBody: string | Uint8Array,
    headers: WebhookHeaders,
    secrets: string | readonly string[],
  ): Promise<WebhookEvent>;
}

export function createRelyingParty(options: RelyingPartyOptions): RelyingParty {
  const runtime = createRuntime(options.runtime);
  const hub = parseHubOrigin(options.hub);
  const endpoint = parseHubOrigin(options.endpoint ?? options.hub);
  const http = createHttpClient({ endpoint, runtime, timeoutMs: options.timeoutMs, deadlineMs: options.deadlineMs });
  const keys = createResultKeys(http, runtime);
  let applicationId = options.applicationId;

  function send<T>(
    method: HttpCall['method'],
    path: string,
    call: Partial<HttpCall> & { repeatable: boolean },
  ): Promise<T> {
    return http.call<T>({ ...call, method, path, credential: () => options.apiKey });
  }

  async function verification(
    method: HttpCall['method'],
    path: string,
    call: Partial<HttpCall> & { repeatable: boolean },
  ): Promise<VerificationView> {
    return (await send<VerificationReply>(method, path, { ...call, expect: 'verification' })).verification;
  }

  async function remove(path: string, signal: AbortSignal | undefined): Promise<void> {
    await send<unknown>('DELETE', path, { repeatable: true, signal });
  }

  /** The hub's own answer to our API key names us: whoever forged a token for another application cannot change it. */
  async function ownApplicationId(verificationId: string, signal: AbortSignal | undefined): Promise<string> {
    if (applicationId !== undefined) return applicationId;
    const { resultToken } = await verification('GET', verificationPath(verificationId), { repeatable: true, signal });
    applicationId = audienceOf(resultToken);
    return applicationId;
  }

  return {
    createVerification: (request, { idempotencyKey = randomId(), signal } = {}) =>
      send('POST', '/v1/verifications', {
        body: request,
        headers: { 'idempotency-key': idempotencyKey },
        expect: 'verification',
        repeatable: true,
        signal,
      }),
    getVerification(id, { waitSeconds, rev, signal } = {}) {
      const wait = waitSeconds === undefined ? '' : `?wait=${waitSeconds}${rev === undefined ? '' : `&rev=${rev}`}`;
      const timing =
        waitSeconds === undefined
          ? {}
          : { timeoutMs: (waitSeconds + 10) * 1_000, deadlineMs: (waitSeconds + 10) * 2_000 };
      return verification('GET', verificationPath(id) + wait, { repeatable: true, signal, ...timing });
    },
    // Not repeated after a lost reply: each try counts.
    submitCode: (id, code, { signal } = {}) =>
      verification('POST', `${verificationPath(id)}/code`, { body: { code }, repeatable: false, signal }),
    resend: (id, step, { signal } = {}) =>
      verification('POST', `${verificationPath(id)}/resend`, {
        body: step === undefined ? {} : { step },
        repeatable: false,
        signal,
      }),
    cancel: (id, { signal } = {}) =>
      verification('POST', `${verificationPath(id)}/cancel`, { body: {}, repeatable: true, signal }),
    timeline: async (id, { signal } = {}) =>
      (
        await send<TimelineReply>('GET', `${verificationPath(id)}/timeline`, {
          expect: 'timeline',
          repeatable: true,
          signal,
        })
      ).timeline,
    trust: (id, { days, signal } = {}) =>
      send('POST', `${verificationPath(id)}/trust`, {
        body: days === undefined ? {} : { days },
        expect: 'trustToken',
        repeatable: true,
        signal,
      }),
    putUser: async (userId, user, { signal } = {}) =>
      (await send<UserReply>('PUT', userPath(userId), { body: user, expect: 'user', repeatable: true, signal })).user,
    getUser: async (userId, { signal } = {}) =>
      (await send<UserReply>('GET', userPath(userId), { expect: 'user', repeatable: true, signal })).user,
    deleteUser: (userId, { signal } = {}) => remove(userPath(userId), signal),
    createEnrollment: (userId, { deviceName, signal } = {}) =>
      send('POST', `${userPath(userId)}/enrollments`, {
        body: deviceName === undefined ? {} : { deviceName },
        expect: 'enrollmentToken',
        repeatable: true,
        signal,
      }),
    listDevices: async (userId, { signal } = {}) =>
      (
        await send<DeviceListReply>('GET', `${userPath(userId)}/devices`, {
          expect: 'devices',
          repeatable: true,
          signal,
        })
      ).devices,
    revokeDevice: (userId, deviceId, { signal } = {}) =>
      remove(`${userPath(userId)}/devices/${encodeURIComponent(deviceId)}`, signal),
    listTrustedBrowsers: async (userId, { signal } = {}) =>
      (
        await send<TrustedBrowserListReply>('GET', `${userPath(userId)}/trusted-browsers`, {
          expect: 'trustedBrowsers',
          repeatable: true,
          signal,
        })
      ).trustedBrowsers,
    revokeTrustedBrowser: (userId, id, { signal } = {}) =>
      remove(`${userPath(userId)}/trusted-browsers/${encodeURIComponent(id)}`, signal),
    async verifyResultToken(token, { verificationId, seen, signal, applicationId: audience }) {
      const expected = audience ?? (await ownApplicationId(verificationId, signal));
      const claims = await checkResultToken(token, keys, {
        issuer: hub,
        applicationId: expected,
        verificationId,
        now: new Date(runtime.now()),
      });
      if (await seen?.(verificationId, claims.expiresAt))
        throw new VerihubError('result-used', { detail: verificationId });
      return claims;
    },
    verifyWebhook: (rawBody, headers, secrets) => verifyWebhook(rawBody, headers, secrets, runtime.now()),
  };
}

function verificationPath(id: string): string {
  return `/v1/verifications/${encodeURIComponent(id)}`;
}

function userPath(userId: string): string {
  return `/v1/users/${encodeURIComponent(userId)}`;
}

function audienceOf(resultToken: string | undefined): string {
  const aud = resultToken === undefined ? undefined : decodeJwt(resultToken).aud;
  if (typeof aud !== 'string')
    throw new VerihubError('result-invalid', { detail: 'the hub has no result for this verification yet' });
  return aud;
}
