// Vonage's Messages API on a local port: checks the JWT, keeps what it was sent, answers as scripted, and calls back with signed receipts.
import { generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { selfSigned } from './self-signed.ts';
import { vonage, type VonageMessage, type VonageRequest, type VonageScript } from './vonage-answers.ts';
import { callBack, vonageApplicationId, type Forge } from './vonage-callback.ts';

export interface VonageSimulator extends AsyncDisposable {
  /** For `VERIHUB_VONAGE_ENDPOINT`. */
  origin: string;
  applicationId: string;
  /** The application's private key, PEM. */
  privateKey: string;
  signatureSecret: string;
  /** What was sent, oldest first; also what was then refused. */
  requests: VonageRequest[];
  /** From now on answers so; undefined: 202, as Vonage does. */
  respond(script: VonageScript | undefined): void;
  /** Resolves with the n-th request, counted from 1. */
  arrived(n: number): Promise<VonageRequest>;
  /** Open connections. */
  connections(): number;
  /** Resolves once no connection is open. */
  idle(): Promise<void>;
  /** A status callback as Vonage sends it, and its answer. */
  callBack(hub: string, status: Record<string, unknown>, forge?: Forge): Promise<Response>;
}

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** @param options.tls with the certificate of `self-signed.ts` */
export async function startVonageSimulator(options: { tls?: boolean } = {}): Promise<VonageSimulator> {
  const requests: VonageRequest[] = [];
  const waiting = createConditions();
  let script: VonageScript | undefined;
  const listener: RequestListener = (request, response) => {
    void readAll(request).then((body) => {
      const taken = takeRequest(request, body);
      requests.push(taken);
      (taken.claims === undefined ? vonage.problem(401, 'unauthorized') : (script ?? vonage.accepted))(response, taken);
      waiting.look();
    });
  };
  const server: Server = options.tls === true ? createTlsServer(selfSigned, listener) : createPlainServer(listener);
  const open = watchConnections(server, waiting.look);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const signatureSecret = 'a-signature-secret-of-32-characters';
  return {
    origin: `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${port}`,
    applicationId: vonageApplicationId,
    privateKey: keys.privateKey,
    signatureSecret,
    requests,
    respond: (next) => {
      script = next;
    },
    arrived: (n) => waiting.until(() => requests[n - 1]),
    connections: () => open.size,
    idle: () => waiting.until(() => (open.size === 0 ? true : undefined)).then(() => undefined),
    callBack: (hub, status, forge = {}) => callBack(hub, status, { secret: signatureSecret, ...forge }),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Options under which a hub sends through the simulator; the key is written to a file in `folder`. */
export function vonageEnv(simulator: VonageSimulator, folder: string): Record<string, string> {
  const file = join(folder, 'vonage.pem');
  writeFileSync(file, simulator.privateKey, { mode: 0o600 });
  return {
    VERIHUB_SMS: 'vonage',
    VERIHUB_SMS_COUNTRIES: 'NL,DE,US',
    VERIHUB_VONAGE_APPLICATION_ID: simulator.applicationId,
    VERIHUB_VONAGE_PRIVATE_KEY: file,
    VERIHUB_VONAGE_SIGNATURE_SECRET: simulator.signatureSecret,
    VERIHUB_VONAGE_FROM: 'Verihub,US=+14155550100',
    VERIHUB_VONAGE_ENDPOINT: simulator.origin,
  };
}

function takeRequest(request: IncomingMessage, body: string): VonageRequest {
  const { url: path = '', headers } = request;
  const claims = checkToken(headers.authorization);
  return { path, headers, claims, message: JSON.parse(body) as VonageMessage, messageId: randomUUID() };
}

/** RS256 by the application's key, for this application, not expired. */
function checkToken(authorization: string | undefined): Record<string, unknown> | undefined {
  const [head = '', payload = '', signature = ''] = authorization?.replace(/^Bearer /, '').split('.') ?? [];
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${payload}`),
    keys.publicKey,
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const isLive = Number(claims['exp']) > Date.now() / 1000;
  return isLive && claims['application_id'] === vonageApplicationId ? claims : undefined;
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function watchConnections(server: Server, changed: () => void): Set<Socket> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      changed();
    });
  });
  return open;
}

function createConditions() {
  const listeners = new Set<() => void>();
  return {
    look: () => {
      for (const listener of listeners) listener();
    },
    until: <T>(find: () => T | undefined): Promise<T> =>
      new Promise((resolve) => {
        const look = () => {
          const found = find();
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
  };
}
