/** The device client: what an app calls, over one key store and, once enrolled, one session with the hub. */
import { createDevicePreferences, createDeviceTrustedBrowsers, deleteDevice, sendPushToken } from './device-account.ts';
import type { CallOptions, DevicePreferences, DeviceTrustedBrowsers } from './device-account.ts';
import type { Answer } from './device-decisions.ts';
import { createDeviceHome } from './device-home.ts';
import type { DeviceClientOptions, DeviceHome } from './device-home.ts';
import { fromKeyStore } from './device-signature.ts';
import type { DeviceState } from './device-state.ts';
import type { EnrollOptions } from './enrollment.ts';
import { asVerihubError } from './errors.ts';
import type { Registration } from './key-store.ts';
import { openPrompt } from './prompt-encryption.ts';
import type { PromptClosed } from './prompt-inbox.ts';
import type { PromptView, PushToken, VerificationStatus } from './protocol.ts';
import type { Cancel } from './runtime.ts';

export interface PushOptions extends CallOptions {
  /** Called with what the push itself carried, before the hub confirmed it: to show, not to approve. */
  onHint?: (prompt: PromptView) => void;
}

/** Every promise ends: with its value, or with a `VerihubError` by its time-out at the latest. */
export interface DeviceClient {
  /**
   * Safe to call again with the same link after any failure.
   * Rejects with `enrollment-refused`, `already-enrolled`, `insecure-hub`, `invalid-argument`, `network`, `timeout`.
   */
  enroll: (options: EnrollOptions) => Promise<Registration>;
  /** What this device is enrolled as, or null. */
  registration: () => Promise<Registration | null>;
  /** Starts the connection and keeps it; rejects with `not-enrolled`. How it fares comes by `onState`. */
  connect: () => Promise<void>;
  /** Ends the connection at once; what is in flight fails with `closed`. `connect` may be called again. */
  close: () => void;
  /** Lets what is in flight finish (at most 10 s), then closes. */
  drain: () => Promise<void>;
  /** Tells that the app came to the front or the network returned. Browsers do so by themselves; React Native apps call it from AppState. */
  resume: () => void;
  state: () => DeviceState;
  onState: (listener: (state: DeviceState) => void) => Cancel;
  /** Each prompt once; again only when its text changed. */
  onPrompt: (listener: (prompt: PromptView) => void) => Cancel;
  onPromptClosed: (listener: (closed: PromptClosed) => void) => Cancel;
  /** Open prompts, oldest first. */
  pending: () => PromptView[];
  /**
   * How the verification stands after the answer. `number`: as shown on the sign-in page, wherever matching is not `none`.
   * Rejects with `number-incorrect` (`attemptsLeft`), `already-decided` (`verificationStatus`), `verification-expired`,
   * `prompt-gone`, or `network`/`timeout`: then nobody knows whether it arrived, and the same answer may be given again.
   */
  approve: (id: string, options?: CallOptions & { number?: string }) => Promise<VerificationStatus>;
  deny: (id: string, options?: CallOptions) => Promise<VerificationStatus>;
  /** "This was not me": denies and raises the alarm. */
  report: (id: string, options?: CallOptions) => Promise<VerificationStatus>;
  /** Fetches and confirms one prompt over HTTP; null when it no longer waits. */
  acknowledge: (id: string, options?: CallOptions) => Promise<PromptView | null>;
  /**
   * Handles the `data` of a push message, with or without a connection. The prompt it resolves to came from the hub's
   * acknowledgement and can be answered; null when the push is not from Verihub or its prompt no longer waits.
   */
  handlePush: (data: Readonly<Record<string, unknown>>, options?: PushOptions) => Promise<PromptView | null>;
  /** Remembers the token and sends it, now and on every `connect`. */
  updatePushToken: (token: PushToken) => Promise<void>;
  preferences: DevicePreferences;
  trustedBrowsers: DeviceTrustedBrowsers;
  /** Removes this device from the account, then forgets its keys. */
  revoke: (options?: CallOptions) => Promise<void>;
  /** Forgets keys and enrollment on this device only, for when the hub cannot be reached. */
  forget: () => Promise<void>;
}

export function createDeviceClient(options: DeviceClientOptions): DeviceClient {
  const home = createDeviceHome(options);
  const api = async () => (await home.ready()).api;
  const answer = (id: string, what: Answer): Promise<VerificationStatus> =>
    home.track(home.ready().then((session) => session.decide(id, what)));
  return {
    enroll: home.enroll,
    registration: async () => (await fromKeyStore(() => options.keyStore.load()))?.registration ?? null,
    connect: home.connect,
    close: home.close,
    drain: home.drain,
    resume: home.resume,
    state: home.state,
    onState: home.states.add,
    onPrompt: home.shown.add,
    onPromptClosed: home.closed.add,
    pending: home.pending,
    approve: (id, { number, signal } = {}) => answer(id, { decision: 'approve', number, signal }),
    deny: (id, { signal } = {}) => answer(id, { decision: 'deny', signal }),
    report: (id, { signal } = {}) => answer(id, { decision: 'report', signal }),
    acknowledge: (id, { signal } = {}) => home.track(home.ready().then((session) => session.acknowledge(id, signal))),
    handlePush: (data, push = {}) => home.track(handlePush(options, home, data, push)),
    updatePushToken: (token) => home.track(updatePushToken(options, home, token)),
    preferences: createDevicePreferences(api),
    trustedBrowsers: createDeviceTrustedBrowsers(api),
    revoke: ({ signal } = {}) => home.track(revoke(home, signal)),
    forget: home.forget,
  };
}

async function handlePush(
  { keyStore }: DeviceClientOptions,
  home: DeviceHome,
  data: Readonly<Record<string, unknown>>,
  { onHint, signal }: PushOptions,
): Promise<PromptView | null> {
  const { v, id, jwe } = data;
  if (v !== '1' || typeof id !== 'string' || typeof jwe !== 'string') return null;
  const session = await home.ready();
  // A push that cannot be opened (altered, for keys since replaced) is still a hint that this id may be waiting.
  const hint = onHint === undefined ? null : await openPrompt(keyStore, jwe).catch(() => null);
  if (hint?.id === id && !session.prompts().some((prompt) => prompt.id === id)) onHint?.(hint);
  return session.acknowledge(id, signal);
}

async function updatePushToken({ keyStore }: DeviceClientOptions, home: DeviceHome, token: PushToken): Promise<void> {
  const { api } = await home.ready();
  const record = await fromKeyStore(() => keyStore.load());
  if (record !== null) await fromKeyStore(() => keyStore.save({ ...record, pushToken: token }));
  await sendPushToken(api, token);
}

async function revoke(home: DeviceHome, signal: AbortSignal | undefined): Promise<void> {
  const { api } = await home.ready();
  try {
    await deleteDevice(api, signal);
  } catch (thrown) {
    // Revoked before, or by a try whose reply was lost: what was asked for is so.
    if (asVerihubError(thrown).code !== 'device-revoked') throw thrown;
  }
  await home.forget();
}
