/** The browser client: the page that waits for the result of one verification. */
import { describeBrowser } from './browser-state.ts';
import type { BrowserCondition, BrowserState } from './browser-state.ts';
import { withDeadline } from './deadline.ts';
import { localTime } from './device-state.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import { createHttpClient } from './http-client.ts';
import { createHubClock } from './hub-clock.ts';
import { parseHubOrigin } from './hub-origin.ts';
import { createListeners } from './listeners.ts';
import { createLongPoll } from './long-poll.ts';
import type { DeliveryStepName, Problem, VerificationReply, VerificationView } from './protocol.ts';
import { createRuntime } from './runtime.ts';
import type { Cancel, SdkRuntime } from './runtime.ts';
import { createSnapshotKeeper } from './snapshot-keeper.ts';
import { createSocketLink } from './socket-link.ts';
import type { Refusal, SocketSettings } from './socket-link.ts';
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

export interface BrowserClient {
  verificationId: string;
  /** The latest snapshot, or null before the first. */
  current(): VerificationView | null;
  /** Every change, starting with the latest snapshot if there is one. */
  onProgress(listener: (verification: VerificationView) => void): Cancel;
  state(): BrowserState;
  onState(listener: (state: BrowserState) => void): Cancel;
  /**
   * How it ended, with `resultToken` for the relying party's backend (good for 60 s: hand it over at once, or `read()` a new one).
   * Rejects with `unauthenticated`, `closed`, `aborted`, or `timeout` when the waiter token's life passed without an answer.
   */
  wait(options?: { signal?: AbortSignal }): Promise<VerificationView>;
  /** The code of the text message. Rejects with `code-incorrect` (`attemptsLeft`) or `code-attempts-exhausted`. */
  code(code: string, options?: { signal?: AbortSignal }): Promise<VerificationView>;
  /** Again on the current step, or straight to `sms`. Rejects with `resend-too-soon` (`retryAfter`) or `resend-exhausted`. */
  resend(step?: DeliveryStepName, options?: { signal?: AbortSignal }): Promise<VerificationView>;
  cancel(options?: { signal?: AbortSignal }): Promise<VerificationView>;
  /** A fresh read over HTTP; once ended, with a newly minted `resultToken`. */
  read(options?: { signal?: AbortSignal }): Promise<VerificationView>;
  /** Milliseconds since the epoch on the hub's clock, for countdowns. */
  hubNow(): number;
  /** Tells that the app came to the front or the network returned; browsers do so by themselves. */
  resume(): void;
  close(): void;
}

type Verb = 'code' | 'resend' | 'cancel';

/** Starts to follow the verification at once. */
export function createBrowserClient(options: BrowserClientOptions): BrowserClient {
  const runtime = createRuntime(options.runtime);
  const timeouts = options.timeouts ?? {};
  const endpoint = parseHubOrigin(options.endpoint ?? options.hub);
  const claims = readWaiterToken(options.waiterToken);
  const id = options.verificationId ?? claims.verificationId;
  const path = `/v1/verifications/${encodeURIComponent(id)}`;
  const clock = createHubClock(runtime);
  clock.observe(options.serverTime);
  const http = createHttpClient({
    endpoint,
    runtime,
    timeoutMs: timeouts.requestMs,
    onServerTime: (time) => clock.observe(time),
  });
  const keeper = createSnapshotKeeper(id);
  const progress = createListeners<VerificationView>();
  const states = createListeners<BrowserState>();
  const closing = new AbortController();
  const credential = (): string => options.waiterToken;
  let condition: BrowserCondition = 'connecting';
  let settle: { resolve(view: VerificationView): void; reject(error: VerihubError): void } = {
    resolve() {},
    reject() {},
  };
  const ended = new Promise<VerificationView>((resolve, reject) => {
    settle = { resolve, reject };
  });
  ended.catch(() => {});
  let cancelPollTimer: Cancel | null = null;

  const describe = (): BrowserState => describeBrowser(condition, keeper.current(), options.formatTime ?? localTime);

  function become(next: BrowserCondition): void {
    if (next === condition || isOver()) return;
    condition = next;
    states.tell(describe());
  }

  function isOver(): boolean {
    return condition === 'ended' || condition === 'failed' || condition === 'closed';
  }

  function take(value: unknown): void {
    if (!isVerificationView(value) || isOver() || !keeper.take(value)) return;
    progress.tell(value);
    if (value.status === 'pending') return;
    finish('ended', () => settle.resolve(value));
  }

  /** The last state is told after the connection is down, so that whoever listens may start anew. */
  function finish(last: BrowserCondition, settleWait: () => void): void {
    if (isOver()) return;
    stopAll();
    become(last);
    settleWait();
  }

  function fail(error: VerihubError): void {
    finish('failed', () => settle.reject(error));
  }

  function stopAll(): void {
    cancelPollTimer?.();
    cancelLife();
    stopWatching();
    poll.stop();
    link.close();
  }

  async function readView(
    query: string,
    timeoutMs: number | undefined,
    repeatable: boolean,
    signal: AbortSignal | undefined,
  ): Promise<VerificationView> {
    const timing = timeoutMs === undefined ? {} : { timeoutMs, deadlineMs: timeoutMs };
    const reply = await http.call<VerificationReply>({
      method: 'GET',
      path: path + query,
      credential,
      expect: 'verification',
      repeatable,
      signal,
      ...timing,
    });
    if (!isVerificationView(reply.verification))
      throw new VerihubError('bad-response', { detail: 'the answer has no readable verification' });
    return reply.verification;
  }

  const poll = createLongPoll({
    runtime,
    lastRev: () => keeper.current()?.rev,
    read: (rev, signal) => readView(rev === undefined ? '' : `?wait=25&rev=${rev}`, 35_000, false, signal),
    onSnapshot(verification) {
      if (link.isUp()) return;
      keeper.beginConnection();
      become('polling');
      if (verification.rev !== keeper.current()?.rev || verification.status !== keeper.current()?.status)
        take(verification);
    },
    onTrouble(error) {
      if (isFatal(error)) fail(error);
      else if (!link.isUp()) become(lostCondition());
    },
  });

  const link = createSocketLink({
    url: `${endpoint}/browser`,
    settings: options.socket ?? {},
    runtime,
    credential: async () => options.waiterToken,
    events: { verification: take },
    onUp() {
      cancelPollTimer?.();
      cancelPollTimer = null;
      poll.stop();
      keeper.beginConnection();
      become('online');
    },
    onDown() {
      if (condition !== 'polling') become(lostCondition());
      pollSoon();
    },
    onRefused: refused,
  });

  function lostCondition(): BrowserCondition {
    return runtime.isOnline() ? 'reconnecting' : 'offline';
  }

  function pollSoon(): void {
    cancelPollTimer ??= runtime.after(timeouts.pollAfterMs ?? 3_000, () => poll.start());
  }

  /** A refused waiter token may still be good over HTTP (an old node, a proxy): the long-poll has the last word. */
  function refused(problem: Problem): Refusal {
    if (problem.code !== 'unauthenticated' && problem.code !== 'not-found') return 'later';
    poll.start();
    return 'stop';
  }

  /** Sends over the socket, else over HTTP. */
  async function send(verb: Verb, body: object | null, signal: AbortSignal | undefined): Promise<VerificationView> {
    if (condition === 'closed') throw new VerihubError('closed');
    const before = keeper.current();
    if (link.isUp()) {
      try {
        return accept(
          (await link.request(verb, body === null ? [] : [body], timeouts.acknowledgeMs ?? 4_000, signal))[
            'verification'
          ],
        );
      } catch (thrown) {
        if (!isUnknown(asVerihubError(thrown))) throw thrown;
      }
      const settled = verb === 'cancel' ? null : await settleUnknown(verb, before, signal);
      if (settled !== null) return settled;
    }
    const reply = await http.call<VerificationReply>({
      method: 'POST',
      path: `${path}/${verb}`,
      credential,
      body: body ?? {},
      expect: 'verification',
      repeatable: verb === 'cancel',
      signal,
    });
    return accept(reply.verification);
  }

  /** After a lost answer: look what became of it before it is sent again, because a code counts each time. */
  async function settleUnknown(
    verb: Verb,
    before: VerificationView | null,
    signal: AbortSignal | undefined,
  ): Promise<VerificationView | null> {
    const now = await readView('', undefined, true, signal);
    take(now);
    if (now.status !== 'pending') return now;
    if (before === null) return null;
    if (verb === 'resend') return now.resend.left < before.resend.left ? now : null;
    if (now.code.attemptsLeft < before.code.attemptsLeft)
      throw new VerihubError('code-incorrect', { attemptsLeft: now.code.attemptsLeft });
    return null;
  }

  function accept(value: unknown): VerificationView {
    if (!isVerificationView(value))
      throw new VerihubError('bad-response', { detail: 'the answer has no readable verification' });
    take(value);
    return value;
  }

  function resume(): void {
    if (isOver()) return;
    if (!link.isUp()) return link.hurry();
    // A page that slept may hold a dead connection: one read tells, and brings what was missed.
    readView('', 5_000, false, closing.signal).then(take, () => link.renew());
  }

  const stopWatching = runtime.watch((event) => {
    if (event === 'offline' && !link.isUp()) become('offline');
    else resume();
  });
  // Nothing hangs: when the token's life has passed, the hub would not answer it any more either.
  const cancelLife = runtime.after(claims.lifetimeMs + 10_000, () =>
    fail(new VerihubError('timeout', { detail: 'the waiter token has expired' })),
  );

  link.open();
  pollSoon();

  return {
    verificationId: id,
    current: () => keeper.current(),
    onProgress(listener) {
      const latest = keeper.current();
      if (latest !== null) queueMicrotask(() => listener(latest));
      return progress.add(listener);
    },
    state: describe,
    onState: (listener) => states.add(listener),
    wait: ({ signal } = {}) => withDeadline(runtime, claims.lifetimeMs + 15_000, signal, () => ended),
    code: (code, { signal } = {}) => send('code', { code: code.trim() }, signal),
    resend: (step, { signal } = {}) => send('resend', step === undefined ? {} : { step }, signal),
    cancel: ({ signal } = {}) => send('cancel', null, signal),
    async read({ signal } = {}) {
      const verification = await readView('', undefined, true, signal);
      take(verification);
      return verification;
    },
    hubNow: () => clock.now(),
    resume,
    close() {
      closing.abort(new VerihubError('closed'));
      finish('closed', () => settle.reject(new VerihubError('closed')));
    },
  };
}

function isFatal(error: VerihubError): boolean {
  return ['unauthenticated', 'forbidden', 'not-found'].includes(error.code);
}

/** The hub may or may not have acted. */
function isUnknown(error: VerihubError): boolean {
  return ['network', 'timeout', 'bad-response'].includes(error.code);
}
