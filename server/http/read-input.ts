// What an endpoint takes of a request: path, query, headers and body, each held to its schema.
import { ProblemError } from '../core/errors.ts';
import { parse, type Schema, type Value } from '../wire/parse.ts';
import { nothing } from '../wire/verification-calls.ts';
import { readJson } from './read-body.ts';
import type { HubContext } from './hub-context.ts';

/** The schema of each part; a part that is not named is not looked at, but a query that is not named must be empty. */
export interface Takes {
  path?: Schema;
  query?: Schema;
  headers?: Schema;
  body?: Schema;
}

export type Taken<T extends Takes> = { [P in keyof T]: T[P] extends Schema ? Value<T[P]> : never };

export async function readInput<T extends Takes>(takes: T | undefined, ctx: HubContext): Promise<Taken<T>> {
  const { path, query, headers, body } = takes ?? {};
  // A parameter that is not known is a typing error, or a credential in the wrong place.
  if (query === undefined && ctx.path.startsWith('/v1/')) readQuery(nothing, ctx);
  const taken = {
    ...(path === undefined ? {} : { path: readPath(path, ctx) }),
    ...(query === undefined ? {} : { query: readQuery(query, ctx) }),
    ...(headers === undefined ? {} : { headers: readHeaders(headers, ctx) }),
    ...(body === undefined ? {} : { body: await readBody(body, ctx) }),
  };
  if (isTaken(takes, taken)) return taken;
  throw new Error('a part of the request was not read');
}

/** Each part has just been parsed by its own schema. */
function isTaken<T extends Takes>(takes: T | undefined, taken: object): taken is Taken<T> {
  return Object.keys(takes ?? {}).every((part) => part in taken);
}

/** No body says as much as an empty object. */
async function readBody(schema: Schema, ctx: HubContext): Promise<unknown> {
  const body = await readJson(ctx);
  return parse(schema, body === undefined ? {} : body);
}

/** An id that cannot exist is an unknown one; a user id is the caller's own, and may be put right. */
function readPath(schema: Schema, ctx: HubContext): unknown {
  try {
    return parse(schema, ctx['params'], '/path');
  } catch (error) {
    if (error instanceof ProblemError && error.extras.errors?.some(({ pointer }) => pointer === '/path/userId'))
      throw error;
    throw new ProblemError('not-found', 'There is no such thing, or it is not yours.');
  }
}

function readQuery(schema: Schema, ctx: HubContext): unknown {
  const values = Object.entries(ctx.query).map(([name, value]) => [name, isCount(value) ? Number(value) : value]);
  return parse(schema, Object.fromEntries(values), '/query');
}

/** Whole numbers are the only ones that come in a query. */
function isCount(value: string | string[] | undefined): value is string {
  return typeof value === 'string' && /^[0-9]{1,15}$/.test(value);
}

/** Of all headers, those that the schema names. */
function readHeaders(schema: Schema, ctx: HubContext): unknown {
  const known = Object.keys(
    'properties' in schema && typeof schema.properties === 'object' ? (schema.properties ?? {}) : {},
  );
  const given = known.filter((name) => ctx.headers[name] !== undefined);
  return parse(schema, Object.fromEntries(given.map((name) => [name, ctx.headers[name]])), '/headers');
}
