// The port: taken before anything else is built, because with port 0 the hub's origin is known only then.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { ProblemError } from '../core/errors.ts';
import type { Random } from '../ports/runtime.ts';
import { toProblem } from '../wire/problem.ts';
import { answerBadHttp } from './bad-http.ts';

export interface ListenSettings {
  host: string;
  /** 0: any free one. */
  port: number;
  /** The hub origin; undefined: `http://localhost:<port>`. */
  publicUrl: string | undefined;
  /** Milliseconds. */
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
}

export interface Front {
  server: Server;
  origin: string;
  localUrl: string;
  /** Until the doors are open, everyone is asked to come back. */
  answerWith(listener: RequestListener): void;
  /** Takes no more connections, lets requests in flight finish, and cuts what is left after `graceMs` milliseconds. */
  close(graceMs: number): Promise<void>;
}

/** Storms of reconnecting phones queue in the kernel; `somaxconn` bounds it. */
const backlog = 4_096;

interface ListenDeps {
  random: Pick<Random, 'uuid'>;
  /** Which requests leave HTTP. All others are answered in HTTP/1.1, whatever their `Upgrade` says. */
  isUpgrade: (request: IncomingMessage) => boolean;
}

/** @throws when the port is taken: the message says what to do */
export async function listen(settings: ListenSettings, { random, isUpgrade }: ListenDeps): Promise<Front> {
  const { host, port, publicUrl, headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = settings;
  let listener: RequestListener = (_request, response) => refuseEarly(response, random.uuid());
  const timeouts = {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
  };
  // Node looks for connections past their time-out every 30 s unless told otherwise: then 10 s would mean up to 40.
  const server: Server = createServer({
    ...timeouts,
    connectionsCheckingInterval: 1_000,
    // While nobody takes upgrades yet, Node would hang up on them.
    shouldUpgradeCallback: (request) => server.listenerCount('upgrade') > 0 && isUpgrade(request),
  });
  server.on('request', (request, response) => listener(request, response));
  // Node's own 417 is no problem document. A server need not refuse what it does not know (RFC 9110 section 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  answerBadHttp(server, { random });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, host, port)));
    server.listen({ host, port, backlog }, resolve);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    server,
    origin: publicUrl ?? `http://localhost:${taken}`,
    localUrl: `http://${connectable(host)}:${taken}`,
    answerWith: (next) => {
      listener = next;
    },
    close: (graceMs) => closeServer(server, graceMs),
  };
}

function refuseEarly(response: ServerResponse, requestId: string): void {
  const problem = toProblem(
    new ProblemError('draining', 'This node is starting. Try again shortly.', { retryAfter: 1 }),
    requestId,
  );
  const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '1', 'X-Request-Id': requestId };
  response.writeHead(problem.status, headers).end(JSON.stringify(problem));
}

/** How often connections that have become idle are let go while the server closes; milliseconds. */
const idleCheckMs = 25;

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function listenFault(error: Error, host: string, port: number): Error {
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  const detail = isTaken ? 'another program has this port. Stop it, or choose another with PORT=…' : error.message;
  return new Error(`cannot listen on ${host}:${port}: ${detail}`, { cause: error });
}

/** An address this machine can connect to: the wildcard is not one. */
function connectable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
