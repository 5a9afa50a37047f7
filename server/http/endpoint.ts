// One endpoint: who may call it, what it takes and gives. The hub serves it and openapi.yaml describes it from the same lines.
import type { ProblemCode } from '../core/errors.ts';
import type { Schema, Value } from '../wire/parse.ts';
import { recognise, type CallerKind, type Callers } from './callers.ts';
import { goneSignal } from './gone-signal.ts';
import type { HttpDeps } from './http-deps.ts';
import { readInput, type Taken, type Takes } from './read-input.ts';
import type { HubContext } from './hub-context.ts';

/** The one answer of an endpoint that is not a problem. */
export interface Gives<R extends Schema> {
  status: 200 | 201 | 204;
  text: string;
  /** Of the body; none with 204. */
  schema?: R;
  /** JSON unless it says otherwise. */
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
}

export interface EndpointFacts {
  /** Its name in openapi.yaml. */
  operation: string;
  summary: string;
  caller: CallerKind;
  takes?: Takes;
  gives: Gives<Schema>;
  /** Besides those that its caller, its input and the hub's health can cause. */
  problems?: readonly ProblemCode[];
}

export interface EndpointSpec<C extends CallerKind, T extends Takes, R extends Schema> extends EndpointFacts {
  caller: C;
  takes?: T;
  gives: Gives<R>;
  handle(request: Request<C, T>, deps: HttpDeps): Promise<Value<R>>;
}

type Request<C extends CallerKind, T extends Takes> = Taken<T> & {
  caller: Callers[C];
  /** Aborted when the client goes away. */
  gone: AbortSignal;
};

export interface Endpoint {
  facts: EndpointFacts;
  serve(ctx: HubContext, deps: HttpDeps): Promise<void>;
}

export function endpoint<C extends CallerKind, T extends Takes, R extends Schema>(
  spec: EndpointSpec<C, T, R>,
): Endpoint {
  return {
    facts: spec,
    async serve(ctx, deps) {
      // Strangers are turned away before anything of theirs is read.
      const caller = await recognise[spec.caller](ctx, deps);
      const input = await readInput(spec.takes, ctx);
      const body = await spec.handle({ ...input, caller, gone: goneSignal(ctx) }, deps);
      send(ctx, spec.gives, body);
    },
  };
}

function send(ctx: HubContext, gives: Gives<Schema>, body: unknown): void {
  ctx.status = gives.status;
  ctx.set({ ...gives.headers });
  if (gives.schema === undefined) return;
  if (gives.contentType !== undefined) ctx.set('Content-Type', gives.contentType);
  ctx.body = body;
}
