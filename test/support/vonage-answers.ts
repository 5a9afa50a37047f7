// Answers of Vonage's Messages API, from the good one to every kind of bad one, for the simulator.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request for a message, as it came in. */
export interface VonageRequest {
  path: string;
  headers: IncomingMessage['headers'];
  /** Of the JWT, when it was good. */
  claims: Record<string, unknown> | undefined;
  message: VonageMessage;
  messageId: string;
}

export interface VonageMessage {
  channel?: string;
  message_type?: string;
  to?: string;
  from?: string;
  text?: string;
  client_ref?: string;
  ttl?: number;
}

/** Answers one request, or does not. */
export type VonageScript = (response: ServerResponse, request: VonageRequest) => void;

const accepted: VonageScript = (response, { messageId }) => {
  response.writeHead(202, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message_uuid: messageId }));
};

/** @param code of https://developer.vonage.com/en/api-errors/messages, or the name of a general error */
function problem(status: number, code: number | string, headers: Record<string, string> = {}): VonageScript {
  return (response) => {
    const page = typeof code === 'number' ? 'api-errors/messages' : 'api-errors';
    const type = `https://developer.vonage.com/${page}#${code}`;
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
    response.end(JSON.stringify({ type, title: 'It went wrong', detail: 'For a reason.', instance: randomUUID() }));
  };
}

function body(status: number, contentType: string, text: string): VonageScript {
  return (response) => void response.writeHead(status, { 'content-type': contentType }).end(text);
}

function redirect(to: string): VonageScript {
  return (response) => void response.writeHead(302, { location: to }).end();
}

/** A good answer in 10 MB: more than anyone should read. */
function huge(status: number): VonageScript {
  return (response, { messageId }) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message_uuid: messageId, padding: 'x'.repeat(10 * 1024 * 1024) }));
  };
}

const hang: VonageScript = () => {};
const reset: VonageScript = (response) => void response.socket?.resetAndDestroy();

/** The head, and the connection is gone in the middle of the body. */
const cut: VonageScript = (response) => {
  response.writeHead(202, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"message_', () => response.socket?.destroy());
};

/** A byte now and then, for ever. */
const trickle: VonageScript = (response) => {
  response.writeHead(202, { 'content-type': 'application/json', 'content-length': '1000' });
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};

/** The same answer twice on one connection. */
const twice: VonageScript = (response, { messageId }) => {
  const text = JSON.stringify({ message_uuid: messageId });
  const answer = `HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  response.socket?.end(answer + answer);
};

export const vonage = { accepted, problem, body, redirect, huge, hang, reset, cut, trickle, twice } as const;
