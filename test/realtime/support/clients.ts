// Socket.IO clients for tests: each is closed when its test ends, and nothing waits for longer than a test may take.
import { io, type Socket } from 'socket.io-client';
import type { Problem } from '../../../client-sdk/protocol.ts';

export type Transport = 'websocket' | 'polling';
export const transports: readonly Transport[] = ['websocket', 'polling'];

export interface ClientOptions {
  transports?: Transport[];
  headers?: Record<string, string>;
  query?: Record<string, string>;
  /** Default: it stays away once it was closed. */
  reconnect?: boolean;
  auth?: unknown;
}

export interface Clients {
  open(namespace: string, token: string, options?: ClientOptions): Socket;
  closeAll(): void;
}

export function createClients(url: () => string): Clients {
  const sockets = new Set<Socket>();
  return {
    open: (namespace, token, options = {}) => {
      const socket = io(`${url()}${namespace}`, {
        forceNew: true,
        reconnection: options.reconnect ?? false,
        reconnectionDelay: 20,
        transports: options.transports ?? ['websocket'],
        auth: (options.auth ?? { token }) as Record<string, unknown>,
        ...(options.headers === undefined ? {} : { extraHeaders: options.headers }),
        ...(options.query === undefined ? {} : { query: options.query }),
      });
      sockets.add(socket);
      return socket;
    },
    closeAll: () => {
      for (const socket of sockets) socket.disconnect();
      sockets.clear();
    },
  };
}

/** Resolves with the next event's arguments; an acknowledgement is the last of them. */
export function next<T extends unknown[] = unknown[]>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve) => {
    socket.once(event, (...args: unknown[]) => resolve(args as T));
  });
}

export async function connected(socket: Socket): Promise<Socket> {
  if (socket.connected) return socket;
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

export async function refusal(socket: Socket): Promise<Error & { data?: Problem }> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => reject(new Error('was let in')));
    socket.once('connect_error', (error: Error & { data?: Problem }) => resolve(error));
  });
}

export function collect<T>(socket: Socket, event: string): T[] {
  const seen: T[] = [];
  socket.on(event, (payload: T) => void seen.push(payload));
  return seen;
}

export interface Answer {
  ok: boolean;
  problem?: Problem;
  [field: string]: unknown;
}

/** Emits and waits for the acknowledgement. */
export function ask(socket: Socket, event: string, ...payload: unknown[]): Promise<Answer> {
  return socket.emitWithAck(event, ...payload) as Promise<Answer>;
}

/** Resolves as soon as it holds; asked on every turn of the loop, so that nothing is slept. */
export async function until(holds: () => boolean, what: string, withinMs = 4_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`did not come true: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Paused, it leaves what arrives in the kernel, as a stalled phone does. */
export function rawSocketOf(socket: Socket): { pause(): void; destroy(): void } {
  const { ws } = socket.io.engine.transport as { ws?: object };
  if (ws === undefined) throw new Error('not over WebSocket');
  return Reflect.get(ws, '_socket') as { pause(): void; destroy(): void };
}
