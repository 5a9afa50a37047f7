// Bad values for every field of a described body: missing, of another type, too long, out of range, with tricks in it.
import { readOpenapi } from './openapi-check.ts';

type Json = Record<string, unknown>;

interface FieldSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, FieldSchema>;
  required?: string[];
  items?: FieldSchema;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
}

export interface BadCase {
  /** For the test's name. */
  what: string;
  /** Where the hub must point. */
  pointer: string;
  body: unknown;
}

export interface BadField {
  pointer: string;
  cases: BadCase[];
}

const document = readOpenapi();

/**
 * operationId → method, path and body schema of every operation that takes a body. Not those whose caller signs it: a body that
 * was changed is refused before it is looked at.
 */
export function operationsWithBody(): { operation: string; method: string; path: string; schema: FieldSchema }[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, described]) => {
      const schema = isSigned(described) ? undefined : bodySchemaOf(described);
      return schema === undefined
        ? []
        : [{ operation: described.operationId, method: method.toUpperCase(), path, schema }];
    }),
  );
}

function isSigned(described: object): boolean {
  return JSON.stringify(described).includes('"vonageSignature"');
}

function bodySchemaOf(described: object): FieldSchema | undefined {
  if (!('requestBody' in described)) return undefined;
  const { requestBody } = described as { requestBody: { content: Record<string, { schema: FieldSchema }> } };
  return follow(requestBody.content['application/json']?.schema ?? {});
}

function follow(schema: FieldSchema): FieldSchema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : follow(document.components['schemas']?.[name] ?? {});
}

/** @param example a good body in which every field of the schema is given */
export function badFields(schema: FieldSchema, example: unknown): BadField[] {
  return walk(follow(schema), '', example, true);
}

function walk(schema: FieldSchema, pointer: string, example: unknown, required: boolean): BadField[] {
  const own = pointer === '' ? [] : [{ pointer, cases: casesOf(schema, pointer, example, required) }];
  const unknown = schema.properties === undefined ? [] : [unknownField(pointer, example)];
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, each]) =>
    walk(follow(each), `${pointer}/${name}`, example, schema.required?.includes(name) === true),
  );
  const items = schema.items === undefined ? [] : walk(follow(schema.items), `${pointer}/0`, example, false);
  return [...own, ...unknown, ...inner, ...items];
}

function unknownField(pointer: string, example: unknown): BadField {
  const names = ['status', 'attempts', 'tenantId', 'constructor', '__proto__'];
  const at = (name: string): BadCase => {
    const place = `${pointer}/${name}`;
    return { what: `an unknown ${name}`, pointer: place, body: changed(example, place, 'approved') };
  };
  return { pointer: `${pointer}/*`, cases: names.map(at) };
}

function casesOf(schema: FieldSchema, pointer: string, example: unknown, required: boolean): BadCase[] {
  const missing = required ? [{ what: 'missing', pointer, body: without(example, pointer) }] : [];
  const values = [...wrongTypes(schema), ...wrongSizes(schema), ...wrongTexts(schema)];
  return [...missing, ...values.map(([what, value]) => ({ what, pointer, body: changed(example, pointer, value) }))];
}

type Bad = [what: string, value: unknown];

const samples: Record<string, unknown> = {
  null: null,
  string: 'text',
  number: 1.5,
  boolean: true,
  object: { a: 1 },
  array: ['a'],
  huge: 1e300,
};

function wrongTypes({ type, enum: allowed, const: fixed }: FieldSchema): Bad[] {
  const types = [type ?? (allowed === undefined ? [] : 'string')].flat();
  const others = Object.entries(samples)
    .filter(([kind]) => !types.includes(kind))
    .map(([kind, value]): Bad => [`of type ${kind}`, value]);
  const list = allowed ?? (fixed === undefined ? [] : [fixed]);
  const notListed = list.flatMap((value): Bad[] => [
    ['in another case', alterCase(String(value))],
    ['with a space', `${String(value)} `],
  ]);
  return [...others, ...notListed, ...(list.length > 0 ? [['not in the list', 'fax'] satisfies Bad] : [])];
}

function alterCase(value: string): string {
  return value === value.toUpperCase() ? value.toLowerCase() : value.toUpperCase();
}

function wrongSizes({ type, minLength = 0, maxLength, minItems = 0, maxItems, minimum, maximum }: FieldSchema): Bad[] {
  const bad: Bad[] = [];
  if (maxLength !== undefined) bad.push(['too long', 'a'.repeat(maxLength + 1)]);
  if (minLength > 0) bad.push(['empty', '']);
  if (maxItems !== undefined) bad.push(['with too many', Array.from({ length: maxItems + 1 }, (_, index) => index)]);
  if (minItems > 0) bad.push(['with too few', []]);
  if (minimum !== undefined) bad.push(['too small', minimum - 1], ['negative', -1]);
  if (maximum !== undefined) bad.push(['too large', maximum + 1], ['beyond counting', 1e21]);
  if (type === 'integer') bad.push(['half', 2.5], ['a number in a string', '3']);
  return bad;
}

const tricks: Bad[] = [
  ['with NUL', 'a\u0000b'],
  ['with a line break', 'a\nb'],
  ['with an escape sequence', 'a\u001b[31mb'],
  ['with a right-to-left override', 'a\u202eb'],
  ['with an isolate', 'a\u2066b'],
  ['with a zero-width space', 'a\u200bb'],
  ['with a byte order mark', '\ufeffab'],
  ['with a lone surrogate', 'a\ud800b'],
  ['of blanks only', '   '],
  ['of invisible letters', '\u3164'],
];

function wrongTexts(schema: FieldSchema): Bad[] {
  const isText = [schema.type].flat().includes('string') || schema.enum !== undefined;
  return isText ? tricks.filter(([, value]) => !mayBeBlank(schema, value)) : [];
}

/** Only a user id may consist of spaces. */
function mayBeBlank(schema: FieldSchema & { pattern?: string }, value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^ +$/.test(value) &&
    schema.pattern !== undefined &&
    new RegExp(schema.pattern, 'u').test(value)
  );
}

function changed(example: unknown, pointer: string, value: unknown): unknown {
  const copy: unknown = structuredClone(example);
  const { holder, name } = placeOf(copy, pointer);
  // `__proto__` becomes a field of its own, as JSON.parse would make it.
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

function without(example: unknown, pointer: string): unknown {
  const copy: unknown = structuredClone(example);
  const { holder, name } = placeOf(copy, pointer);
  delete holder[name];
  return copy;
}

function placeOf(copy: unknown, pointer: string): { holder: Json; name: string } {
  const names = pointer.split('/').slice(1);
  const name = names.pop() ?? '';
  let holder = copy as Json;
  for (const each of names) {
    const next = holder[each];
    if (typeof next !== 'object' || next === null) throw new Error(`the example has no ${pointer}`);
    holder = next as Json;
  }
  return { holder, name };
}
