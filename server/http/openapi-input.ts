// What an endpoint takes, as OpenAPI parameters and a request body.
import { isValid, type Schema } from '../wire/parse.ts';
import type { SchemaShelf } from './openapi-schemas.ts';
import { propertiesOf, requiredOf } from './openapi-schemas.ts';
import type { Takes } from './read-input.ts';

type Json = Record<string, unknown>;

const places = [
  ['path', 'path'],
  ['query', 'query'],
  ['headers', 'header'],
] as const;

export function parametersOf(takes: Takes | undefined, shelf: SchemaShelf): Json[] {
  return places.flatMap(([part, place]) => {
    const schema = takes?.[part];
    if (schema === undefined) return [];
    return Object.entries(propertiesOf(schema)).map(([name, each]) => ({
      name: place === 'header' ? headerName(name) : name,
      in: place,
      required: requiredOf(schema).includes(name),
      schema: shelf.refer(each),
    }));
  });
}

/** Optional where `{}` would do. */
export function requestBodyOf(body: Schema, shelf: SchemaShelf): Json {
  return { required: !isValid(body, {}), content: { 'application/json': { schema: shelf.refer(body) } } };
}

function headerName(name: string): string {
  return name.replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
