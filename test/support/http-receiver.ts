// A local HTTP server that keeps what it was sent and answers as the test says.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Receiver extends AsyncDisposable {
  /** Without a trailing slash. */
  origin: string;
  port: number;
  received: Received[];
  /** How many connections were ever opened. */
  connections(): number;
  /** How many are open now. */
  openConnections(): number;
  /** Resolves once this many requests have arrived whole. */
  arrived(count: number): Promise<void>;
  /** Resolves once no connection is open. */
  idle(): Promise<void>;
}

/** @param at the port to listen on again; 0 for any */
export async function startReceiver(
  answer: (response: ServerResponse, request: Received) => void,
  at = 0,
): Promise<Receiver> {
  const received: Received[] = [];
  const open = new Set<object>();
  const listeners = new Set<() => void>();
  let connections = 0;
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const until = (met: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = () => {
        if (!met()) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
    });

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const whole = { method, path, headers, body: Buffer.concat(chunks).toString() };
      received.push(whole);
      answer(response, whole);
      changed();
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      changed();
    });
  });
  server.listen(at, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    received,
    connections: () => connections,
    openConnections: () => open.size,
    arrived: (count) => until(() => received.length >= count),
    idle: () => until(() => open.size === 0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
