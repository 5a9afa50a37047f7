// Engine.IO connections: what each may send and leave unread, whatever namespace it talks to, and how they are moved away.
import type { Clock, Random } from '../ports/runtime.ts';
import { createAllowance } from './allowance.ts';
import type { RealtimeLimits } from './realtime-settings.ts';
import type { Connection } from './socket-types.ts';

export interface ConnectionState {
  /** Events being worked on: it is not moved away under them. */
  busy: number;
  /** Namespaces that it has joined or is joining. */
  joined: Set<string>;
}

export interface Connections {
  /** Sets the limits of a connection that has just been opened. */
  admit(connection: Connection): void;
  stateOf(connection: Connection): ConnectionState;
  /** Closes the transport of each, spread at random over `ms` milliseconds, so that clients connect again elsewhere. */
  drain(ms: number): Promise<void>;
  /** Closes what is left, without waiting for anybody. */
  closeAll(): void;
  count(): number;
}

interface Needs {
  clock: Pick<Clock, 'monotonic' | 'after'>;
  random: Pick<Random, 'fraction'>;
  limits: RealtimeLimits;
}

/** How long a polling client that is being closed may take to come for what is left; milliseconds. */
const lastPollMs = 2_000;
/** How often the next ones are moved while draining; milliseconds. */
const sliceMs = 50;

export function createConnections(needs: Needs): Connections {
  const states = new Map<Connection, ConnectionState>();
  /** For a connection that has closed under its own handshake. */
  const stateOf = (connection: Connection): ConnectionState => states.get(connection) ?? { busy: 0, joined: new Set() };
  let onEmpty: (() => void) | undefined;

  return {
    stateOf,
    admit: (connection) => {
      states.set(connection, { busy: 0, joined: new Set() });
      connection.once('close', () => {
        states.delete(connection);
        if (states.size === 0) onEmpty?.();
      });
      limit(connection, needs);
      forgetRequest(connection);
      boundClosing(connection);
    },
    drain: async (ms) => {
      if (states.size === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      onEmpty = resolve;
      const stop = moveAll(states, ms, needs);
      const cancel = needs.clock.after(ms, resolve);
      await promise;
      stop();
      cancel();
      onEmpty = undefined;
    },
    closeAll: () => {
      for (const connection of states.keys()) connection.close(true);
    },
    count: () => states.size,
  };
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
function limit(connection: Connection, { clock, limits }: Needs): void {
  const allowance = createAllowance(clock, limits.packetsPerMinute);
  connection.on('packet', () => {
    if (allowance.take() > 0) cutOff(connection);
  });
  let waiting = { messages: 0, bytes: 0 };
  let leaving = waiting;
  connection.on('packetCreate', ({ data }: { data?: string | Uint8Array }) => {
    waiting.messages += 1;
    waiting.bytes += data?.length ?? 0;
    // What was handed to the transport still counts until the transport takes more.
    const before = connection.transport.writable ? { messages: 0, bytes: 0 } : leaving;
    const isFull = waiting.messages + before.messages > limits.queuedMessages;
    if (isFull || waiting.bytes + before.bytes > limits.queuedBytes) cutOff(connection);
  });
  connection.on('flush', () => {
    leaving = waiting;
    waiting = { messages: 0, bytes: 0 };
  });
}

/** No closing handshake, for which a deaf client would be waited for, with all that it has not read. */
function cutOff(connection: Connection): void {
  const socket: unknown = Reflect.get(connection.transport, 'socket');
  connection.close(true);
  if (isWebSocket(socket)) socket.terminate();
}

function isWebSocket(value: unknown): value is { terminate(): void } {
  return typeof value === 'object' && value !== null && 'terminate' in value && typeof value.terminate === 'function';
}

function moveAll(states: ReadonlyMap<Connection, ConnectionState>, ms: number, { clock, random }: Needs): () => void {
  const start = clock.monotonic();
  // The last fifth is for those who were busy, and for polling clients that must first come and ask.
  const spread = ms * 0.8;
  let waiting = [...states.keys()].map((connection) => ({ connection, at: start + random.fraction() * spread }));
  let cancel: (() => void) | undefined;
  const slice = (): void => {
    const now = clock.monotonic();
    const isDue = ({ connection, at }: (typeof waiting)[number]): boolean =>
      at <= now && (states.get(connection)?.busy ?? 0) === 0;
    const due = waiting.filter(isDue);
    waiting = waiting.filter((one) => !due.includes(one) && states.has(one.connection));
    // Closing the transport lets the client come back; `disconnect()` would tell it not to (reliability.md).
    for (const { connection } of due) connection.close();
    cancel = waiting.length === 0 ? undefined : clock.after(sliceMs, slice);
  };
  slice();
  return () => cancel?.();
}
