/** The device client: what an app calls, over one key store and, once enrolled, one session with the hub. */
import { createDeviceSession } from './device-session.ts';
import type { DeviceSession, DeviceTimeouts } from './device-session.ts';
import { fromKeyStore } from './device-signature.ts';
import { describeDevice, localTime } from './device-state.ts';
import type { DeviceCondition, DeviceState } from './device-state.ts';
import { withDeadline } from './deadline.ts';
import { enrollDevice, enrollmentTarget } from './enrollment.ts';
import type { EnrollOptions } from './enrollment.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import { createHttpClient } from './http-client.ts';
import { parseHubOrigin } from './hub-origin.ts';
import type { DeviceRecord, KeyStore, Registration } from './key-store.ts';
import { createListeners } from './listeners.ts';
import { openPrompt } from './prompt-encryption.ts';
import type { PromptClosed } from './prompt-inbox.ts';
import type {
  DeliveryPreference,
  PreferencesReply,
  PromptView,
  PushToken,
  TrustedBrowserListReply,
  TrustedBrowserView,
  VerificationStatus,
} from './protocol.ts';
import type { Answer } from './device-decisions.ts';
import { createRuntime } from './runtime.ts';
import type { Cancel, SdkRuntime } from './runtime.ts';
import type { SocketSettings } from './socket-link.ts';

export interface DeviceClientOptions {
  keyStore: KeyStore;
  /** Hub origin for `enroll` when it gets no `uri` and no `hub`. */
  hub?: string;
  /** Where the hub is reached, if not at its own origin (a tunnel, a test). */
  endpoint?: string;
  socket?: SocketSettings;
  timeouts?: DeviceTimeouts;
  runtime?: Partial<SdkRuntime>;
  /** Permits a hub without https on another machine. Only for trials. */
  allowInsecureHub?: boolean;
  /** How a time of day is written in texts; default: the platform's locale. */
  formatTime?: (epochMs: number) => string;
}

export interface PushOptions {
  /** Called with what the push itself carried, before the hub confirmed it: to show, not to approve. */
  onHint?: (prompt: PromptView) => void;
  signal?: AbortSignal;
}

export interface CallOptions {
  signal?: AbortSignal;
}

/** Every promise ends: with its value, or with a `VerihubError` by its time-out at the latest. */
export interface DeviceClient {
  /** Safe to call again with the same link after any failure. */
  enroll(options: EnrollOptions): Promise<Registration>;
  /** What this device is enrolled as, or null. */
  registration(): Promise<Registration | null>;
  /** Starts the connection and keeps it; rejects with `not-enrolled`. How it fares comes by `onState`. */
  connect(): Promise<void>;
  /** Ends the connection at once; what is in flight fails with `closed`. */
  close(): void;
  /** Lets answers in flight finish (at most 10 s), then closes. */
  drain(): Promise<void>;
  /** Tells that the app came to the front or the network returned. Browsers do so by themselves; React Native apps call it from AppState. */
  resume(): void;
  state(): DeviceState;
  onState(listener: (state: DeviceState) => void): Cancel;
  /** Each prompt once; again only when its text changed. */
  onPrompt(listener: (prompt: PromptView) => void): Cancel;
  onPromptClosed(listener: (closed: PromptClosed) => void): Cancel;
  /** Open prompts, oldest first. */
  pending(): PromptView[];
  approve(id: string, options?: CallOptions & { number?: string }): Promise<VerificationStatus>;
  deny(id: string, options?: CallOptions): Promise<VerificationStatus>;
  /** "This was not me": denies and raises the alarm. */
  report(id: string, options?: CallOptions): Promise<VerificationStatus>;
  /** Fetches and confirms one prompt over HTTP; null when it no longer waits. */
  acknowledge(id: string, options?: CallOptions): Promise<PromptView | null>;
  /** Handles the `data` of a push message; null when it is not from Verihub or no longer waits. The prompt can then be answered. */
  handlePush(data: Readonly<Record<string, unknown>>, options?: PushOptions): Promise<PromptView | null>;
  /** Remembers the token and sends it, now and on every start. */
  updatePushToken(token: PushToken): Promise<void>;
  preferences: {
    get(options?: CallOptions): Promise<DeliveryPreference>;
    set(delivery: DeliveryPreference, options?: CallOptions): Promise<DeliveryPreference>;
  };
  trustedBrowsers: {
    list(options?: CallOptions): Promise<TrustedBrowserView[]>;
    revoke(id: string, options?: CallOptions): Promise<void>;
  };
  /** Removes this device from the account, then forgets its keys. */
  revoke(options?: CallOptions): Promise<void>;
  /** Forgets keys and enrollment on this device only, for when the hub cannot be reached. */
  forget(): Promise<void>;
}

export function createDeviceClient(options: DeviceClientOptions): DeviceClient {
  const runtime = createRuntime(options.runtime);
  const keys = options.keyStore;
  const states = createListeners<DeviceState>();
  const shown = createListeners<PromptView>();
  const closedPrompts = createListeners<PromptClosed>();
  const running = new Set<Promise<unknown>>();
  const formatTime = options.formatTime ?? localTime;
  let condition: DeviceCondition = 'closed';
  let session: DeviceSession | null = null;
  let loading: Promise<DeviceSession> | null = null;
  let stopWatching: Cancel = () => {};
  let enrolling: Promise<Registration> | null = null;

  function describe(): DeviceState {
    const ends = (session?.prompts.all() ?? []).map((prompt) => Date.parse(prompt.expiresAt));
    return describeDevice(condition, ends.length === 0 ? undefined : formatTime(Math.max(...ends)));
  }

  function become(next: DeviceCondition): void {
    if (next === condition) return;
    condition = next;
    states.tell(describe());
  }

  function startSession(record: DeviceRecord, registration: Registration): DeviceSession {
    const endpoint = options.endpoint === undefined ? record.hub : parseHubOrigin(options.endpoint);
    return createDeviceSession({
      record,
      registration,
      endpoint,
      keys,
      runtime,
      socket: options.socket ?? {},
      timeouts: options.timeouts ?? {},
      onUp: () => become('online'),
      onDown: () => become(runtime.isOnline() ? 'reconnecting' : 'offline'),
      onRevoked: () => become('revoked'),
      onPrompt: (prompt) => shown.tell(prompt),
      onClosed: (closed) => closedPrompts.tell(closed),
    });
  }

  async function load(): Promise<DeviceSession> {
    const record = await fromKeyStore(() => keys.load());
    if (!record?.registration) throw new VerihubError('not-enrolled');
    session ??= startSession(record, record.registration);
    return session;
  }

  function ready(): Promise<DeviceSession> {
    if (session !== null) return Promise.resolve(session);
    loading ??= load().finally(() => {
      loading = null;
    });
    return loading;
  }

  /** Keeps what is in flight in sight of `drain`. */
  function track<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    const done = (): void => void running.delete(work);
    work.then(done, done);
    return work;
  }

  function answer(id: string, what: Answer): Promise<VerificationStatus> {
    return track(ready().then((open) => open.decide(id, what)));
  }

  async function sendPushToken(open: DeviceSession, token: PushToken, signal?: AbortSignal): Promise<void> {
    await open.api.call<unknown>({
      method: 'PUT',
      path: '/v1/device/push-token',
      body: token,
      repeatable: true,
      signal,
    });
  }

  async function connect(): Promise<void> {
    const open = await ready();
    if (condition !== 'closed' && condition !== 'revoked') return;
    stopWatching();
    stopWatching = runtime.watch((event) => {
      if (event === 'offline' && !open.isUp()) become('offline');
      else open.resume();
    });
    become('connecting');
    open.open();
    const record = await fromKeyStore(() => keys.load());
    // Push tokens change hands between app starts: the hub gets the current one every time.
    if (record?.pushToken) track(sendPushToken(open, record.pushToken)).catch(() => {});
  }

  function close(): void {
    stopWatching();
    session?.close();
    session = null;
    become('closed');
  }

  async function enroll(request: EnrollOptions): Promise<Registration> {
    const target = enrollmentTarget(request, options.hub, options.allowInsecureHub ?? false);
    if (condition === 'revoked') await forget();
    const endpoint = options.endpoint === undefined ? target.hub : parseHubOrigin(options.endpoint);
    const http = createHttpClient({ endpoint, runtime, timeoutMs: options.timeouts?.requestMs, deadlineMs: 60_000 });
    const record = await enrollDevice(keys, http, target, request);
    if (!record.registration) throw new VerihubError('bad-response', { detail: 'no registration' });
    return record.registration;
  }

  async function forget(): Promise<void> {
    close();
    await fromKeyStore(() => keys.clear());
  }

  return {
    enroll(request) {
      // Two at once would make two sets of keys for one token.
      enrolling ??= enroll(request).finally(() => {
        enrolling = null;
      });
      return enrolling;
    },
    registration: async () => (await fromKeyStore(() => keys.load()))?.registration ?? null,
    connect,
    close,
    async drain() {
      await withDeadline(runtime, 10_000, undefined, () => Promise.allSettled([...running])).catch(() => {});
      close();
    },
    resume: () => session?.resume(),
    state: describe,
    onState: (listener) => states.add(listener),
    onPrompt: (listener) => shown.add(listener),
    onPromptClosed: (listener) => closedPrompts.add(listener),
    pending: () => session?.prompts.all() ?? [],
    approve: (id, { number, signal } = {}) => answer(id, { decision: 'approve', number, signal }),
    deny: (id, { signal } = {}) => answer(id, { decision: 'deny', signal }),
    report: (id, { signal } = {}) => answer(id, { decision: 'report', signal }),
    acknowledge: (id, { signal } = {}) => track(ready().then((open) => open.acknowledge(id, signal))),
    async handlePush(data, { onHint, signal } = {}) {
      const { v, id, jwe } = data;
      if (v !== '1' || typeof id !== 'string' || typeof jwe !== 'string') return null;
      const open = await ready();
      const hint = onHint === undefined ? null : await openPrompt(keys, jwe).catch(() => null);
      if (hint?.id === id && open.prompts.get(id) === undefined) onHint?.(hint);
      return track(open.acknowledge(id, signal));
    },
    async updatePushToken(token) {
      const open = await ready();
      const record = await fromKeyStore(() => keys.load());
      if (record) await fromKeyStore(() => keys.save({ ...record, pushToken: token }));
      await track(sendPushToken(open, token));
    },
    preferences: {
      async get({ signal } = {}) {
        const open = await ready();
        return (
          await open.api.call<PreferencesReply>({
            method: 'GET',
            path: '/v1/device/preferences',
            expect: 'delivery',
            repeatable: true,
            signal,
          })
        ).delivery;
      },
      async set(delivery, { signal } = {}) {
        const open = await ready();
        return (
          await open.api.call<PreferencesReply>({
            method: 'PUT',
            path: '/v1/device/preferences',
            body: { delivery },
            expect: 'delivery',
            repeatable: true,
            signal,
          })
        ).delivery;
      },
    },
    trustedBrowsers: {
      async list({ signal } = {}) {
        const open = await ready();
        return (
          await open.api.call<TrustedBrowserListReply>({
            method: 'GET',
            path: '/v1/device/trusted-browsers',
            expect: 'trustedBrowsers',
            repeatable: true,
            signal,
          })
        ).trustedBrowsers;
      },
      async revoke(id, { signal } = {}) {
        const open = await ready();
        await open.api.call<unknown>({
          method: 'DELETE',
          path: `/v1/device/trusted-browsers/${encodeURIComponent(id)}`,
          repeatable: true,
          signal,
        });
      },
    },
    async revoke({ signal } = {}) {
      const open = await ready();
      try {
        await open.api.call<unknown>({ method: 'DELETE', path: '/v1/device', repeatable: true, signal });
      } catch (thrown) {
        // Revoked before, or by a try whose reply was lost: what was asked for is so.
        if (asVerihubError(thrown).code !== 'device-revoked') throw thrown;
      }
      await forget();
    },
    forget,
  };
}
