// Who may speak to the socket server at all: every request and upgrade is looked at, not only the first of a connection.
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import { ProblemError } from '../core/errors.ts';
import type { Random } from '../ports/runtime.ts';
import { toProblem } from '../wire/problem.ts';

/** Names under which clients put credentials into a URL, where proxies log them; compared in lower case. */
const credentialNames = new Set(
  'token auth authorization access_token accesstoken waitertoken devicetoken enrollmenttoken jwt jws bearer apikey api_key key secret password'.split(
    ' ',
  ),
);
/** Begins like a JWS, an API key, an enrollment or a trust token (contract section 3). */
const credentialLooks = /^(eyJ|vh_|enr_|tru_|Bearer )/;

export interface Screened {
  problem?: ProblemError;
  /** No session yet: this request begins a connection. */
  isHandshake: boolean;
}

/**
 * Socket.IO's `cors` does not guard upgrades, and its `allowRequest` is asked once per connection and can only answer an
 * upgrade with 400: both reasons to look here (security.md T1, T3).
 */
export function screenRequest(request: IncomingMessage, origins: ReadonlySet<string>): Screened {
  const query = queryOf(request);
  const isHandshake = !query.has('sid');
  const { origin } = request.headers;
  if (origin !== undefined && !origins.has(origin)) {
    return {
      isHandshake,
      problem: new ProblemError('origin-not-allowed', 'This web origin may not connect to this hub.'),
    };
  }
  for (const [name, value] of query) {
    if (!credentialNames.has(name.toLowerCase()) && !credentialLooks.test(value)) continue;
    const detail = 'A credential was sent in the URL, where it may be logged. Send it as `auth.token`, and replace it.';
    return { isHandshake, problem: new ProblemError('forbidden', detail) };
  }
  return { isHandshake };
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}

/** Answers with problem details; an upgrade has no response object worth the name, so its socket is written to. */
export function refuseRequest(
  request: IncomingMessage,
  response: unknown,
  error: ProblemError,
  random: Pick<Random, 'uuid'>,
): void {
  const problem = toProblem(error, random.uuid());
  const body = JSON.stringify(problem);
  const headers: Record<string, string> = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': problem.requestId,
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...(problem.retryAfter === undefined ? {} : { 'Retry-After': String(problem.retryAfter) }),
  };
  // Engine.IO hands a stand-in to upgrades, which cannot answer.
  if (response instanceof ServerResponse) response.writeHead(problem.status, headers).end(body);
  else endUpgrade(request.socket, problem.status, problem.title, headers, body);
}

function endUpgrade(
  socket: NetSocket,
  status: number,
  title: string,
  headers: Record<string, string>,
  body: string,
): void {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${head.join('')}\r\n${body}`, () => socket.destroy());
}
