/** Follows one verification to its end: socket first, long-poll where no socket can be had, and a limit on the whole. */
import { describeBrowser } from './browser-state.ts';
import type { BrowserCondition, BrowserState } from './browser-state.ts';
import { VerihubError } from './errors.ts';
import { createListeners } from './listeners.ts';
import type { Listeners } from './listeners.ts';
import { createLongPoll } from './long-poll.ts';
import type { LongPoll } from './long-poll.ts';
import type { Problem, VerificationView } from './protocol.ts';
import type { Cancel, SdkRuntime } from './runtime.ts';
import { createSnapshotKeeper } from './snapshot-keeper.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import { createSocketLink } from './socket-link.ts';
import type { Refusal, SocketLink, SocketSettings } from './socket-link.ts';
import { isVerificationView } from './wire-guards.ts';

/** At once and repeated; one quick try; or a long-poll for a revision above this one. */
export type ReadHow = 'now' | 'probe' | number;
/** One read over HTTP. */
export type ReadVerification = (how: ReadHow, signal: AbortSignal | undefined) => Promise<VerificationView>;

export interface FollowerOptions {
  verificationId: string;
  /** The waiter token, and how long it lives at most, in milliseconds. */
  token: string;
  lifetimeMs: number;
  /** Where the hub is reached. */
  endpoint: string;
  runtime: SdkRuntime;
  socket: SocketSettings;
  /** Without a socket for this long, the page long-polls; in milliseconds. */
  pollAfterMs: number;
  formatTime: (epochMs: number) => string;
  read: ReadVerification;
}

export interface Follower {
  progress: Listeners<VerificationView>;
  states: Listeners<BrowserState>;
  link: SocketLink;
  /** Settles when the verification has ended, or can no longer be followed. */
  ended: Promise<VerificationView>;
  current: () => VerificationView | null;
  state: () => BrowserState;
  isClosed: () => boolean;
  /** Takes in a snapshot from whatever route; what is no news or unreadable is passed over. */
  take: (verification: unknown) => void;
  resume: () => void;
  close: () => void;
}

interface Following {
  options: FollowerOptions;
  keeper: SnapshotKeeper;
  progress: Listeners<VerificationView>;
  states: Listeners<BrowserState>;
  link: SocketLink;
  poll: LongPoll;
  condition: BrowserCondition;
  /** Why the condition is no better. */
  error: VerihubError | undefined;
  lastText: string;
  closing: AbortController;
  cancelPollTimer: Cancel | null;
  stops: Cancel[];
  resolve: (verification: VerificationView) => void;
  reject: (error: VerihubError) => void;
}

export function createFollower(options: FollowerOptions): Follower {
  let settle: Pick<Following, 'resolve' | 'reject'> = { resolve: () => {}, reject: () => {} };
  const ended = new Promise<VerificationView>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever never waits has nothing to be told.
  ended.catch(() => {});
  const following: Following = {
    ...{ options, ...settle, keeper: createSnapshotKeeper(options.verificationId) },
    ...{ progress: createListeners<VerificationView>(), states: createListeners<BrowserState>() },
    ...{
      condition: 'connecting',
      error: undefined,
      lastText: '',
      closing: new AbortController(),
      cancelPollTimer: null,
      stops: [],
    },
    link: openLink(options, () => following),
    poll: openPoll(options, () => following),
  };
  begin(following);
  return {
    progress: following.progress,
    states: following.states,
    link: following.link,
    ended,
    current: following.keeper.current,
    state: () => describe(following),
    isClosed: () => following.condition === 'closed',
    take: (verification) => take(following, verification),
    resume: () => resume(following),
    close: () => finish(following, 'closed', () => following.reject(new VerihubError('closed'))),
  };
}

function openLink({ endpoint, socket, runtime, token }: FollowerOptions, following: () => Following): SocketLink {
  return createSocketLink({
    url: `${endpoint}/browser`,
    settings: socket,
    runtime,
    credential: () => Promise.resolve(token),
    events: { verification: (value) => take(following(), value) },
    onUp: () => onUp(following()),
    onDown: (error) => onDown(following(), error),
    onRefused: (problem) => onRefused(following(), problem),
  });
}

function openPoll({ runtime, read }: FollowerOptions, following: () => Following): LongPoll {
  return createLongPoll({
    runtime,
    lastRev: () => following().keeper.current()?.rev ?? null,
    read: (rev, signal) => read(rev ?? 'probe', signal),
    onSnapshot: (verification) => onPolled(following(), verification),
    onTrouble: (error) => onPollTrouble(following(), error),
  });
}

function begin(following: Following): void {
  const { runtime, lifetimeMs } = following.options;
  const watching = runtime.watch((event) => {
    if (event === 'offline' && !following.link.isUp()) become(following, 'offline');
    else resume(following);
  });
  // Nothing hangs: when the token's life has passed, the hub would not answer it any more either.
  const expired = (): void => fail(following, new VerihubError('timeout', { detail: 'the waiter token has expired' }));
  following.stops.push(watching, runtime.after(lifetimeMs + 10_000, expired));
  following.link.open();
  pollSoon(following);
}

function describe({ condition, keeper, options, error }: Following): BrowserState {
  const state = describeBrowser(condition, keeper.current(), options.formatTime);
  return error === undefined ? state : { ...state, error };
}

function become(following: Following, next: BrowserCondition, error?: VerihubError): void {
  if (isOver(following)) return;
  following.error = error;
  following.condition = next;
  tellState(following);
}

/** Also told when only the text changed: with the first snapshot it learns until when the sign-in waits. */
function tellState(following: Following): void {
  const state = describe(following);
  const said = `${state.condition} ${state.text}`;
  if (said === following.lastText) return;
  following.lastText = said;
  following.states.tell(state);
}

function isOver({ condition }: Following): boolean {
  return condition === 'ended' || condition === 'failed' || condition === 'closed';
}

function take(following: Following, value: unknown): void {
  if (!isVerificationView(value) || isOver(following) || !following.keeper.take(value)) return;
  following.progress.tell(value);
  if (value.status === 'pending') tellState(following);
  else finish(following, 'ended', () => following.resolve(value));
}

function fail(following: Following, error: VerihubError): void {
  finish(following, 'failed', () => following.reject(error), error);
}

function finish(following: Following, last: BrowserCondition, settle: () => void, error?: VerihubError): void {
  if (isOver(following)) return;
  following.closing.abort(new VerihubError('closed'));
  following.cancelPollTimer?.();
  for (const stop of following.stops) stop();
  following.poll.stop();
  if (last === 'ended') following.link.retire();
  else following.link.close();
  become(following, last, error);
  settle();
}

function onUp(following: Following): void {
  following.cancelPollTimer?.();
  following.cancelPollTimer = null;
  following.poll.stop();
  following.keeper.beginConnection();
  become(following, 'online');
}

function onDown(following: Following, error: VerihubError): void {
  if (following.condition !== 'polling') become(following, lostCondition(following), error);
  pollSoon(following);
}

function lostCondition({ options, condition, keeper }: Following): BrowserCondition {
  if (!options.runtime.isOnline()) return 'offline';
  // Before the first contact nothing was lost yet.
  return condition === 'connecting' && keeper.current() === null ? 'connecting' : 'reconnecting';
}

function pollSoon(following: Following): void {
  const { runtime, pollAfterMs } = following.options;
  following.cancelPollTimer ??= runtime.after(pollAfterMs, () => following.poll.start());
}

/** The socket's word on the waiter token is not the last: one read over HTTP tells for sure. */
function onRefused(following: Following, problem: Problem): Refusal {
  if (!fatalCodes.has(problem.code)) return 'later';
  following.poll.start();
  return 'stop';
}

/** A snapshot by long-poll is one connection of its own: the hub answers with what is so now. */
function onPolled(following: Following, verification: VerificationView): void {
  const { link, keeper } = following;
  if (link.isUp()) return;
  const known = keeper.current();
  if (known?.rev !== verification.rev || known.status !== verification.status) {
    keeper.beginConnection();
    take(following, verification);
  }
  become(following, 'polling');
}

function onPollTrouble(following: Following, error: VerihubError): void {
  if (fatalCodes.has(error.code)) fail(following, error);
  else if (!following.link.isUp()) become(following, lostCondition(following), error);
}

/** A page that slept may hold a dead connection: one read tells, and brings what was missed. */
function resume(following: Following): void {
  if (isOver(following)) return;
  const { link, options, closing } = following;
  if (!link.isUp()) return link.hurry();
  options
    .read('probe', closing.signal)
    .then((verification) => take(following, verification))
    .catch(link.renew);
}

const fatalCodes: ReadonlySet<string> = new Set(['unauthenticated', 'forbidden', 'not-found', 'origin-not-allowed']);
