// Webhooks to relying parties: one signed POST, no redirects, no way into private networks, and every end a result (law 7).
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { ChannelResult } from '../core/events.ts';
import type { WebhookChannel, WebhookRequest } from '../ports/channel.ts';
import type { Clock } from '../ports/runtime.ts';
import type { WebhookSigner } from '../ports/security.ts';
import { parseRetryAfter } from './retry-after.ts';
import { AddressNotAllowedError, createLookup, judgeUrl, type Resolve } from './webhook-target.ts';

export interface WebhookDeps {
  clock: Clock;
  sign: WebhookSigner['sign'];
  /** Also loopback and private addresses, and plain http. */
  allowPrivate: boolean;
  /** Milliseconds for one attempt. */
  deadlineMs?: number;
  /** How names become addresses; the system's way when left out. */
  resolve?: Resolve;
  /** PEM of authorities trusted instead of the system's. */
  ca?: string;
}

/** Bytes of an answer that are read, so that its connection can be used again. Nobody looks at them. */
const answerCap = 65_536;
const provider = 'webhook';

class CutOffError extends Error {}

export function createWebhookChannel(deps: WebhookDeps): WebhookChannel & { close(): void } {
  const { clock, allowPrivate, deadlineMs = 10_000 } = deps;
  // Idle connections are dropped before the 5 s after which many servers close them. Several endpoints may share a host.
  const pool = { keepAlive: true, maxSockets: 64, maxTotalSockets: 256, maxFreeSockets: 4, timeout: 4_000 };
  const agents = { 'http:': new HttpAgent(pool), 'https:': new HttpsAgent(pool) };
  const lookup = createLookup(allowPrivate, deps.resolve);
  const trust = deps.ca === undefined ? {} : { ca: deps.ca };

  return {
    async send(request, signal) {
      const url = judgeUrl(request.url, allowPrivate);
      if (typeof url === 'string') return { kind: 'rejected', reason: url };
      const signature = deps.sign(request);
      if (signature === undefined) return { kind: 'rejected', reason: 'secret-malformed' };
      if (signal.aborted) return { kind: 'unreachable', outcome: 'not-sent', reason: 'timeout' };
      const secure = url.protocol === 'https:';
      const options: RequestOptions = {
        method: 'POST',
        headers: headersOf(request, signature),
        agent: secure ? agents['https:'] : agents['http:'],
        lookup,
        ...trust,
      };
      const sent = secure ? httpsRequest(url, options) : httpRequest(url, options);
      const cut = () => sent.destroy(new CutOffError('the attempt took too long'));
      const cancel = clock.after(deadlineMs, cut);
      signal.addEventListener('abort', cut, { once: true });
      sent.once('close', () => {
        cancel();
        signal.removeEventListener('abort', cut);
      });
      return settle(sent, request.body, clock);
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function headersOf(request: WebhookRequest, signature: string): Record<string, string | number> {
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(request.body),
    'user-agent': 'Verihub-Webhooks',
    'webhook-id': request.id,
    'webhook-timestamp': String(request.timestamp),
    'webhook-signature': signature,
  };
}

/** The first that happens: an answer's head, or an end without one. */
function settle(sent: ClientRequest, body: string, clock: Clock): Promise<ChannelResult> {
  return new Promise((resolve) => {
    let connected = false;
    let fault: unknown;
    const ready = () => {
      connected = true;
    };
    sent.once('socket', (socket: Socket) => {
      // Until then nothing can have left this machine.
      if (sent.reusedSocket) ready();
      else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', ready);
    });
    sent.once('response', (answer) => {
      drain(answer);
      resolve(resultOf(answer, clock));
    });
    sent.once('error', (error) => {
      fault = error;
    });
    // Comes last, whatever happened; a promise keeps its first result.
    sent.once('close', () => resolve(failure(fault, connected)));
    sent.end(body);
  });
}

/** Reads up to the cap so that the connection becomes free again, and cuts off whoever sends more. */
function drain(answer: IncomingMessage): void {
  let read = 0;
  answer.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > answerCap) answer.destroy();
  });
  answer.on('error', () => answer.destroy());
}

function resultOf(answer: IncomingMessage, clock: Clock): ChannelResult {
  const status = answer.statusCode ?? 0;
  const reason = `http-${status}`;
  if (status >= 200 && status < 300) return { kind: 'accepted', provider };
  if (status === 410) return { kind: 'rejected', reason, recipientGone: true };
  if (status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], clock.now());
    return { kind: 'throttled', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  // Answered, and not taken: it can be tried again without fear of a copy. A 3xx is not followed: it may lead anywhere.
  return { kind: 'unreachable', outcome: 'not-sent', reason };
}

function failure(fault: unknown, connected: boolean): ChannelResult {
  const outcome = connected ? 'unknown' : 'not-sent';
  if (fault instanceof AddressNotAllowedError) return { kind: 'unreachable', outcome, reason: 'address-not-allowed' };
  if (fault instanceof CutOffError) return { kind: 'unreachable', outcome, reason: 'timeout' };
  const code = fault instanceof Error && 'code' in fault && typeof fault.code === 'string' ? fault.code : 'network';
  return { kind: 'unreachable', outcome, reason: code.toLowerCase() };
}
