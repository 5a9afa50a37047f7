// Where connections come in: every request to the socket server gets an id and is screened; new connections wait their turn.
import { EventEmitter } from 'node:events';
import { ServerResponse, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { ProblemError } from '../core/errors.ts';
import type { Logger, Random } from '../ports/runtime.ts';
import { chooseRequestId } from '../wire/request-id.ts';
import type { Connections } from './connections.ts';
import { createTurns } from './handshake-pace.ts';
import type { RealtimeLimits, RealtimeSettings } from './realtime-settings.ts';
import { refuseRequest, refuseUpgrade, type Answer } from './refusals.ts';
import { screenRequest } from './request-screen.ts';
import type { HubServer } from './socket-types.ts';
import { isForSockets } from './upgrades.ts';

interface DoorDeps {
  httpServer: HttpServer;
  settings: Pick<RealtimeSettings, 'origin' | 'allowedOrigins'>;
  limits: RealtimeLimits;
  connections: Pick<Connections, 'admit'>;
  random: Pick<Random, 'uuid'>;
  logger: Logger;
  isDraining(): boolean;
}

const idHeader = 'X-Request-Id';

export function openDoor(io: HubServer, deps: DoorDeps): void {
  const { httpServer, settings, limits, logger, connections } = deps;
  const screening = { origins: new Set([settings.origin, ...settings.allowedOrigins]), transportOf: transportsOf(io) };
  const turns = createTurns(Math.ceil(limits.handshakes / 5), limits.waitingHandshakes);
  io.attach(httpServer);
  giveIds(io, deps);
  const refuse = (request: IncomingMessage, answer: Answer, problem: ProblemError): void => {
    const { origin = '' } = request.headers;
    const requestId = String(answer.getHeader(idHeader));
    logger.info(
      { code: problem.code, requestId, origin: origin.slice(0, 128) },
      'a connection was refused at the door',
    );
    refuseRequest(request, answer, problem, requestId);
  };
  io.engine.use((request: IncomingMessage, answer: Answer, next: () => void) => {
    const { problem, isHandshake } = screenRequest(request, !(answer instanceof ServerResponse), screening);
    if (problem !== undefined) return refuse(request, answer, problem);
    if (!isHandshake) return next();
    const proceed = (): void => {
      if (request.socket.destroyed) return;
      if (deps.isDraining()) refuse(request, answer, leaving());
      else next();
    };
    if (!turns.wait(proceed)) refuse(request, answer, crowded());
  });
  // After Socket.IO's own listener, which still reads what `admit` then lets go.
  io.engine.on('connection', connections.admit);
}

/** To every reply, whoever writes it: Engine.IO, its CORS, which answers preflights by itself, or the WebSocket library. */
function giveIds(io: HubServer, { httpServer, random }: DoorDeps): void {
  const idFor = ({ headers }: IncomingMessage): string => chooseRequestId(headers['x-request-id'], random);
  httpServer.prependListener('request', (request, response) => {
    if (isForSockets(request)) response.setHeader(idHeader, idFor(request));
  });
  io.engine.use((request: IncomingMessage, answer: Answer, next: () => void) => {
    if (!(answer instanceof ServerResponse)) answer.setHeader(idHeader, idFor(request));
    next();
  });
  const refuse = ({ message }: Error, socket: Duplex, request: IncomingMessage): void =>
    refuseUpgrade(socket, new ProblemError('malformed', `This is no WebSocket handshake: ${message}.`), idFor(request));
  const webSockets: unknown = Reflect.get(io.engine, 'ws');
  // Without a listener it answers by itself, in HTML.
  if (webSockets instanceof EventEmitter) webSockets.on('wsClientError', refuse);
}

/** Engine.IO knows its connections by id, and shows only how many there are. */
function transportsOf(io: HubServer): (sid: string) => string | undefined {
  return (sid) => {
    const clients: unknown = Reflect.get(io.engine, 'clients');
    if (!isRecord(clients) || !Object.hasOwn(clients, sid)) return undefined;
    const { [sid]: client } = clients;
    const transport = isRecord(client) ? client['transport'] : undefined;
    return isRecord(transport) ? String(transport['name']) : undefined;
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const leaving = (): ProblemError =>
  new ProblemError('draining', 'This node is going away. Connect again.', { retryAfter: 1 });
const crowded = (): ProblemError =>
  new ProblemError('rate-limited', 'Too many clients are connecting at once. Try again shortly.', { retryAfter: 5 });
