// Refusals at the socket door, before there is a connection: problem details, over HTTP and to upgrades alike.
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProblemError } from '../core/errors.ts';
import { toProblem } from '../wire/problem.ts';

/** What Engine.IO hands to its middleware: for upgrades a stand-in, which takes headers and cannot answer. */
export type Answer = Pick<ServerResponse, 'setHeader' | 'getHeader'>;

export function refuseRequest(request: IncomingMessage, answer: Answer, error: ProblemError, requestId: string): void {
  if (!(answer instanceof ServerResponse)) return refuseUpgrade(request.socket, error, requestId);
  const { status, headers, body } = replyOf(error, requestId);
  answer.writeHead(status, headers).end(body);
}

/** An upgrade has no response object: its socket is written to. */
export function refuseUpgrade(socket: Duplex, error: ProblemError, requestId: string): void {
  const { status, title, headers, body } = replyOf(error, requestId);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${head.join('')}\r\n${body}`, () => socket.destroy());
}

function replyOf(error: ProblemError, requestId: string) {
  const problem = toProblem(error, requestId);
  const body = JSON.stringify(problem);
  const headers: Record<string, string> = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': problem.requestId,
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...(problem.retryAfter === undefined ? {} : { 'Retry-After': String(problem.retryAfter) }),
    // RFC 9110 section 15.5.6.
    ...(error.code === 'method-not-allowed' ? { Allow: 'GET, POST' } : {}),
  };
  return { status: problem.status, title: problem.title, headers, body };
}
