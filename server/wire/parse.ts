// From a value off the wire to a typed one, or to a problem that names every fault and its place.
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { Settings } from 'typebox/system';
import { ProblemError, type FieldError } from '../core/errors.ts';
import { wordsFor } from './text.ts';

export type Schema = TSchema;
export type Value<S extends Schema> = Static<S>;

/** More faults than this are not worth telling; the rest is cut off. */
const faultLimit = 32;
const longestName = 64;
Settings.Set({ maxErrors: faultLimit * 2 });

const validators = new WeakMap<Schema, Validator>();

/**
 * The value, once it is known to be of this schema.
 * @param at what pointers begin with: empty for a body, else `/query`, `/path` or `/headers`
 * @throws ProblemError `malformed` when it is not even an object, `invalid` with every fault otherwise
 */
export function parse<S extends Schema>(schema: S, value: unknown, at = ''): Value<S> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProblemError('malformed', 'A JSON object is needed here.');
  }
  if (isValid(schema, value)) return value;
  const errors = faultsOf(schema, value, at);
  const [first] = errors;
  const where = first === undefined ? 'The request' : `${first.pointer || 'The request'}: ${first.detail}`;
  const more = errors.length > 1 ? ` And ${errors.length - 1} more.` : '';
  throw new ProblemError('invalid', `${where}.${more}`, { errors });
}

export function isValid<S extends Schema>(schema: S, value: unknown): value is Value<S> {
  return validatorOf(schema).Check(value);
}

function validatorOf(schema: Schema): Validator {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validator = Compile(schema);
  validators.set(schema, validator);
  return validator;
}

function faultsOf(schema: Schema, value: unknown, at: string): FieldError[] {
  const faults = new Map<string, FieldError>();
  for (const error of validatorOf(schema).Errors(value)) {
    for (const fault of fieldErrors(error)) {
      const pointer = at + fault.pointer;
      faults.set(`${pointer} ${fault.detail}`, { pointer, detail: fault.detail });
    }
  }
  return [...faults.values()].slice(0, faultLimit);
}

function fieldErrors(error: TLocalizedValidationError): FieldError[] {
  const { instancePath: pointer } = error;
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => ({
        pointer: `${pointer}/${escape(name)}`,
        detail: 'is required',
      }));
    case 'boolean':
      // `additionalProperties: false`, told once for each field that is not known.
      return [unknownField(pointer)];
    case 'additionalProperties':
      return [];
    default:
      return [{ pointer, detail: inWords(error) }];
  }
}

/** The sender's own name for it is given back only when it is one that can be shown. */
function unknownField(pointer: string): FieldError {
  const parent = pointer.slice(0, pointer.lastIndexOf('/'));
  const name = pointer.slice(parent.length + 1);
  if (/^[\x20-\x7E]+$/.test(name) && name.length <= longestName)
    return { pointer, detail: 'is not known here; remove it' };
  return { pointer: parent, detail: 'has a field that is not known here; remove it' };
}

/** RFC 6901, section 3. */
function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

function inWords(error: TLocalizedValidationError): string {
  switch (error.keyword) {
    case 'type':
      return `must be ${[error.params.type]
        .flat()
        .map((type) => typeWords[type] ?? type)
        .join(' or ')}`;
    case 'enum':
      return `must be one of ${error.params.allowedValues.map(String).join(', ')}`;
    case 'const':
      return `must be ${String(error.params.allowedValue)}`;
    case 'minLength':
      return error.params.limit === 1 ? 'must not be empty' : `must have at least ${error.params.limit} characters`;
    case 'maxLength':
      return `must have at most ${error.params.limit} characters`;
    case 'minItems':
      return `must have at least ${error.params.limit} of them`;
    case 'maxItems':
      return `must have at most ${error.params.limit} of them`;
    case 'uniqueItems':
      return 'must not name one twice';
    case 'minimum':
      return `must be at least ${error.params.limit}`;
    case 'maximum':
      return `must be at most ${error.params.limit}`;
    case 'pattern':
      return wordsFor(String(error.params.pattern)) ?? error.message;
    default:
      return error.message;
  }
}
