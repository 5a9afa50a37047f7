// Engine.IO connections: what each may send and leave unread, whatever namespace it talks to, and how they are moved away.
import type { Clock, Logger, Random } from '../ports/runtime.ts';
import { fullAllowance, take, type Allowance } from './allowance.ts';
import type { RealtimeLimits } from './realtime-settings.ts';
import type { Connection } from './socket-types.ts';

export interface ConnectionState {
  /** Events being worked on: it is not moved away under them. */
  busy: number;
  /** Namespaces that it has joined or is joining. */
  joined: string[];
}

/** With what its limits are kept by. Plain data: ten thousand phones hold one each. */
interface Admitted extends ConnectionState {
  packets: Allowance;
  /** Written, and not yet taken by the transport. */
  waitingMessages: number;
  waitingBytes: number;
  /** Taken by the transport, perhaps not yet by the client. */
  leavingMessages: number;
  leavingBytes: number;
}

export interface Connections {
  /** Sets the limits of a connection that has just been opened. */
  admit(connection: Connection): void;
  stateOf(connection: Connection): ConnectionState;
  /** Closes the transport of each, spread at random over `ms` milliseconds, so that clients connect again elsewhere. */
  drain(ms: number): Promise<void>;
  /** Closes what is left; resolves when the clients have agreed, or after `ms` milliseconds without waiting any longer. */
  closeAll(ms: number): Promise<void>;
  count(): number;
}

interface Needs {
  clock: Pick<Clock, 'monotonic' | 'after'>;
  random: Pick<Random, 'fraction'>;
  logger: Logger;
  limits: RealtimeLimits;
}

/** How long a polling client that is being closed may take to come for what is left; milliseconds. */
const lastPollMs = 2_000;
/** How often the next ones are moved while draining; milliseconds. */
const sliceMs = 50;

export function createConnections(needs: Needs): Connections {
  const { clock, limits } = needs;
  const states = new Map<Connection, Admitted>();
  let onEmpty: (() => void) | undefined;
  const limit = createLimiter(states, needs);
  function onClose(this: Connection): void {
    states.delete(this);
    if (states.size === 0) onEmpty?.();
  }

  return {
    // The stand-in is for a connection that closed under its own handshake.
    stateOf: (connection) => states.get(connection) ?? { busy: 0, joined: [] },
    admit: (connection) => {
      states.set(connection, admitted(limits, clock.monotonic()));
      connection.on('close', onClose);
      limit(connection);
      forgetRequest(connection);
      boundClosing(connection);
    },
    drain: async (ms) => {
      if (states.size === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      onEmpty = resolve;
      const stop = moveAll(states, ms, needs);
      const cancel = clock.after(ms, resolve);
      await promise;
      stop();
      cancel();
      onEmpty = undefined;
    },
    closeAll: (ms) => closeAll(states, ms, clock),
    count: () => states.size,
  };
}

function admitted({ packetsPerMinute }: RealtimeLimits, now: number): Admitted {
  const load = { waitingMessages: 0, waitingBytes: 0, leavingMessages: 0, leavingBytes: 0 };
  return { busy: 0, joined: [], packets: fullAllowance(packetsPerMinute, now), ...load };
}

/** The first HTTP request would be kept for as long as the connection lives: 2 KB each (performance.md). */
function forgetRequest(connection: Connection): void {
  Reflect.set(connection, 'request', undefined);
}

/** Engine.IO waits 30 s for the last poll of a client that is being closed, and keeps the process alive for it. */
function boundClosing({ transport }: Connection): void {
  if (transport.name === 'polling') Reflect.set(transport, 'closeTimeout', lastPollMs);
}

/** Floods and readers that do not read are cut off: what they cost is bounded (reliability.md F29, F31). */
function createLimiter(states: ReadonlyMap<Connection, Admitted>, { clock, logger, limits }: Needs) {
  const cutOff = (connection: Connection, because: string): void => {
    if (connection.readyState === 'open')
      logger.info({ because, address: connection.remoteAddress }, 'a connection was cut off');
    // No closing handshake, for which a deaf client would be waited for, with all that it has not read.
    const socket = webSocketOf(connection);
    connection.close(true);
    socket?.terminate();
  };
  // One listener for all connections, not one closure for each.
  function onPacket(this: Connection): void {
    const state = states.get(this);
    if (state !== undefined && take(state.packets, limits.packetsPerMinute, clock.monotonic()) > 0)
      cutOff(this, 'flood');
  }
  function onWrite(this: Connection, { data }: { data?: string | Uint8Array }): void {
    const state = states.get(this);
    if (state === undefined) return;
    state.waitingMessages += 1;
    state.waitingBytes += data?.length ?? 0;
    // What was handed to the transport still counts until the transport takes more.
    const { writable } = this.transport;
    const messages = state.waitingMessages + (writable ? 0 : state.leavingMessages);
    const bytes = state.waitingBytes + (writable ? 0 : state.leavingBytes);
    if (messages > limits.queuedMessages || bytes > limits.queuedBytes) cutOff(this, 'deaf');
  }
  function onFlush(this: Connection): void {
    const state = states.get(this);
    if (state === undefined) return;
    state.leavingMessages = state.waitingMessages;
    state.leavingBytes = state.waitingBytes;
    state.waitingMessages = 0;
    state.waitingBytes = 0;
  }
  return (connection: Connection): void => {
    connection.on('packet', onPacket).on('packetCreate', onWrite).on('flush', onFlush);
  };
}

interface WebSocketLike {
  terminate(): void;
  once(event: 'close', listener: () => void): void;
}

/** Engine.IO does not show it, and has no way of its own to end a connection without a closing handshake. */
function webSocketOf({ transport }: Connection): WebSocketLike | undefined {
  const socket: unknown = Reflect.get(transport, 'socket');
  return isWebSocket(socket) ? socket : undefined;
}

function isWebSocket(value: unknown): value is WebSocketLike {
  return typeof value === 'object' && value !== null && 'terminate' in value && typeof value.terminate === 'function';
}

async function closeAll(
  states: ReadonlyMap<Connection, Admitted>,
  ms: number,
  clock: Pick<Clock, 'after'>,
): Promise<void> {
  const sockets = [...states.keys()].map(webSocketOf).filter((socket) => socket !== undefined);
  const gone = sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', resolve)));
  for (const connection of states.keys()) connection.close(true);
  const cancel = clock.after(ms, () => {
    for (const socket of sockets) socket.terminate();
  });
  await Promise.all(gone);
  cancel();
}

function moveAll(states: ReadonlyMap<Connection, ConnectionState>, ms: number, { clock, random }: Needs): () => void {
  const start = clock.monotonic();
  // The last fifth is for those who were busy, and for polling clients that must first come and ask.
  const spread = ms * 0.8;
  let waiting = [...states.keys()].map((connection) => ({ connection, at: start + random.fraction() * spread }));
  let cancel: (() => void) | undefined;
  const slice = (): void => {
    const now = clock.monotonic();
    const stays: typeof waiting = [];
    for (const one of waiting) {
      const state = states.get(one.connection);
      if (state === undefined) continue;
      if (one.at > now || state.busy > 0) stays.push(one);
      // Closing the transport lets the client come back; `disconnect()` would tell it not to (reliability.md).
      else one.connection.close();
    }
    waiting = stays;
    cancel = waiting.length === 0 ? undefined : clock.after(sliceMs, slice);
  };
  slice();
  return () => cancel?.();
}
