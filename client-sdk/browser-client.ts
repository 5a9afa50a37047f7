/** The browser client: the page that waits for the result of one verification. */
import { localTime } from './device-state.ts';
import { withDeadline } from './deadline.ts';
import { sendCommand } from './browser-commands.ts';
import type { BrowserState } from './browser-state.ts';
import { VerihubError } from './errors.ts';
import { createHttpClient } from './http-client.ts';
import type { HttpClient } from './http-client.ts';
import { createHubClock } from './hub-clock.ts';
import { parseHubOrigin } from './hub-origin.ts';
import { guarded } from './listeners.ts';
import type { DeliveryStepName, VerificationReply, VerificationView } from './protocol.ts';
import { having } from './reply-guards.ts';
import { createRuntime } from './runtime.ts';
import type { Cancel, SdkRuntime } from './runtime.ts';
import type { SocketSettings } from './socket-link.ts';
import { createFollower } from './verification-follower.ts';
import type { Follower, ReadHow, ReadVerification } from './verification-follower.ts';
import { readWaiterToken } from './waiter-token.ts';
import { isVerificationView } from './wire-guards.ts';

export interface BrowserTimeouts {
  /** One HTTP try, milliseconds; default 8,000. */
  requestMs?: number;
  /** A socket acknowledgement, milliseconds; default 4,000. */
  acknowledgeMs?: number;
  /** Without a socket for this long, the page long-polls; milliseconds, default 3,000. */
  pollAfterMs?: number;
}

export interface BrowserClientOptions {
  /** Hub origin. */
  hub: string;
  /** Where the hub is reached, if not at its own origin (a tunnel, a test). */
  endpoint?: string;
  waiterToken: string;
  /** Default: the waiter token's `sub`. */
  verificationId?: string;
  /** `serverTime` of the reply that brought the token, so that countdowns are right on machines with a wrong clock. */
  serverTime?: string;
  socket?: SocketSettings;
  timeouts?: BrowserTimeouts;
  runtime?: Partial<SdkRuntime>;
  /** How a time of day is written in texts; default: the platform's locale. */
  formatTime?: (epochMs: number) => string;
}

export interface BrowserCallOptions {
  signal?: AbortSignal;
}

/** Every promise ends: with its value, or with a `VerihubError`. */
export interface BrowserClient {
  verificationId: string;
  /** The latest snapshot, or null before the first. */
  current: () => VerificationView | null;
  /** Every change, starting with the latest snapshot if there is one. */
  onProgress: (listener: (verification: VerificationView) => void) => Cancel;
  state: () => BrowserState;
  onState: (listener: (state: BrowserState) => void) => Cancel;
  /**
   * How it ended, with `resultToken` for the relying party's backend (good for 60 s: hand it over at once, or `read()` a new one).
   * Rejects with `unauthenticated`, `not-found`, `closed`, `aborted`, or `timeout` when the waiter token's life has passed.
   */
  wait: (options?: BrowserCallOptions) => Promise<VerificationView>;
  /**
   * The code of the text message.
   * Rejects with `code-incorrect` (`attemptsLeft`), `code-attempts-exhausted`, `code-not-acceptable`, `already-decided`.
   */
  code: (code: string, options?: BrowserCallOptions) => Promise<VerificationView>;
  /** Again on the current step, or straight to `sms`. Rejects with `resend-too-soon` (`retryAfter`), `resend-exhausted`. */
  resend: (step?: DeliveryStepName, options?: BrowserCallOptions) => Promise<VerificationView>;
  cancel: (options?: BrowserCallOptions) => Promise<VerificationView>;
  /** A fresh read over HTTP; once ended, with a newly minted `resultToken`. */
  read: (options?: BrowserCallOptions) => Promise<VerificationView>;
  /** Milliseconds since the epoch on the hub's clock, as well as it is known: for countdowns. */
  hubNow: () => number;
  /** Tells that the app came to the front or the network returned; browsers do so by themselves. */
  resume: () => void;
  close: () => void;
}

/** Starts to follow the verification at once. Throws `invalid-argument` for a token that is none. */
export function createBrowserClient(options: BrowserClientOptions): BrowserClient {
  const runtime = createRuntime(options.runtime);
  const endpoint = parseHubOrigin(options.endpoint ?? options.hub);
  const { verificationId: id, lifetimeMs } = claimsOf(options);
  const clock = createHubClock(runtime);
  clock.observe(options.serverTime);
  const timeoutMs = options.timeouts?.requestMs;
  const http = createHttpClient({ endpoint, runtime, timeoutMs, onServerTime: clock.observe });
  const read = createReader(http, options.waiterToken, id);
  const follower = createFollower({
    ...{ verificationId: id, token: options.waiterToken, lifetimeMs, endpoint, runtime },
    socket: options.socket ?? {},
    pollAfterMs: options.timeouts?.pollAfterMs ?? 3_000,
    formatTime: options.formatTime ?? localTime,
    read,
  });
  const ackTimeoutMs = options.timeouts?.acknowledgeMs ?? 4_000;
  const context = { follower, http, read, token: options.waiterToken, verificationId: id, ackTimeoutMs };
  return {
    verificationId: id,
    current: follower.current,
    onProgress: (listener) => onProgress(follower, listener),
    state: follower.state,
    onState: follower.states.add,
    wait: ({ signal } = {}) => withDeadline(runtime, lifetimeMs + 15_000, signal, () => follower.ended),
    code: (code, { signal } = {}) => sendCommand(context, 'code', { code: code.trim() }, signal),
    resend: (step, { signal } = {}) => sendCommand(context, 'resend', step === undefined ? {} : { step }, signal),
    cancel: ({ signal } = {}) => sendCommand(context, 'cancel', null, signal),
    async read({ signal } = {}) {
      const verification = await read('now', signal);
      follower.take(verification);
      return verification;
    },
    hubNow: clock.now,
    resume: follower.resume,
    close: follower.close,
  };
}

function claimsOf({ waiterToken, verificationId }: BrowserClientOptions): ReturnType<typeof readWaiterToken> {
  const claims = readWaiterToken(waiterToken);
  return verificationId === undefined ? claims : { ...claims, verificationId };
}

/** How long the hub may hold a long-poll, in seconds (contract section 4: up to 30). */
const longPollSeconds = 25;

function createReader(http: HttpClient, token: string, id: string): ReadVerification {
  return async (how, signal) => {
    const query = typeof how === 'number' ? `?wait=${longPollSeconds}&rev=${how}` : '';
    const { verification } = await http.call({
      ...{ method: 'GET', path: `/v1/verifications/${encodeURIComponent(id)}${query}`, credential: () => token },
      ...{ read: having<VerificationReply>('verification'), repeatable: how === 'now', signal, ...timing(how) },
    });
    if (isVerificationView(verification)) return verification;
    throw new VerihubError('bad-response', { detail: 'the answer has no readable verification' });
  };
}

function timing(how: ReadHow): { timeoutMs?: number; deadlineMs?: number } {
  if (how === 'now') return {};
  const timeoutMs = how === 'probe' ? 5_000 : (longPollSeconds + 10) * 1_000;
  return { timeoutMs, deadlineMs: timeoutMs };
}

function onProgress(follower: Follower, listener: (verification: VerificationView) => void): Cancel {
  const cancel = follower.progress.add(listener);
  const latest = follower.current();
  if (latest !== null) guarded(listener, latest);
  return cancel;
}
