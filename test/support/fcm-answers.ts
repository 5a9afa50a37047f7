// What FCM answers, as Google documents it, and what stands in its place on a bad day.
import type { Socket } from 'node:net';
import type { ServerResponse } from 'node:http';

export interface FcmRequest {
  /** Milliseconds on a clock that never jumps. */
  at: number;
  method: string;
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bearer token. */
  bearer: string;
  /** `message` of the body. */
  message: Record<string, unknown>;
  /** Counts from 1. */
  number: number;
}

/** Answers one request, or does not. */
export type FcmAnswer = (response: ServerResponse, request: FcmRequest) => void;

const fcmError = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
const badRequest = 'type.googleapis.com/google.rpc.BadRequest';
const errorInfo = 'type.googleapis.com/google.rpc.ErrorInfo';

/** https://cloud.google.com/apis/design/errors */
export function errorBody(code: number, status: string, message: string, details: object[] = []): string {
  return JSON.stringify({ error: { code, message, status, ...(details.length === 0 ? {} : { details }) } }, null, 2);
}

export function json(status: number, body: string, headers: Record<string, string> = {}): FcmAnswer {
  return (response) =>
    void response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers }).end(body);
}

function error(code: number, status: string, message: string, details: object[] = [], headers = {}): FcmAnswer {
  return json(code, errorBody(code, status, message, details), headers);
}

const own = (errorCode: string) => ({ '@type': fcmError, errorCode });

export const accept: FcmAnswer = (response, request) =>
  json(200, JSON.stringify({ name: messageName(request) }, null, 2))(response, request);

export function messageName({ path, number }: FcmRequest): string {
  const project = path.split('/')[3] ?? '';
  return `projects/${project}/messages/0:17000000000000${number}%abc`;
}

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, and bodies as reported from the field. */
export const fcmErrors = {
  unregistered: error(404, 'NOT_FOUND', 'Requested entity was not found.', [own('UNREGISTERED')]),
  notAToken: error(400, 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token', [
    own('INVALID_ARGUMENT'),
  ]),
  invalidToken: error(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.', [
    own('INVALID_ARGUMENT'),
    { '@type': badRequest, fieldViolations: [{ field: 'message.token', description: 'Invalid registration token' }] },
  ]),
  invalidField: error(400, 'INVALID_ARGUMENT', "Invalid value at 'message.data[0].value' (TYPE_STRING), 12", [
    {
      '@type': badRequest,
      fieldViolations: [{ field: 'message.data[0].value', description: "Invalid value at 'message.data[0].value'" }],
    },
  ]),
  tooBig: error(400, 'INVALID_ARGUMENT', 'Android message is too big', [own('INVALID_ARGUMENT')]),
  senderIdMismatch: error(403, 'PERMISSION_DENIED', 'SenderId mismatch', [own('SENDER_ID_MISMATCH')]),
  permissionDenied: error(
    403,
    'PERMISSION_DENIED',
    "Permission 'cloudmessaging.messages.create' denied on resource '//cloudresourcemanager.googleapis.com/projects/x' (or it may not exist).",
    [{ '@type': errorInfo, reason: 'IAM_PERMISSION_DENIED', domain: 'cloudresourcemanager.googleapis.com' }],
  ),
  apiDisabled: error(403, 'PERMISSION_DENIED', 'Firebase Cloud Messaging API has not been used in project 1 before.', [
    { '@type': errorInfo, reason: 'SERVICE_DISABLED', domain: 'googleapis.com' },
  ]),
  projectNotFound: error(404, 'NOT_FOUND', 'Requested entity was not found.'),
  thirdPartyAuth: error(401, 'UNAUTHENTICATED', 'Auth error from APNS or Web Push Service', [
    own('THIRD_PARTY_AUTH_ERROR'),
  ]),
  unauthenticated: error(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', [
    { '@type': errorInfo, reason: 'ACCESS_TOKEN_EXPIRED', domain: 'googleapis.com' },
  ]),
  internal: error(500, 'INTERNAL', 'Internal error encountered.', [own('INTERNAL')]),
  unavailable: error(503, 'UNAVAILABLE', 'The service is currently unavailable.', [own('UNAVAILABLE')]),
} as const;

/** @param retryAfter seconds or an HTTP date */
export function quotaExceeded(retryAfter?: string): FcmAnswer {
  const details = [own('QUOTA_EXCEEDED'), { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [] }];
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  return error(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for quota metric.', details, headers);
}

export function unavailable(retryAfter: string): FcmAnswer {
  return error(503, 'UNAVAILABLE', 'The service is currently unavailable.', [own('UNAVAILABLE')], {
    'retry-after': retryAfter,
  });
}

export function html(status: number): FcmAnswer {
  return (response) => void response.writeHead(status, { 'content-type': 'text/html' }).end('<html><h1>Hi</h1></html>');
}

/** To a place that would take it. */
export const redirect: FcmAnswer = (response, { path }) =>
  void response.writeHead(302, { location: `${path}?again` }).end();
export const empty: FcmAnswer = (response) => void response.writeHead(200).end();
export const hang: FcmAnswer = () => {};
export const reset: FcmAnswer = (response) => void socketOf(response).resetAndDestroy();
export const hangUp: FcmAnswer = (response) => void socketOf(response).end();

/** @param bytes of which the answer is a valid one */
export function huge(bytes: number): FcmAnswer {
  return (response, request) => {
    const body = JSON.stringify({ name: messageName(request), padding: 'x'.repeat(bytes) });
    response.on('error', () => {});
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };
}

/** The head and half of the body, and then nothing more. */
export const halfway: FcmAnswer = (response, request) => {
  const body = JSON.stringify({ name: messageName(request) });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.write(body.slice(0, 10));
};

/** As `halfway`, and the connection breaks. */
export const brokenOff: FcmAnswer = (response, request) => {
  halfway(response, request);
  setImmediate(() => socketOf(response).destroy());
};

/** One byte every ten milliseconds, without end. */
export const trickle: FcmAnswer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 10);
  response.on('close', () => clearInterval(timer));
};

/** The same answer two times over, at once. */
export const twice: FcmAnswer = (response, request) => {
  const body = JSON.stringify({ name: messageName(request) });
  const raw = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  socketOf(response).write(raw + raw);
};

/** A second answer when the first one has long been taken. */
export function twiceLate(later: Promise<void>): FcmAnswer {
  return (response, request) => {
    const socket = socketOf(response);
    const stale = JSON.stringify({ name: 'projects/stale/messages/1' });
    accept(response, request);
    void later.then(() => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${stale.length}\r\n\r\n${stale}`));
  };
}

function socketOf(response: ServerResponse): Socket {
  const { socket } = response;
  if (socket === null) throw new TypeError('this answer has no connection any more');
  return socket;
}
