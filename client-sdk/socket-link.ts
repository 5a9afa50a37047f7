/** One Socket.IO namespace kept connected: a fresh socket and credential per try, full-jitter reconnection, requests that always end. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { createBackoff, reconnectBackoff } from './backoff.ts';
import type { BackoffOptions } from './backoff.ts';
import { withDeadline } from './deadline.ts';
import { asVerihubError, errorFromProblem, isProblem, VerihubError } from './errors.ts';
import { isRecord } from './http-client.ts';
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
  credential(): Promise<string>;
  /** Event handlers; never called for a connection that is already given up. */
  events: Record<string, (...args: unknown[]) => void>;
  onUp(): void;
  /** The connection was lost or could not be made; another try follows by itself. */
  onDown(error: VerihubError): void;
  onRefused(problem: Problem): Refusal;
}

export interface SocketLink {
  isUp(): boolean;
  open(): void;
  /** Closes for good, until `open` is called again. */
  close(): void;
  /** Drops this connection (it is thought dead) and connects again at once. */
  renew(): void;
  /** Ends the pause before the next try, if there is one. */
  hurry(): void;
  /** Emits and waits for `{ok: true, …}`. Rejects with the hub's problem, `timeout`, or `network` when the connection goes first. */
  request(event: string, payload: unknown[], timeoutMs: number, signal?: AbortSignal): Promise<Record<string, unknown>>;
}

export function createSocketLink(options: SocketLinkOptions): SocketLink {
  const { runtime, settings } = options;
  const backoff = createBackoff(settings.reconnect ?? reconnectBackoff, runtime.random);
  const waiting = new Set<(error: VerihubError) => void>();
  let wanted = false;
  let up = false;
  let attempt = 0;
  let socket: Socket | null = null;
  let timers: Cancel[] = [];

  function clear(reason: VerihubError): void {
    attempt += 1;
    up = false;
    for (const cancel of timers.splice(0)) cancel();
    socket?.off();
    socket?.disconnect();
    socket = null;
    for (const reject of [...waiting]) reject(reason);
  }

  function retry(error: VerihubError, pauseMs: number): void {
    clear(error);
    if (!wanted) return;
    timers.push(runtime.after(pauseMs, connect));
    options.onDown(error);
  }

  function later(error: VerihubError): void {
    retry(error, Math.max(backoff.next(), (error.retryAfter ?? 0) * 1_000));
  }

  function refused(problem: Problem): void {
    const verdict = options.onRefused(problem);
    const error = errorFromProblem(problem);
    if (verdict === 'now') return retry(error, 0);
    if (verdict === 'later') return later(error);
    wanted = false;
    clear(error);
  }

  function connected(): void {
    for (const cancel of timers.splice(0)) cancel();
    up = true;
    // A hub that accepts and at once drops must not be hammered: the pauses start over only after a connection that held.
    timers.push(runtime.after(10_000, () => backoff.reset()));
    options.onUp();
  }

  function connect(): void {
    clear(new VerihubError('network'));
    const mine = attempt;
    const current = (): boolean => mine === attempt && wanted;
    timers.push(
      runtime.after(settings.connectTimeoutMs ?? 10_000, () =>
        later(new VerihubError('timeout', { detail: 'no connection in time' })),
      ),
    );
    options.credential().then(
      (token) => {
        if (current()) socket = startSocket(options, token, current, { connected, refused, later });
      },
      (error: unknown) => {
        if (current()) later(asVerihubError(error));
      },
    );
  }

  return {
    isUp: () => up,
    open() {
      if (wanted) return;
      wanted = true;
      backoff.reset();
      connect();
    },
    close() {
      wanted = false;
      clear(new VerihubError('closed'));
    },
    renew() {
      if (wanted) retry(new VerihubError('network', { detail: 'the connection no longer answered' }), 0);
    },
    hurry() {
      if (wanted && !up && socket === null) connect();
    },
    request(event, payload, timeoutMs, signal) {
      const active = socket;
      if (!up || active === null) return Promise.reject(new VerihubError('network', { detail: 'not connected' }));
      return emitForReply({ active, waiting, runtime }, event, payload, timeoutMs, signal);
    },
  };
}

interface Outcomes {
  connected(): void;
  refused(problem: Problem): void;
  later(error: VerihubError): void;
}

/** Reconnection stays with us: Socket.IO's own would use the old credential and knows no retry-after. */
function startSocket(options: SocketLinkOptions, token: string, current: () => boolean, outcomes: Outcomes): Socket {
  const { settings } = options;
  const socket: Socket = io(options.url, {
    forceNew: true,
    autoConnect: false,
    reconnection: false,
    transports: settings.transports ?? ['websocket', 'polling'],
    tryAllTransports: true,
    auth: (send) => send({ token }),
    ...(settings.path === undefined ? {} : { path: settings.path }),
  });
  for (const [event, handler] of Object.entries(options.events)) {
    socket.on(event, (...args: unknown[]) => {
      if (current()) handler(...args);
    });
  }
  socket.on('connect', () => current() && outcomes.connected());
  socket.on('disconnect', (reason) => current() && outcomes.later(new VerihubError('network', { detail: reason })));
  socket.on('connect_error', (error: Error & { data?: unknown }) => {
    if (!current()) return;
    if (isProblem(error.data)) outcomes.refused(error.data);
    else outcomes.later(new VerihubError('network', { detail: error.message, cause: error }));
  });
  socket.connect();
  return socket;
}

interface Emission {
  active: Socket;
  waiting: Set<(error: VerihubError) => void>;
  runtime: SdkRuntime;
}

function emitForReply(
  emission: Emission,
  event: string,
  payload: unknown[],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown>> {
  let lost: (error: VerihubError) => void = () => {};
  const answer = withDeadline(
    emission.runtime,
    timeoutMs,
    signal,
    () =>
      new Promise<unknown>((resolve, reject) => {
        lost = reject;
        emission.waiting.add(lost);
        emission.active.emit(event, ...payload, resolve);
      }),
  );
  return answer.then(readReply).finally(() => emission.waiting.delete(lost));
}

/** `{ok: true, …}` or `{ok: false, problem}` (contract section 2). */
function readReply(reply: unknown): Record<string, unknown> {
  if (isRecord(reply) && reply['ok'] === true) return reply;
  if (isRecord(reply) && isProblem(reply['problem'])) throw errorFromProblem(reply['problem']);
  throw new VerihubError('bad-response', { detail: 'the acknowledgement is neither ok nor a problem' });
}
