/** Holds a device client together: its state, its listeners, and the one session it has while enrolled. */
import { sendPushToken } from './device-account.ts';
import { createDeviceSession } from './device-session.ts';
import type { DeviceSession, DeviceTimeouts } from './device-session.ts';
import { fromKeyStore } from './device-signature.ts';
import { describeDevice, localTime } from './device-state.ts';
import type { DeviceCondition, DeviceState } from './device-state.ts';
import { withDeadline } from './deadline.ts';
import { enrollDevice, enrollmentTarget } from './enrollment.ts';
import type { EnrollOptions } from './enrollment.ts';
import { VerihubError } from './errors.ts';
import { createHttpClient } from './http-client.ts';
import { parseHubOrigin } from './hub-origin.ts';
import type { DeviceRecord, KeyStore, Registration } from './key-store.ts';
import { createListeners } from './listeners.ts';
import type { Listeners } from './listeners.ts';
import type { PromptClosed } from './prompt-inbox.ts';
import type { PromptView } from './protocol.ts';
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

export interface DeviceHome {
  states: Listeners<DeviceState>;
  shown: Listeners<PromptView>;
  closed: Listeners<PromptClosed>;
  state: () => DeviceState;
  pending: () => PromptView[];
  /** The session; rejects with `not-enrolled`. */
  ready: () => Promise<DeviceSession>;
  /** Keeps work in flight in sight of `drain`. */
  track: <T>(work: Promise<T>) => Promise<T>;
  enroll: (request: EnrollOptions) => Promise<Registration>;
  connect: () => Promise<void>;
  resume: () => void;
  close: () => void;
  drain: () => Promise<void>;
  forget: () => Promise<void>;
}

interface Home {
  options: DeviceClientOptions;
  runtime: SdkRuntime;
  states: Listeners<DeviceState>;
  shown: Listeners<PromptView>;
  closed: Listeners<PromptClosed>;
  condition: DeviceCondition;
  /** Why the condition is no better. */
  error: VerihubError | undefined;
  session: DeviceSession | null;
  /** Goes up with each `close`: a `connect` that was waiting meanwhile gives up. */
  epoch: number;
  running: Set<Promise<unknown>>;
  stopWatching: Cancel;
  enrolling: Promise<Registration> | null;
}

export function createDeviceHome(options: DeviceClientOptions): DeviceHome {
  const listeners = { states: createListeners<DeviceState>(), shown: createListeners<PromptView>() };
  const closed = createListeners<PromptClosed>();
  const runtime = createRuntime(options.runtime);
  const home: Home = {
    ...{ options, runtime, ...listeners, closed, condition: 'closed', error: undefined },
    ...{ session: null, epoch: 0, running: new Set(), stopWatching: () => {}, enrolling: null },
  };
  return {
    ...listeners,
    closed,
    state: () => describe(home),
    pending: () => home.session?.prompts() ?? [],
    ready: () => ready(home),
    track: (work) => track(home, work),
    enroll: (request) => enrollOnce(home, request),
    connect: () => connect(home),
    resume: () => home.session?.resume(),
    close: () => close(home),
    async drain() {
      await withDeadline(runtime, 10_000, undefined, () => Promise.allSettled(home.running)).catch(() => {});
      close(home);
    },
    forget: () => forget(home),
  };
}

function describe({ options, condition, session, error }: Home): DeviceState {
  const ends = (session?.prompts() ?? []).map((prompt) => Date.parse(prompt.expiresAt));
  const format = options.formatTime ?? localTime;
  const state = describeDevice(condition, ends.length === 0 ? undefined : format(Math.max(...ends)));
  return error === undefined ? state : { ...state, error };
}

function become(home: Home, next: DeviceCondition, error?: VerihubError): void {
  home.error = error;
  if (next === home.condition) return;
  home.condition = next;
  home.states.tell(describe(home));
}

async function ready(home: Home): Promise<DeviceSession> {
  if (home.session !== null) return home.session;
  const record = await fromKeyStore(() => home.options.keyStore.load());
  if (!record?.registration) throw new VerihubError('not-enrolled');
  home.session ??= startSession(home, record, record.registration);
  return home.session;
}

function startSession(home: Home, record: DeviceRecord, registration: Registration): DeviceSession {
  const { options, runtime } = home;
  const { keyStore, endpoint, socket, timeouts } = options;
  return createDeviceSession({
    hub: record.hub,
    endpoint: endpoint === undefined ? record.hub : parseHubOrigin(endpoint),
    registration,
    keys: keyStore,
    runtime,
    socket: socket ?? {},
    timeouts: timeouts ?? {},
    onUp: () => become(home, 'online'),
    onDown: (error) => become(home, runtime.isOnline() ? 'reconnecting' : 'offline', error),
    onRevoked: (error) => onRevoked(home, error),
    onPrompt: home.shown.tell,
    onClosed: home.closed.tell,
  });
}

function onRevoked(home: Home, error: VerihubError): void {
  const open = home.session?.prompts() ?? [];
  endSession(home);
  become(home, 'revoked', error);
  for (const { id } of open) home.closed.tell({ id, status: null });
}

function endSession(home: Home): void {
  home.epoch += 1;
  home.stopWatching();
  home.session?.close();
  home.session = null;
}

async function connect(home: Home): Promise<void> {
  const { epoch } = home;
  const session = await ready(home);
  const record = await fromKeyStore(() => home.options.keyStore.load());
  if (epoch !== home.epoch) throw new VerihubError('closed');
  if (home.condition !== 'closed' && home.condition !== 'revoked') return;
  home.stopWatching = home.runtime.watch((event) => {
    if (event === 'offline' && !session.isUp()) become(home, 'offline');
    else session.resume();
  });
  become(home, 'connecting');
  session.open();
  // Push tokens change hands between app starts: the hub gets the current one every time.
  if (record?.pushToken) track(home, sendPushToken(session.api, record.pushToken)).catch(() => {});
}

function close(home: Home): void {
  endSession(home);
  become(home, 'closed');
}

async function forget(home: Home): Promise<void> {
  close(home);
  await fromKeyStore(() => home.options.keyStore.clear());
}

/** Two at once would make two sets of keys for one token. */
function enrollOnce(home: Home, request: EnrollOptions): Promise<Registration> {
  home.enrolling ??= track(home, enroll(home, request)).finally(() => {
    home.enrolling = null;
  });
  return home.enrolling;
}

async function enroll(home: Home, request: EnrollOptions): Promise<Registration> {
  const { hub, endpoint, allowInsecureHub, keyStore, timeouts } = home.options;
  const target = enrollmentTarget(request, hub, allowInsecureHub ?? false);
  // What the hub has revoked is of no use any more; a new enrollment gets new keys.
  if (home.condition === 'revoked') await forget(home);
  const http = createHttpClient({
    endpoint: endpoint === undefined ? target.hub : parseHubOrigin(endpoint),
    runtime: home.runtime,
    timeoutMs: timeouts?.requestMs,
    deadlineMs: 60_000,
  });
  const { registration } = await enrollDevice(keyStore, http, target, request);
  if (registration === undefined) throw new VerihubError('not-enrolled');
  return registration;
}

function track<T>(home: Home, work: Promise<T>): Promise<T> {
  const done = (): void => void home.running.delete(work);
  home.running.add(work);
  work.then(done, done);
  return work;
}
