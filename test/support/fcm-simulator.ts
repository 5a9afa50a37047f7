// FCM on this machine: its HTTP v1 API and Google's token server, on real sockets, answering as a test says.
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { accept, errorBody, fcmErrors, json, type FcmAnswer, type FcmRequest } from './fcm-answers.ts';

export interface TokenRequest {
  at: number;
  claims: Record<string, unknown>;
  form: URLSearchParams;
}

export interface FcmSimulator extends AsyncDisposable {
  /** For VERIHUB_FCM_ENDPOINT. */
  origin: string;
  port: number;
  /** Requests to send a message, as they came in. */
  requests: FcmRequest[];
  tokenRequests: TokenRequest[];
  /** How the next requests are answered, one each; all others are accepted, or answered as `otherwise` says. */
  script(answers: readonly FcmAnswer[], otherwise?: FcmAnswer): void;
  /** How the next requests for an access token are answered; all others get one. */
  scriptTokens(...answers: FcmAnswer[]): void;
  /** From now on only tokens that were issued here are accepted, and none of those so far. */
  revokeTokens(): void;
  /** How long tokens are good for from now on, in seconds. */
  tokensLast(seconds: number): void;
  /** Resolves once this many requests have come in whole. */
  arrived(count: number): Promise<void>;
  connections(): number;
  /** Resolves once no connection is open. */
  idle(): Promise<void>;
  /** The content of a service-account key, for whose tokens this simulator is asked. */
  serviceAccount: Record<string, string>;
  /** SNI of the TLS connections. */
  serverNames: string[];
}

export interface SimulatorOptions {
  projectId?: string;
  tls?: { key: string; cert: string };
}

/** Of every service account here: making a pair takes a while. */
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

interface State {
  projectId: string;
  requests: FcmRequest[];
  tokenRequests: TokenRequest[];
  answers: FcmAnswer[];
  otherwise: FcmAnswer;
  tokenAnswers: FcmAnswer[];
  /** Undefined: everything is good, as long as something is there. */
  goodTokens: Set<string> | undefined;
  issued: number;
  lifetime: number;
}

export async function startFcmSimulator(options: SimulatorOptions = {}): Promise<FcmSimulator> {
  const { projectId = 'sim' } = options;
  const state: State = {
    projectId,
    answers: [],
    otherwise: accept,
    tokenAnswers: [],
    goodTokens: undefined,
    issued: 0,
    lifetime: 3_600,
    requests: [],
    tokenRequests: [],
  };
  const connections = trackConnections();
  const serverNames: string[] = [];

  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void bodyOf(request).then((body) => {
      answer(state, request, response, body);
      connections.changed();
    });
  });
  server.on('connection', (socket: Socket) => connections.add(socket));
  server.on('secureConnection', ({ servername }: { servername?: string | false }) =>
    serverNames.push(String(servername)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `${options.tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${port}`;

  return {
    origin,
    port,
    serverNames,
    requests: state.requests,
    tokenRequests: state.tokenRequests,
    serviceAccount: serviceAccountOf(projectId, `${origin}/token`),
    tokensLast: (seconds) => {
      state.lifetime = seconds;
    },
    script: (answers, otherwise = accept) => Object.assign(state, { answers: [...answers], otherwise }),
    scriptTokens: (...answers) => void state.tokenAnswers.push(...answers),
    revokeTokens: () => {
      state.goodTokens = new Set();
    },
    arrived: (count) => connections.until(() => state.requests.length >= count),
    connections: connections.count,
    idle: () => connections.until(() => connections.open() === 0),
    async [Symbol.asyncDispose]() {
      connections.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function serviceAccountOf(projectId: string, tokenUri: string): Record<string, string> {
  return {
    type: 'service_account',
    project_id: projectId,
    private_key_id: 'key-1',
    private_key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    client_email: `hub@${projectId}.iam.gserviceaccount.com`,
    token_uri: tokenUri,
  };
}

function answer(state: State, request: IncomingMessage, response: ServerResponse, body: string): void {
  const { method = '', url: path = '', headers } = request;
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  const common = { at: performance.now(), method, path, headers, bearer };
  if (path === '/token') {
    const asked = readTokenRequest(common.at, body);
    state.tokenRequests.push(asked);
    const reply = state.tokenAnswers.shift() ?? issue(state, asked);
    reply(response, { ...common, message: {}, number: state.tokenRequests.length });
    return;
  }
  const sent = { ...common, message: readMessage(body), number: state.requests.length + 1 };
  state.requests.push(sent);
  const reply = refusal(sent, state) ?? state.answers.shift() ?? state.otherwise;
  reply(response, sent);
}

function trackConnections() {
  const open = new Set<Socket>();
  const waiting = new Set<() => void>();
  let ever = 0;
  const changed = () => {
    for (const look of waiting) look();
  };
  return {
    changed,
    open: () => open.size,
    count: () => ever,
    add(socket: Socket) {
      ever += 1;
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        changed();
      });
    },
    until: (met: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const look = () => {
          if (!met()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    destroy: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function readMessage(body: string): Record<string, unknown> {
  const { message } = JSON.parse(body) as { message: Record<string, unknown> };
  return message;
}

/** What Google would refuse however the test is scripted. */
function refusal(request: FcmRequest, { projectId, goodTokens }: State): FcmAnswer | undefined {
  const { method, path, bearer, message } = request;
  if (bearer === '' || goodTokens?.has(bearer) === false) return fcmErrors.unauthenticated;
  if (method !== 'POST' || path !== `/v1/projects/${projectId}/messages:send`) return fcmErrors.projectNotFound;
  const unknown = Object.keys(message).find((name) => !messageFields.has(name));
  if (unknown !== undefined) {
    return json(400, errorBody(400, 'INVALID_ARGUMENT', `Invalid JSON payload received. Unknown name "${unknown}".`));
  }
  return payloadBytes(message) > 4_096 ? fcmErrors.tooBig : undefined;
}

const messageFields = new Set(
  'name data notification android webpush apns fcm_options token topic condition'.split(' '),
);

/** Keys and values that reach an app: 4096 bytes for FCM, and as much for the JSON that Apple gets. */
export function payloadBytes(message: Record<string, unknown>): number {
  const { data, notification, apns } = message as {
    data?: Record<string, string>;
    notification?: Record<string, string>;
    apns?: { payload?: object };
  };
  const bytes = (map: Record<string, string> = {}) =>
    Object.entries(map).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return Math.max(bytes(data) + bytes(notification), Buffer.byteLength(JSON.stringify({ ...apns?.payload, ...data })));
}

function readTokenRequest(at: number, body: string): TokenRequest {
  const form = new URLSearchParams(body);
  const claims = form.get('assertion')?.split('.')[1] ?? '';
  return {
    at,
    form,
    claims: JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as Record<string, unknown>,
  };
}

/** RFC 7523, as far as Google's token server looks: signature, audience and times. */
function issue(state: State, { form, claims }: TokenRequest): FcmAnswer {
  const [header = '', payload = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const isSigned = createVerify('RSA-SHA256')
    .update(`${header}.${payload}`)
    .verify(keys.publicKey, signature, 'base64url');
  const isGranted = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const { iat, exp } = claims;
  const isShort = typeof iat === 'number' && typeof exp === 'number' && exp - iat <= 3_600 && iat < exp;
  if (!isSigned || !isGranted || !isShort) {
    return json(400, JSON.stringify({ error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }));
  }
  state.issued += 1;
  const token = `ya29.issued-${state.issued}`;
  state.goodTokens?.add(token);
  return json(200, JSON.stringify({ access_token: token, expires_in: state.lifetime, token_type: 'Bearer' }));
}
