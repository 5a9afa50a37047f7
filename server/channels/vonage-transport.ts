// One POST to Vonage whose fate is always known: not sent, perhaps sent, or answered. No redirects, a bounded answer.
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../ports/runtime.ts';

export interface PostRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

export type Fate =
  | { kind: 'answered'; status: number; headers: IncomingMessage['headers']; body: string | undefined }
  /** `written`: the request may have left this machine, so nobody knows whether it was taken. */
  | { kind: 'failed'; written: boolean; reason: string };

export interface TransportOptions {
  clock: Clock;
  /** Milliseconds for the whole exchange. */
  deadlineMs: number;
  /** Milliseconds until connected, with TLS. */
  connectMs: number;
  /** PEM of authorities trusted instead of the system's. */
  ca?: string;
}

/** Bytes of an answer that are read. Vonage's have a few hundred. */
const answerCap = 65_536;

class CutOffError extends Error {}

/**
 * A connection of its own for each message: on one that was kept open, a reset would not tell a server that had
 * closed it meanwhile from one that had taken the SMS, and an SMS in doubt is not sent again.
 * Never rejects.
 */
export function post(call: PostRequest, signal: AbortSignal, options: TransportOptions): Promise<Fate> {
  if (signal.aborted) return Promise.resolve({ kind: 'failed', written: false, reason: 'timeout' });
  const url = new URL(call.url);
  const headers = { ...call.headers, 'content-length': String(Buffer.byteLength(call.body)), connection: 'close' };
  const common = { method: 'POST', headers, agent: false } as const;
  const trust = options.ca === undefined ? {} : { ca: options.ca };
  const sent = url.protocol === 'https:' ? httpsRequest(url, { ...common, ...trust }) : httpRequest(url, common);
  const connection = watchConnection(sent);
  cutOff(sent, connection, signal, options);
  const fate = settle(sent, connection);
  sent.end(call.body);
  return fate;
}

interface Connection {
  isReady: boolean;
  onReady: () => void;
}

/** Until the connection is ready, TLS included, nothing of the request can have left this machine. */
function watchConnection(sent: ClientRequest): Connection {
  const connection: Connection = { isReady: false, onReady: () => {} };
  sent.once('socket', (socket: Socket) => {
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      connection.isReady = true;
      connection.onReady();
    });
  });
  return connection;
}

/** The socket dies with the deadline: no request outlives it. */
function cutOff(sent: ClientRequest, connection: Connection, signal: AbortSignal, options: TransportOptions): void {
  const { clock, deadlineMs, connectMs } = options;
  const cut = () => sent.destroy(new CutOffError('the attempt took too long'));
  const cancelDeadline = clock.after(deadlineMs, cut);
  const cancelConnect = clock.after(connectMs, cut);
  connection.onReady = cancelConnect;
  signal.addEventListener('abort', cut, { once: true });
  sent.once('close', () => {
    cancelDeadline();
    cancelConnect();
    signal.removeEventListener('abort', cut);
  });
}

/** The first that happens: an answer with as much of its body as came, or an end without one. */
function settle(sent: ClientRequest, connection: Connection): Promise<Fate> {
  return new Promise((resolve) => {
    let fault: unknown;
    let isAnswered = false;
    sent.once('response', (answer) => {
      isAnswered = true;
      const status = answer.statusCode ?? 0;
      void readBody(answer).then((body) => resolve({ kind: 'answered', status, headers: answer.headers, body }));
    });
    sent.on('error', (error) => {
      fault ??= error;
    });
    // Comes last, whatever happened. A body that is still being read has its own end.
    sent.once('close', () => {
      if (!isAnswered) resolve({ kind: 'failed', written: connection.isReady, reason: reasonOf(fault) });
    });
  });
}

/** Undefined when it is longer than the cap, or was cut off: then only the status is known. */
function readBody(answer: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let read = 0;
    answer.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > answerCap) answer.destroy();
      else chunks.push(chunk);
    });
    answer.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    answer.once('error', () => answer.destroy());
    answer.once('close', () => resolve(undefined));
  });
}

function reasonOf(fault: unknown): string {
  if (fault instanceof CutOffError) return 'timeout';
  const code = fault instanceof Error && 'code' in fault && typeof fault.code === 'string' ? fault.code : 'network';
  return code.toLowerCase();
}
