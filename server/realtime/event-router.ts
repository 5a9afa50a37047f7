// Events of one socket: counted, checked against their schema, handed to one use case each, and always answered.
import { ProblemError } from '../core/errors.ts';
import type { Clock, Logger, Random } from '../ports/runtime.ts';
import { parse, type Schema, type Value } from '../wire/parse.ts';
import { isRefusal, toProblem, type Problem } from '../wire/problem.ts';
import { fullAllowance, take, type Allowance } from './allowance.ts';
import type { Connections } from './connections.ts';
import type { RealtimeLimits } from './realtime-settings.ts';
import type { HubSocket } from './socket-types.ts';

/** What is answered besides `ok: true`. May throw anything. */
export type EventHandler<Peer> = (peer: Peer, payload: unknown) => Promise<object>;
export type EventHandlers<Peer> = ReadonlyMap<string, EventHandler<Peer>>;

export interface RouterDeps {
  connections: Connections;
  clock: Pick<Clock, 'monotonic'>;
  random: Pick<Random, 'uuid'>;
  logger: Logger;
  limits: RealtimeLimits;
}

/** An event whose payload has this schema. */
export function onPayload<Peer, S extends Schema>(
  schema: S,
  run: (peer: Peer, payload: Value<S>) => Promise<object>,
): EventHandler<Peer> {
  return async (peer, payload) => run(peer, parse(schema, payload));
}

/** An event that says nothing: no payload, `null` or `{}`, as client libraries differ. */
export function onNothing<Peer>(schema: Schema, run: (peer: Peer) => Promise<object>): EventHandler<Peer> {
  return async (peer, payload) => {
    if (payload !== undefined && payload !== null) parse(schema, payload);
    return run(peer);
  };
}

type Reply = (answer: { ok: true } | { ok: false; problem: Problem }) => void;

function isReply(value: unknown): value is Reply {
  return typeof value === 'function';
}

/** Every throw becomes a problem in the acknowledgement: nothing a client sends ends the process. */
export function routeEvents<Peer>(
  socket: HubSocket,
  peer: Peer,
  handlers: EventHandlers<Peer>,
  deps: RouterDeps,
): void {
  const allowance = fullAllowance(deps.limits.eventsPerMinute, deps.clock.monotonic());
  socket.onAny((...packet: unknown[]) => void handle({ socket, peer, handlers, allowance }, packet, deps));
}

interface Session<Peer> {
  socket: HubSocket;
  peer: Peer;
  handlers: EventHandlers<Peer>;
  allowance: Allowance;
}

async function handle<Peer>(session: Session<Peer>, packet: readonly unknown[], deps: RouterDeps): Promise<void> {
  const { socket, handlers } = session;
  const [event, ...rest] = packet;
  const last = rest.at(-1);
  const reply = isReply(last) ? last : undefined;
  const state = deps.connections.stateOf(socket.conn);
  state.busy += 1;
  try {
    const told = await answer(session, event, reply === undefined ? rest : rest.slice(0, -1), deps);
    reply?.({ ok: true, ...told });
  } catch (error) {
    const known = typeof event === 'string' && handlers.has(event) ? event : 'unknown';
    const problem = report(error, deps, { namespace: socket.nsp.name, event: known });
    reply?.({ ok: false, problem });
  } finally {
    state.busy -= 1;
  }
}

async function answer<Peer>(
  { socket, peer, handlers, allowance }: Session<Peer>,
  event: unknown,
  args: readonly unknown[],
  { limits, clock }: RouterDeps,
): Promise<object> {
  const retryAfter = take(allowance, limits.eventsPerMinute, clock.monotonic());
  if (retryAfter > 0)
    throw new ProblemError('rate-limited', 'Too many events on one connection. Slow down.', { retryAfter });
  const handler = typeof event === 'string' ? handlers.get(event) : undefined;
  if (handler === undefined) {
    const known = [...handlers.keys()].join(', ');
    throw new ProblemError('not-found', `There is no such event here; ${socket.nsp.name} takes ${known}.`);
  }
  if (args.length > 1)
    throw new ProblemError('malformed', 'An event carries one object and an acknowledgement, nothing else.');
  return handler(peer, args[0]);
}

/** What was not thrown on purpose is a bug, and goes into the log; its cause is told to nobody. */
export function report(
  error: unknown,
  { random, logger }: Pick<RouterDeps, 'random' | 'logger'>,
  where: { namespace: string; event: string },
): Problem {
  const problem = toProblem(error, random.uuid());
  const fields = { ...where, requestId: problem.requestId, code: problem.code };
  const isExpected = isRefusal(error);
  if (isExpected && where.event === 'connect') logger.info(fields, 'a handshake was refused');
  else if (isExpected) logger.debug(fields, 'refused on a socket');
  else logger.error({ ...fields, error }, 'failed on a socket');
  return problem;
}
