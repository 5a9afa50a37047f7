/** One Socket.IO namespace kept connected: a fresh socket and credential per try, full-jitter reconnection, requests that always end. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { createBackoff, reconnectBackoff } from './backoff.ts';
import type { Backoff, BackoffOptions } from './backoff.ts';
import { withDeadline } from './deadline.ts';
import { asVerihubError, errorFromProblem, isProblem, VerihubError } from './errors.ts';
import { isRecord } from './reply-guards.ts';
import type { Problem } from './protocol.ts';
import type { Cancel, SdkRuntime } from './runtime.ts';

export type SocketTransport = 'websocket' | 'polling';

export interface SocketSettings {
  /** Default `['websocket', 'polling']`: long-polling only where WebSocket is blocked. */
  transports?: SocketTransport[];
  /** Socket.IO path of the hub; default `/socket.io/`. */
  path?: string;
  /** For one connection attempt, handshake included, in milliseconds; default 10,000. */
  connectTimeoutMs?: number;
  /** Default: below 2 s at first, doubling, below 15 s. Full jitter. */
  reconnect?: BackoffOptions;
}

/** What to do about a refused handshake: try again at once, try again later, or give up. */
export type Refusal = 'now' | 'later' | 'stop';

export interface SocketLinkOptions {
  /** Hub endpoint plus namespace, such as `https://verify.example.com/device`. */
  url: string;
  settings: SocketSettings;
  runtime: SdkRuntime;
  credential: () => Promise<string>;
  /** Event handlers; never called for a connection that is already given up. */
  events: Record<string, (...args: unknown[]) => void>;
  onUp: () => void;
  /** The connection was lost or could not be made; another try follows by itself. */
  onDown: (error: VerihubError) => void;
  onRefused: (problem: Problem) => Refusal;
}

export interface SocketLink {
  isUp: () => boolean;
  open: () => void;
  /** Closes for good, until `open` is called again. */
  close: () => void;
  /** Closes for good as soon as every request in flight has its answer: the news that ends the wait may overtake the answer. */
  retire: () => void;
  /** Drops this connection (it is thought dead) and connects again at once. */
  renew: () => void;
  /** Tries now instead of after the pause, unless the hub itself asked for the pause. */
  hurry: () => void;
  /**
   * Emits and waits for `{ok: true, …}`.
   * Rejects with the hub's problem, `timeout`, or `network` when the connection goes first.
   */
  request: (
    event: string,
    payload: unknown[],
    timeoutMs: number,
    signal?: AbortSignal,
  ) => Promise<Record<string, unknown>>;
}

interface Link {
  options: SocketLinkOptions;
  backoff: Backoff;
  /** Requests whose acknowledgement is outstanding. */
  waiting: Set<(error: VerihubError) => void>;
  wanted: boolean;
  retiring: boolean;
  up: boolean;
  /** Counts connections: whatever belongs to an earlier one is void. */
  attempt: number;
  socket: Socket | null;
  timers: Cancel[];
  /** On `runtime.elapsed()`: not to be hurried before. */
  heldUntil: number;
  /** The last try ran out of time: something swallows WebSocket handshakes, so begin with polling and upgrade. */
  pollingFirst: boolean;
}

export function createSocketLink(options: SocketLinkOptions): SocketLink {
  const backoff = createBackoff(options.settings.reconnect ?? reconnectBackoff, options.runtime.random);
  const link: Link = {
    ...{ options, backoff, waiting: new Set(), timers: [], socket: null },
    ...{ wanted: false, retiring: false, up: false, attempt: 0, heldUntil: 0, pollingFirst: false },
  };
  return {
    isUp: () => link.up,
    open() {
      if (link.wanted) return;
      link.wanted = true;
      backoff.reset();
      connect(link);
    },
    close: () => close(link),
    retire() {
      link.retiring = true;
      if (link.waiting.size === 0) close(link);
    },
    renew() {
      if (link.wanted)
        retryAfter(link, new VerihubError('network', { detail: 'the connection no longer answered' }), 0);
    },
    hurry() {
      if (link.wanted && !link.up && options.runtime.elapsed() >= link.heldUntil) connect(link);
    },
    request: (event, payload, timeoutMs, signal) => request(link, event, payload, timeoutMs, signal),
  };
}

function close(link: Link): void {
  link.wanted = false;
  link.retiring = false;
  drop(link, new VerihubError('closed'));
}

function connect(link: Link): void {
  drop(link, new VerihubError('network'));
  const { runtime, settings, credential } = link.options;
  const mine = link.attempt;
  const current = (): boolean => mine === link.attempt && link.wanted;
  link.timers.push(
    runtime.after(settings.connectTimeoutMs ?? 10_000, () => {
      link.pollingFirst = !link.pollingFirst;
      retryLater(link, new VerihubError('timeout', { detail: 'no connection in time' }));
    }),
  );
  const failed = (error: unknown): void => {
    if (current()) retryLater(link, asVerihubError(error));
  };
  const start = (token: string): void => {
    if (current()) link.socket = startSocket(link, token, current);
  };
  credential().then(start).catch(failed);
}

/** Reconnection stays with us: Socket.IO's own would use the old credential and knows no retry-after. */
function startSocket(link: Link, token: string, current: () => boolean): Socket {
  const { url, settings, events } = link.options;
  const transports: SocketTransport[] = settings.transports ?? ['websocket', 'polling'];
  const socket: Socket = io(url, {
    forceNew: true,
    autoConnect: false,
    reconnection: false,
    transports: link.pollingFirst ? transports.toReversed() : transports,
    tryAllTransports: true,
    auth: (send) => send({ token }),
    ...(settings.path === undefined ? {} : { path: settings.path }),
  });
  for (const [event, handler] of Object.entries(events)) {
    socket.on(event, (...args: unknown[]) => {
      if (current()) handler(...args);
    });
  }
  socket.on('connect', () => {
    if (current()) connected(link);
  });
  socket.on('disconnect', (reason) => {
    if (current()) retryLater(link, new VerihubError('network', { detail: reason }));
  });
  socket.on('connect_error', (error: Error & { data?: unknown; context?: unknown }) => {
    if (!current()) return;
    const problem = isProblem(error.data) ? error.data : refusalIn(error.context);
    if (problem !== null) refused(link, problem);
    else retryLater(link, new VerihubError('network', { detail: error.message, cause: error }));
  });
  socket.connect();
  return socket;
}

/** Before there is a connection the hub refuses by HTTP; polling then keeps the request, whose answer says why. */
function refusalIn(context: unknown): Problem | null {
  try {
    const text = isRecord(context) ? context['responseText'] : undefined;
    const answer: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return isProblem(answer) ? answer : null;
  } catch {
    return null;
  }
}

function connected(link: Link): void {
  for (const cancel of link.timers.splice(0)) cancel();
  link.up = true;
  // A hub that accepts and at once drops must not be hammered: the pauses start over only after a connection that held.
  link.timers.push(link.options.runtime.after(10_000, () => link.backoff.reset()));
  link.options.onUp();
}

function refused(link: Link, problem: Problem): void {
  const error = errorFromProblem(problem);
  const verdict = link.options.onRefused(problem);
  if (verdict === 'now') retryAfter(link, error, 0);
  else if (verdict === 'later') retryLater(link, error);
  else {
    link.wanted = false;
    drop(link, error);
  }
}

function retryLater(link: Link, error: VerihubError): void {
  if (link.retiring) return close(link);
  const asked = (error.retryAfter ?? 0) * 1_000;
  link.heldUntil = link.options.runtime.elapsed() + asked;
  retryAfter(link, error, asked + link.backoff.next());
}

function retryAfter(link: Link, error: VerihubError, pauseMs: number): void {
  drop(link, error);
  if (!link.wanted) return;
  link.timers.push(link.options.runtime.after(pauseMs, () => connect(link)));
  link.options.onDown(error);
}

function drop(link: Link, reason: VerihubError): void {
  link.attempt += 1;
  link.up = false;
  for (const cancel of link.timers.splice(0)) cancel();
  link.socket?.off();
  link.socket?.disconnect();
  link.socket = null;
  for (const reject of link.waiting) reject(reason);
}

async function request(
  link: Link,
  event: string,
  payload: unknown[],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown>> {
  const { socket, waiting } = link;
  if (!link.up || socket === null) throw new VerihubError('network', { detail: 'not connected' });
  let lost: (error: VerihubError) => void = () => {};
  const answer = new Promise<unknown>((resolve, reject) => {
    lost = reject;
    socket.emit(event, ...payload, resolve);
  });
  waiting.add(lost);
  try {
    return readReply(await withDeadline(link.options.runtime, timeoutMs, signal, () => answer));
  } finally {
    waiting.delete(lost);
    if (link.retiring && waiting.size === 0) close(link);
  }
}

/** `{ok: true, …}` or `{ok: false, problem}` (contract section 2). */
function readReply(reply: unknown): Record<string, unknown> {
  if (isRecord(reply) && reply['ok'] === true) return reply;
  if (isRecord(reply) && isProblem(reply['problem'])) throw errorFromProblem(reply['problem']);
  throw new VerihubError('bad-response', { detail: 'the acknowledgement is neither ok nor a problem' });
}
