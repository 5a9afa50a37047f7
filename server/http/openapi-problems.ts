// Which problems an endpoint can answer with, from who may call it and what it takes, and how the document shows them.
import { problems, type ProblemCode } from '../core/errors.ts';
import { problemCodes } from '../wire/problem.ts';
import type { CallerKind } from './callers.ts';
import type { EndpointFacts } from './endpoint.ts';

type Json = Record<string, unknown>;

const byCaller: Readonly<Record<CallerKind, readonly ProblemCode[]>> = {
  anyone: [],
  'relying-party': ['unauthenticated'],
  'relying-party-or-browser': ['unauthenticated'],
  'enrolling-app': ['unauthenticated'],
  device: ['unauthenticated', 'clock-skew'],
  vonage: ['unauthenticated'],
  operator: ['unauthenticated', 'not-found'],
};

/** In the order of the registry, each once. */
export function problemCodesOf(path: string, { caller, takes, problems: own = [] }: EndpointFacts): ProblemCode[] {
  const codes = new Set<ProblemCode>([
    'origin-not-allowed',
    'internal',
    'store-unavailable',
    ...byCaller[caller],
    ...own,
  ]);
  // A query that is not known is refused there.
  if (path.startsWith('/v1/')) codes.add('invalid');
  if (path.includes(':')) codes.add('malformed');
  if (/:(id|deviceId)/.test(path)) codes.add('not-found');
  if (takes?.body !== undefined) {
    for (const code of ['malformed', 'too-large', 'unsupported-media-type'] as const) codes.add(code);
  }
  return problemCodes.filter((code) => codes.has(code));
}

/** The replies to all of them: each is described once, under a name made of its codes. */
export interface FailureShelf {
  /** References by status. */
  refer(codes: readonly ProblemCode[]): Record<string, Json>;
  components(): Record<string, Json>;
}

export function createFailureShelf(): FailureShelf {
  const shelf = new Map<string, Json>();
  return {
    refer(codes) {
      const byStatus = Object.groupBy(codes, (code) => String(problems[code].status));
      return Object.fromEntries(
        Object.entries(byStatus).map(([status, alike = []]) => {
          const name = alike.map(pascalCase).join('Or');
          shelf.set(name, failure(Number(status), alike));
          return [status, { $ref: `#/components/responses/${name}` }];
        }),
      );
    },
    components: () => Object.fromEntries([...shelf].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function failure(status: number, codes: readonly ProblemCode[]): Json {
  const header = (name: string): Json => ({ $ref: `#/components/headers/${name}` });
  const narrowed = { type: 'object', properties: { code: { enum: codes } } };
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, narrowed] };
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}`).join('; '),
    headers: {
      'X-Request-Id': header('RequestId'),
      ...(status === 429 || status === 503 ? { 'Retry-After': header('RetryAfter') } : {}),
      ...(status === 401 ? { 'WWW-Authenticate': header('Authenticate') } : {}),
    },
    content: { 'application/problem+json': { schema } },
  };
}

function pascalCase(code: string): string {
  return code.replaceAll(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}
