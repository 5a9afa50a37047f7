// The port: taken before anything else is built, because with port 0 the hub's origin is known only then.
import { createServer, type RequestListener, type Server } from 'node:http';

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
  close(): Promise<void>;
}

/** Storms of reconnecting phones queue in the kernel; `somaxconn` bounds it. */
const backlog = 4_096;

/** @throws when the port is taken: the message says what to do */
export async function listen(settings: ListenSettings): Promise<Front> {
  const { host, port, publicUrl, headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = settings;
  let listener: RequestListener = (_request, response) => void response.writeHead(503, { 'Retry-After': '1' }).end();
  const server = createServer(
    { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs },
    (request, response) => listener(request, response),
  );
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
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
