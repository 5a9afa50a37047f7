// Answers what is no HTTP request at all: Node's parser gives up on it, so it never reaches the app.
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ProblemError } from '../core/errors.ts';
import type { Random } from '../ports/runtime.ts';
import { toProblem } from '../wire/problem.ts';

/** Instead of Node's bare status lines: a problem, and a request id to ask about. */
export function answerBadHttp(server: Server, { random }: { random: Pick<Random, 'uuid'> }): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A reply that is under way must not be written into.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) socket.destroy();
    else socket.end(reply(refusalOf(error.code), random.uuid()));
  });
}

function refusalOf(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new ProblemError('too-large', 'The headers of this request are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ProblemError('malformed', 'The request took too long to arrive.');
  return new ProblemError('malformed', 'This is not an HTTP/1.1 request.');
}

/** Node keeps the reply it is writing there; its own default handler looks at the same place. */
function isAnswering(socket: Duplex): boolean {
  if (!('_httpMessage' in socket)) return false;
  const { _httpMessage: answering } = socket;
  return answering !== null;
}

function reply(refusal: ProblemError, requestId: string): string {
  const problem = toProblem(refusal, requestId);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.status === 413 ? 'Content Too Large' : 'Bad Request'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
