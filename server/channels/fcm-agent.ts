// The agent under firebase-admin: one HTTP request for each attempt, to our endpoint, watched, bounded and cut off by us.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, type RequestOptions } from 'node:https';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';

/** What came of the one request of an attempt. */
export type Exchange =
  | { kind: 'answered'; status: number; retryAfter: string | undefined; body: string }
  /** It ended before there was a whole answer; `sent`: the request may have left this machine. */
  | { kind: 'broken'; sent: boolean; reason: string }
  /** firebase-admin made no request at all. */
  | { kind: 'unsent'; error: unknown };

export interface FcmAgentOptions {
  /** http: plain, for a simulator on this machine; https: with the certificate and SNI of its own host. */
  endpoint: URL;
  /** PEM of authorities trusted instead of the system's. */
  ca?: string | undefined;
  /** How names become addresses; the system's way when left out. */
  lookup?: LookupFunction | undefined;
}

export interface FcmAgent {
  /** For firebase-admin's `httpAgent`. It refuses requests that are made outside `exchange`. */
  readonly agent: Agent;
  /**
   * Runs `post`, which may make one request; a second one is refused, and so is any after `signal`.
   * Never rejects, and ends with `signal` at the latest.
   * @param token of OAuth, without `Bearer`
   */
  exchange(token: string, signal: AbortSignal, post: () => Promise<unknown>): Promise<Exchange>;
  close(): void;
}

/** Characters of an answer that are read; FCM's own have some hundred. */
const answerCap = 65_536;

/** How many requests there may be at a time is the guard's affair. Idle connections go before a NAT on the way forgets them. */
const pool = { keepAlive: true, maxFreeSockets: 16, timeout: 60_000 };

/** Each message must not be one that firebase-admin tries again (ECONNRESET, ETIMEDOUT): none of these has a `code`. */
class RefusedError extends Error {}
class CutOffError extends Error {}

interface Attempt {
  readonly token: string;
  readonly signal: AbortSignal;
  request: ClientRequest | undefined;
  /** From now on the request may have left this machine. */
  sent: boolean;
  /** Counts once; what comes later changes nothing. */
  settle(exchange: Exchange): void;
}

export function createFcmAgent({ endpoint, ca, lookup }: FcmAgentOptions): FcmAgent {
  // firebase-admin has no notion of an attempt: it asks its agent for one request after the other.
  const attempts = new AsyncLocalStorage<Attempt>();
  const agent = openPool(endpoint, { ca, lookup });
  const enqueue = agent.addRequest.bind(agent);
  agent.addRequest = (request, options) => {
    const attempt = attempts.getStore();
    // Its own retries, up to four over 82 s, cannot be switched off; here they end, before a socket is touched.
    if (attempt === undefined) throw new RefusedError('a request outside an attempt');
    if (attempt.request !== undefined) throw new RefusedError('an attempt has one request');
    if (attempt.signal.aborted) throw new RefusedError('the attempt is over');
    attempt.request = request;
    request.setHeader('host', endpoint.host);
    request.setHeader('authorization', `Bearer ${attempt.token}`);
    watch(request, attempt);
    enqueue(request, options);
  };

  return {
    agent,
    exchange(token, signal, post) {
      const { promise, resolve } = Promise.withResolvers<Exchange>();
      const attempt: Attempt = { token, signal, request: undefined, sent: false, settle: resolve };
      const cut = () => {
        resolve({ kind: 'broken', sent: attempt.sent, reason: 'timeout' });
        attempt.request?.destroy(new CutOffError('the attempt took too long'));
      };
      if (signal.aborted) cut();
      else signal.addEventListener('abort', cut, { once: true });
      // What firebase-admin makes of an answer comes too late or never (it waits for ever when a connection breaks in
      // the middle of one): what counts is what was seen of the request, unless there was none.
      const ended = (error?: unknown) => {
        if (attempt.request === undefined) resolve({ kind: 'unsent', error });
      };
      if (!signal.aborted) void attempts.run(attempt, async () => post()).then(() => ended(), ended);
      return promise.finally(() => signal.removeEventListener('abort', cut));
    },
    close: () => agent.destroy(),
  };
}

/** What Node asks of an agent for each request. Not in its types, yet what every proxy agent is built on. */
interface Pool extends Agent {
  addRequest(request: ClientRequest, options: RequestOptions): void;
}

function isPool(agent: Agent): agent is Pool {
  return 'addRequest' in agent && typeof agent.addRequest === 'function';
}

/** Where its sockets lead is no choice of firebase-admin's, which knows `https://fcm.googleapis.com` only. */
function openPool(endpoint: URL, { ca, lookup }: Omit<FcmAgentOptions, 'endpoint'>): Pool {
  const host = endpoint.hostname.replace(/^\[|\]$/g, '');
  const isPlain = endpoint.protocol === 'http:';
  const port = Number(endpoint.port || (isPlain ? 80 : 443));
  const target = { host, port, ...(lookup === undefined ? {} : { lookup }) };
  const trust = { servername: isIP(host) === 0 ? host : '', ...(ca === undefined ? {} : { ca }) };
  const agent = new Agent({ ...pool, ...target, ...trust });
  if (isPlain) agent.createConnection = () => connect(target);
  if (!isPool(agent)) throw new TypeError('The agent of this Node takes no requests; use the Node that is pinned.');
  return agent;
}

function watch(request: ClientRequest, attempt: Attempt): void {
  let reason = 'network';
  request.once('socket', (socket: Socket) => {
    const ready = () => {
      attempt.sent = true;
    };
    if (request.reusedSocket) ready();
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', ready);
  });
  // Before firebase-admin's own listener, which reads the headers and the body.
  request.prependOnceListener('response', (response) => {
    reason = 'broken-off';
    read(response, request, attempt);
  });
  request.once('error', (error) => {
    reason = 'code' in error && typeof error.code === 'string' ? error.code.toLowerCase() : reason;
  });
  // The last event of a request, whatever became of it.
  request.once('close', () => attempt.settle({ kind: 'broken', sent: attempt.sent, reason }));
}

function read(response: IncomingMessage, request: ClientRequest, attempt: Attempt): void {
  const { statusCode: status = 0, headers } = response;
  const retryAfter = headers['retry-after'];
  // No unpacking (a small answer could become a huge one), no multipart parser, and no waiting up to 60 s for a retry
  // that is refused anyway: firebase-admin does each of these when it finds the header.
  for (const name of ['content-encoding', 'content-type', 'retry-after']) delete headers[name];
  const chunks: Buffer[] = [];
  let length = 0;
  const answer = (body: string): void => attempt.settle({ kind: 'answered', status, retryAfter, body });
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= answerCap) return;
    // Whatever this is, it is no answer of FCM's; its status is all that is believed.
    answer('');
    request.destroy();
  });
  response.once('end', () => answer(Buffer.concat(chunks).toString()));
  response.on('error', () => {});
}
