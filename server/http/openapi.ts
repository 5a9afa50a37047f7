// openapi.yaml as a value: the route table and the schemas that the hub runs on, in the form of OpenAPI 3.1.
import { problem, requestId } from '../wire/problem.ts';
import type { CallerKind } from './callers.ts';
import type { EndpointFacts } from './endpoint.ts';
import { routes } from './http-app.ts';
import { parametersOf, requestBodyOf } from './openapi-input.ts';
import { createFailureShelf, problemCodesOf, type FailureShelf } from './openapi-problems.ts';
import { createSchemaShelf, type SchemaShelf } from './openapi-schemas.ts';

type Json = Record<string, unknown>;

export function openapiDocument(): Json {
  const shelf = createSchemaShelf();
  shelf.refer(problem);
  const failures = createFailureShelf();
  const paths: Record<string, Json> = {};
  for (const [method, path, { facts }] of routes) {
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation(path, facts, shelf, failures) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Verihub',
      version: '1.0.0',
      summary: 'Sign-in approvals over a live socket, then push, then SMS.',
      description: overview,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost:3000', description: 'A hub on this machine, as `npm start` runs it' }],
    tags,
    paths,
    components: {
      schemas: shelf.components(),
      responses: failures.components(),
      headers: componentHeaders,
      securitySchemes,
    },
  };
}

const overview = `The REST side of a verification hub. Device and browser sockets are described in asyncapi.yaml.

Times are RFC 3339 in UTC, on the hub's clock. A refusal is an RFC 9457 problem, whose \`code\` is from one closed list.
A field that is not described here is refused; a reply may gain fields.`;

const tags = [
  { name: 'Verifications', description: 'For the relying party, and for the page that waits' },
  { name: 'Users', description: 'For the relying party' },
  { name: 'Webhooks', description: 'For the relying party' },
  { name: 'Devices', description: 'For the phone' },
  { name: 'Hub', description: 'For anyone, and for whoever runs the hub' },
];

function tagOf(path: string): string {
  if (path.startsWith('/v1/verifications')) return 'Verifications';
  if (path.startsWith('/v1/users')) return 'Users';
  if (path.startsWith('/v1/webhooks')) return 'Webhooks';
  return path.startsWith('/v1/device') ? 'Devices' : 'Hub';
}

const bearer = (description: string, bearerFormat?: string): Json => ({
  type: 'http',
  scheme: 'bearer',
  ...(bearerFormat === undefined ? {} : { bearerFormat }),
  description,
});

const securitySchemes = {
  apiKey: bearer('`vh_<key id>_<secret>`, of a relying party'),
  waiterToken: bearer('`waiterToken` of one verification', 'JWT'),
  enrollmentToken: bearer('Single use, at most 10 minutes'),
  vonageSignature: bearer("Made by Vonage: HS256 by the account's signature secret, over `payload_hash`", 'JWT'),
  deviceToken: bearer('Made by the device itself: a compact JWS with `typ: device+jwt`', 'JWT'),
  metricsToken: bearer('`VERIHUB_METRICS_TOKEN`; not needed on the machine itself'),
};

/** Any one of them suffices; the empty one is nobody in particular. */
const securityOf: Readonly<Record<CallerKind, Json[]>> = {
  anyone: [],
  'relying-party': [{ apiKey: [] }],
  'relying-party-or-browser': [{ apiKey: [] }, { waiterToken: [] }],
  'enrolling-app': [{ enrollmentToken: [] }],
  device: [{ deviceToken: [] }],
  vonage: [{ vonageSignature: [] }],
  operator: [{}, { metricsToken: [] }],
};

const componentHeaders = {
  RequestId: { description: 'Name it when you report a fault', required: true, schema: requestId },
  RetryAfter: { description: 'Seconds until the same call may be repeated', schema: { type: 'integer', minimum: 0 } },
  Authenticate: { description: 'The scheme that is wanted (RFC 9110)', required: true, schema: { type: 'string' } },
};

function operation(path: string, facts: EndpointFacts, shelf: SchemaShelf, failures: FailureShelf): Json {
  const { takes } = facts;
  const parameters = parametersOf(takes, shelf);
  return {
    operationId: facts.operation,
    summary: facts.summary,
    tags: [tagOf(path)],
    security: securityOf[facts.caller],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(takes?.body === undefined ? {} : { requestBody: requestBodyOf(takes.body, shelf) }),
    responses: { ...success(facts, shelf), ...failures.refer(problemCodesOf(path, facts)) },
  };
}

function success({ gives }: EndpointFacts, shelf: SchemaShelf): Record<string, Json> {
  const headers: Json = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
  const content =
    gives.schema === undefined
      ? {}
      : { content: { [gives.contentType ?? 'application/json']: { schema: shelf.refer(gives.schema) } } };
  return { [gives.status]: { description: gives.text, headers, ...content } };
}
