// Holds replies of a running hub to openapi.yaml: the operation is described, so is its status, and the body is what it says.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface Exchange {
  method: string;
  /** With or without a query. */
  path: string;
  status: number;
  headers: Headers;
  text: string;
}

export interface OpenapiCheck {
  /** One sentence for each way in which the reply is not what the document says. */
  faults(exchange: Exchange): string[];
  /** `<operationId> <status>` of everything that has been looked at and was described. */
  readonly seen: ReadonlySet<string>;
}

interface Described {
  operationId: string;
  responses: Record<string, Reference | Response>;
}
interface Reference {
  $ref: string;
}
interface Response {
  headers?: Record<string, { required?: boolean } | Reference>;
  content?: Record<string, { schema: object }>;
}
interface OpenapiFile {
  paths: Record<string, Record<string, Described>>;
  components: Record<string, Record<string, object>>;
}

const file = join(import.meta.dirname, '../../openapi.yaml');

export function readOpenapi(): OpenapiFile {
  return parse(readFileSync(file, 'utf8')) as OpenapiFile;
}

export function createOpenapiCheck(): OpenapiCheck {
  const document = tighten(readOpenapi());
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajvFormats.default(ajv);
  ajv.addSchema({ $id: 'openapi', ...document });
  const seen = new Set<string>();
  const validators = new Map<string, ValidateFunction>();

  const faults = (exchange: Exchange): string[] => {
    const template = templateOf(document, exchange.path);
    const method = exchange.method.toLowerCase() === 'head' ? 'get' : exchange.method.toLowerCase();
    const described = template === undefined ? undefined : document.paths[template]?.[method];
    if (described === undefined) return outsideFaults(exchange, template);
    const found = described.responses[String(exchange.status)];
    if (found === undefined) return [`${described.operationId}: ${exchange.status} is not described`];
    seen.add(`${described.operationId} ${exchange.status}`);
    const response = resolve<Response>(document, found);
    return [...headerFaults(response, exchange), ...bodyFaults(response, exchange)].map(
      (fault) => `${described.operationId} ${exchange.status}: ${fault}`,
    );
  };

  const headerFaults = (response: Response, { headers }: Exchange): string[] =>
    Object.entries(response.headers ?? {}).flatMap(([name, header]) => {
      const { required } = resolve<{ required?: boolean }>(document, header);
      return required === true && headers.get(name) === null ? [`the header ${name} is missing`] : [];
    });

  const bodyFaults = (response: Response, { method, headers, text }: Exchange): string[] => {
    const type = headers.get('content-type') ?? '';
    const wanted = Object.entries(response.content ?? {})[0];
    if (wanted === undefined) return text === '' ? [] : ['a body where none is described'];
    const [wantedType, { schema }] = wanted;
    if (type.split(';')[0]?.trim() !== wantedType.split(';')[0])
      return [`the content type is ${type}, not ${wantedType}`];
    if (method === 'HEAD') return text === '' ? [] : ['a body in answer to HEAD'];
    const key = JSON.stringify(schema);
    const validate = validators.get(key) ?? ajv.compile(absolute(schema));
    validators.set(key, validate);
    const value: unknown = wantedType.includes('json') ? JSON.parse(text) : text;
    return validate(value)
      ? []
      : (validate.errors ?? []).map(
          (error) => `${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`,
        );
  };

  return { faults, seen };
}

/** What no operation answers: a wrong path, a wrong method, a preflight. */
function outsideFaults({ method, status, headers }: Exchange, template: string | undefined): string[] {
  const isProblem = headers.get('content-type') === 'application/problem+json';
  if (method === 'OPTIONS' && (status === 204 || isProblem)) return [];
  const wanted = template === undefined ? [404, 403, 400] : [405, 403, 400];
  if (wanted.includes(status) && (isProblem || method === 'HEAD')) return [];
  return [`${method} ${template ?? 'nowhere'}: ${status} without being described`];
}

function templateOf({ paths }: OpenapiFile, path: string): string | undefined {
  const pathname = path.split('?')[0] ?? '';
  // A path without parameters is the nearer match.
  const templates = Object.keys(paths).toSorted((a, b) => Number(a.includes('{')) - Number(b.includes('{')));
  return templates.find((template) =>
    new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
}

function resolve<T extends object>(document: OpenapiFile, value: Reference | T): T {
  if (!('$ref' in value)) return value;
  const [, , kind = '', name = ''] = value.$ref.split('/');
  const found = document.components[kind]?.[name];
  if (found === undefined) throw new Error(`${value.$ref} leads nowhere`);
  return found as T;
}

/** A reply may gain fields in a later version; in this one it has what is described, and no more. */
function tighten(document: OpenapiFile): OpenapiFile {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner)]));
    const isClosed = 'properties' in copy && 'type' in copy && !('additionalProperties' in copy);
    return isClosed ? { ...copy, additionalProperties: false } : copy;
  };
  const { schemas = {} } = document.components;
  const closed = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, walk(schema) as object]));
  return { ...document, components: { ...document.components, schemas: closed } };
}

/** References from a response's schema lead into the document. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"openapi#/')) as object;
}
