/** The relying party's typed REST client (contract section 4), for a backend: it holds the API key. */
import { randomId } from './base64url.ts';
import { createHttpClient } from './http-client.ts';
import type { HttpCall, HttpClient } from './http-client.ts';
import { createHubClock } from './hub-clock.ts';
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
import { anything, having } from './reply-guards.ts';
import { createResultCheck } from './result-check.ts';
import type { ResultCheckOptions } from './result-check.ts';
import type { ResultClaims } from './result-token.ts';
import { createRuntime } from './runtime.ts';
import type { SdkRuntime } from './runtime.ts';
import { verifyWebhook } from './webhook.ts';
import { createWebhookCalls } from './webhook-calls.ts';
import type { WebhookCalls } from './webhook-calls.ts';
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

export interface RelyingPartyCallOptions {
  signal?: AbortSignal;
}

type Options<More extends object = object> = RelyingPartyCallOptions & More;

/** Every call ends by its deadline; failures are `VerihubError`s. */
export interface RelyingParty extends WebhookCalls {
  /** Repeated safely after a lost reply: the key is made here unless given. Give one to survive a restart of your own. */
  createVerification: (
    request: CreateVerificationRequest,
    options?: Options<{ idempotencyKey?: string }>,
  ) => Promise<CreateVerificationReply>;
  /** `waitSeconds` (up to 30) with `rev` long-polls for the next change. */
  getVerification: (id: string, options?: Options<{ waitSeconds?: number; rev?: number }>) => Promise<VerificationView>;
  /** Not repeated by itself after a lost reply, because each try counts. */
  submitCode: (id: string, code: string, options?: Options) => Promise<VerificationView>;
  /** Not repeated by itself after a lost reply. */
  resend: (id: string, step?: DeliveryStepName, options?: Options) => Promise<VerificationView>;
  cancel: (id: string, options?: Options) => Promise<VerificationView>;
  timeline: (id: string, options?: Options) => Promise<TimelineEntry[]>;
  /** Once per approved verification: `trust-already-granted` after that. */
  trust: (id: string, options?: Options<{ days?: number }>) => Promise<TrustReply>;
  putUser: (userId: string, user: PutUserRequest, options?: Options) => Promise<UserView>;
  getUser: (userId: string, options?: Options) => Promise<UserView>;
  deleteUser: (userId: string, options?: Options) => Promise<void>;
  createEnrollment: (userId: string, options?: Options<{ deviceName?: string }>) => Promise<EnrollmentReply>;
  listDevices: (userId: string, options?: Options) => Promise<DeviceView[]>;
  revokeDevice: (userId: string, deviceId: string, options?: Options) => Promise<void>;
  listTrustedBrowsers: (userId: string, options?: Options) => Promise<TrustedBrowserView[]>;
  revokeTrustedBrowser: (userId: string, id: string, options?: Options) => Promise<void>;
  /**
   * Checks the result token that the browser handed in: signature, `typ`, `iss`, `aud`, `exp`, `jti` and that it is approved.
   * Rejects with `result-invalid`, `result-not-approved` or `result-used`.
   */
  verifyResultToken: (token: string, options: ResultCheckOptions) => Promise<ResultClaims>;
  /** See `verifyWebhook`; on the hub's clock. */
  verifyWebhook: (
    rawBody: string | Uint8Array,
    headers: WebhookHeaders,
    keys: string | readonly string[],
  ) => Promise<WebhookEvent>;
}

export function createRelyingParty(options: RelyingPartyOptions): RelyingParty {
  const runtime = createRuntime(options.runtime);
  const { timeoutMs, deadlineMs, apiKey, applicationId } = options;
  const clock = createHubClock(runtime);
  const endpoint = parseHubOrigin(options.endpoint ?? options.hub);
  const http = createHttpClient({ endpoint, runtime, timeoutMs, deadlineMs, onServerTime: clock.observe });
  const hub = createCalls(http, apiKey);
  const verifications = createVerificationCalls(hub);
  const issuer = parseHubOrigin(options.hub);
  const { getVerification } = verifications;
  return {
    ...verifications,
    ...createUserCalls(hub),
    ...createWebhookCalls(hub.send),
    verifyResultToken: createResultCheck({ http, runtime, clock, issuer, applicationId, getVerification }),
    verifyWebhook: (rawBody, headers, keys) => verifyWebhook(rawBody, headers, keys, clock.now()),
  };
}

type Timing = Pick<HttpCall<unknown>, 'timeoutMs' | 'deadlineMs' | 'headers'>;
type Settings = Timing & { signal?: AbortSignal | undefined; body?: unknown; repeatable?: boolean };

interface Calls {
  send: <T>(
    method: HttpCall<T>['method'],
    path: string,
    read: (body: unknown) => body is T,
    settings: Settings,
  ) => Promise<T>;
  verification: (method: 'GET' | 'POST', path: string, settings: Settings) => Promise<VerificationView>;
  remove: (path: string, signal: AbortSignal | undefined) => Promise<void>;
}

function createCalls(http: HttpClient, apiKey: string): Calls {
  const credential = (): string => apiKey;
  const send: Calls['send'] = (method, path, read, settings) =>
    http.call({ repeatable: true, ...settings, method, path, read, credential });
  return {
    send,
    async verification(method, path, settings) {
      return (await send(method, path, having<VerificationReply>('verification'), settings)).verification;
    },
    async remove(path, signal) {
      await send('DELETE', path, anything, { signal });
    },
  };
}

type VerificationCalls = Pick<
  RelyingParty,
  'createVerification' | 'getVerification' | 'submitCode' | 'resend' | 'cancel' | 'timeline' | 'trust'
>;

function createVerificationCalls({ send, verification }: Calls): VerificationCalls {
  const pathOf = (id: string): string => `/v1/verifications/${encodeURIComponent(id)}`;
  return {
    createVerification(body, { idempotencyKey = randomId(), signal } = {}) {
      const headers = { 'idempotency-key': idempotencyKey };
      return send('POST', '/v1/verifications', having<CreateVerificationReply>('waiterToken'), {
        body,
        headers,
        signal,
      });
    },
    getVerification(id, { waitSeconds, rev, signal } = {}) {
      if (waitSeconds === undefined) return verification('GET', pathOf(id), { signal });
      const since = rev === undefined ? '' : `&rev=${rev}`;
      // The hub holds the call for `waitSeconds`; one repeat of that fits the deadline.
      const timing = { timeoutMs: (waitSeconds + 10) * 1_000, deadlineMs: (waitSeconds + 10) * 2_000 };
      return verification('GET', `${pathOf(id)}?wait=${waitSeconds}${since}`, { ...timing, signal });
    },
    submitCode: (id, code, { signal } = {}) =>
      verification('POST', `${pathOf(id)}/code`, { body: { code }, repeatable: false, signal }),
    resend(id, step, { signal } = {}) {
      const body = step === undefined ? {} : { step };
      return verification('POST', `${pathOf(id)}/resend`, { body, repeatable: false, signal });
    },
    cancel: (id, { signal } = {}) => verification('POST', `${pathOf(id)}/cancel`, { body: {}, signal }),
    async timeline(id, { signal } = {}) {
      return (await send('GET', `${pathOf(id)}/timeline`, having<TimelineReply>('timeline'), { signal })).timeline;
    },
    trust(id, { days, signal } = {}) {
      const body = days === undefined ? {} : { days };
      return send('POST', `${pathOf(id)}/trust`, having<TrustReply>('trustToken'), { body, signal });
    },
  };
}

type UserCalls = Omit<
  RelyingParty,
  keyof VerificationCalls | keyof WebhookCalls | 'verifyResultToken' | 'verifyWebhook'
>;

function createUserCalls({ send, remove }: Calls): UserCalls {
  const pathOf = (userId: string): string => `/v1/users/${encodeURIComponent(userId)}`;
  const deviceOf = (userId: string, id: string): string => `${pathOf(userId)}/devices/${encodeURIComponent(id)}`;
  const browsersOf = (userId: string): string => `${pathOf(userId)}/trusted-browsers`;
  const browserList = having<TrustedBrowserListReply>('trustedBrowsers');
  return {
    async putUser(userId, body, { signal } = {}) {
      return (await send('PUT', pathOf(userId), having<UserReply>('user'), { body, signal })).user;
    },
    async getUser(userId, { signal } = {}) {
      return (await send('GET', pathOf(userId), having<UserReply>('user'), { signal })).user;
    },
    deleteUser: (userId, { signal } = {}) => remove(pathOf(userId), signal),
    createEnrollment(userId, { deviceName, signal } = {}) {
      const body = deviceName === undefined ? {} : { deviceName };
      return send('POST', `${pathOf(userId)}/enrollments`, having<EnrollmentReply>('enrollmentToken'), {
        body,
        signal,
      });
    },
    async listDevices(userId, { signal } = {}) {
      return (await send('GET', `${pathOf(userId)}/devices`, having<DeviceListReply>('devices'), { signal })).devices;
    },
    revokeDevice: (userId, deviceId, { signal } = {}) => remove(deviceOf(userId, deviceId), signal),
    async listTrustedBrowsers(userId, { signal } = {}) {
      return (await send('GET', browsersOf(userId), browserList, { signal })).trustedBrowsers;
    },
    revokeTrustedBrowser: (userId, id, { signal } = {}) =>
      remove(`${browsersOf(userId)}/${encodeURIComponent(id)}`, signal),
  };
}
