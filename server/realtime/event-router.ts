// Events of one socket: counted, checked against their schema, handed to one use case each, and always answered.
import { ProblemError } from '../core/errors.ts';
import type { Clock, Logger, Random } from '../ports/runtime.ts';
import { parse, type Schema, type Value } from '../wire/parse.ts';
import { isRefusal, toProblem, type Problem } from '../wire/problem.ts';
import { createAllowance } from './allowance.ts';
import type { Connections } from './connections.ts';
import type { RealtimeLimits } from './realtime-settings.ts';
import type { HubSocket } from './socket-types.ts';

export interface EventHandler {
  /** What is answered besides `ok: true`. May throw anything. */
  answer(payload: unknown): Promise<object>;
}
export type EventHandlers = ReadonlyMap<string, EventHandler>;

export interface RouterDeps {
  connections: Connections;
  clock: Pick<Clock, 'monotonic'>;
  random: Pick<Random, 'uuid'>;
  logger: Logger;
  limits: RealtimeLimits;
}

/** An event whose payload has this schema. */
export function onPayload<S extends Schema>(schema: S, run: (payload: Value<S>) => Promise<object>): EventHandler {
  return { answer: async (payload) => run(parse(schema, payload)) };
}

/** An event that says nothing: no payload, `null` or `{}`, as client libraries differ. */
export function onNothing(schema: Schema, run: () => Promise<object>): EventHandler {
  return {
    answer: async (payload) => {
      if (payload !== undefined && payload !== null) parse(schema, payload);
      return run();
    },
  };
}

type Reply = (answer: { ok: true } | { ok: false; problem: Problem }) => void;

function isReply(value: unknown): value is Reply {
  return typeof value === 'function';
}

/** Every throw becomes a problem in the acknowledgement: nothing a client sends ends the process. */
export function routeEvents(socket: HubSocket, handlers: EventHandlers, deps: RouterDeps): void {
  const allowance = createAllowance(deps.clock, deps.limits.eventsPerMinute);
  const { conn, nsp } = socket;
  const answer = async (event: unknown, args: readonly unknown[]): Promise<object> => {
    const wait = allowance.take();
    if (wait > 0)
      throw new ProblemError('rate-limited', 'Too many events on one connection. Slow down.', { retryAfter: wait });
    const handler = typeof event === 'string' ? handlers.get(event) : undefined;
    if (handler === undefined) {
      throw new ProblemError(
        'not-found',
        `There is no such event here; ${nsp.name} takes ${[...handlers.keys()].join(', ')}.`,
      );
    }
    if (args.length > 1)
      throw new ProblemError('malformed', 'An event carries one object and an acknowledgement, nothing else.');
    return handler.answer(args[0]);
  };
  const handle = async (packet: readonly unknown[]): Promise<void> => {
    const [event, ...rest] = packet;
    const last = rest.at(-1);
    const reply = isReply(last) ? last : undefined;
    const state = deps.connections.stateOf(conn);
    state.busy += 1;
    try {
      const told = await answer(event, reply === undefined ? rest : rest.slice(0, -1));
      reply?.({ ok: true, ...told });
    } catch (error) {
      const problem = report(error, deps, {
        namespace: nsp.name,
        event: handlers.has(String(event)) ? event : 'unknown',
      });
      reply?.({ ok: false, problem });
    } finally {
      state.busy -= 1;
    }
  };
  socket.onAny((...packet: unknown[]) => void handle(packet));
}

/** What was not thrown on purpose is a bug, and goes into the log; its cause is told to nobody. */
export function report(
  error: unknown,
  { random, logger }: Pick<RouterDeps, 'random' | 'logger'>,
  where: Record<string, unknown>,
): Problem {
  const problem = toProblem(error, random.uuid());
  const fields = { ...where, requestId: problem.requestId, code: problem.code };
  if (isRefusal(error)) logger.debug(fields, 'refused on a socket');
  else logger.error({ ...fields, error }, 'failed on a socket');
  return problem;
}
