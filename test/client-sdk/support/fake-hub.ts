/** A scripted hub on a real socket: answers what a test tells it to, and records what it was asked. No hub logic of its own. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';

export interface Recorded {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
  /** True once the connection of this request has no use any more: answered, or given up by the client. */
  over: boolean;
}

/** What a scripted route answers: a reply, `drop` (the connection is cut without an answer), or `hang` (never). */
export type Scripted =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { page: string; type: string }
  | 'drop'
  | 'hang';
export type Route = (request: Recorded) => Scripted | Promise<Scripted>;

export interface FakeHub {
  origin: string;
  requests: Recorded[];
  /** Requests to one `METHOD /path`. */
  seen(route: string): Recorded[];
  route(route: string, answer: Route): void;
  io: Server;
  /** Refuses a handshake by returning a problem. */
  handshake: (namespace: string, token: unknown) => object | null;
  onDevice: (socket: Socket) => void;
  onBrowser: (socket: Socket) => void;
  /** Cuts every connection without saying goodbye, as a crashed node does. */
  cut(): void;
  close(): Promise<void>;
}

export function problem(code: string, status: number, more: object = {}): Extract<Scripted, { status: number }> {
  return {
    status,
    body: { type: 'about:blank', title: code, status, detail: `scripted ${code}`, code, requestId: 'req_1', ...more },
  };
}

export async function startFakeHub(): Promise<FakeHub> {
  const routes = new Map<string, Route>();
  const requests: Recorded[] = [];
  const server = createServer((request, response) => void answer(routes, requests, request, response));
  const io = new Server(server, { pingInterval: 25_000 });
  const hub: FakeHub = {
    origin: '',
    requests,
    io,
    seen: (route) => requests.filter((request) => `${request.method} ${request.path}` === route),
    route: (route, reply) => void routes.set(route, reply),
    handshake: () => null,
    onDevice: () => {},
    onBrowser: () => {},
    cut: () => {
      for (const name of ['/device', '/browser'])
        for (const socket of io.of(name).sockets.values()) socket.conn.close();
    },
    close: () => close(io, server),
  };
  for (const name of ['/device', '/browser']) {
    io.of(name).use((socket, next) => {
      const refusal = hub.handshake(name, socket.handshake.auth['token']);
      next(refusal === null ? undefined : Object.assign(new Error('refused'), { data: refusal }));
    });
  }
  io.of('/device').on('connection', (socket) => hub.onDevice(socket));
  io.of('/browser').on('connection', (socket) => hub.onBrowser(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  hub.origin = `http://127.0.0.1:${address.port}`;
  return hub;
}

async function close(io: Server, server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections();
  await io.close();
}

async function answer(
  routes: Map<string, Route>,
  requests: Recorded[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url?.startsWith('/socket.io/')) return;
  const url = new URL(request.url ?? '/', 'http://hub');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const recorded: Recorded = {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
    over: false,
  };
  response.on('close', () => {
    recorded.over = true;
  });
  requests.push(recorded);
  const reply = await (routes.get(`${recorded.method} ${recorded.path}`) ?? (() => problem('not-found', 404)))(
    recorded,
  );
  if (reply === 'hang') return;
  if (typeof reply === 'object' && 'page' in reply) {
    response.writeHead(200, { 'content-type': reply.type }).end(reply.page);
    return;
  }
  if (reply === 'drop') return void request.socket.destroy();
  response.writeHead(reply.status, {
    'content-type': reply.status < 400 ? 'application/json' : 'application/problem+json',
    ...reply.headers,
  });
  response.end(reply.body === undefined ? '' : JSON.stringify(reply.body));
}
