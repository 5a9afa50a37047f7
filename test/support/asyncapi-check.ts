// Holds what goes over a hub's sockets to asyncapi.yaml: each event and each acknowledgement, both ways.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Message {
  name: string;
  payload: object;
  headers?: object;
}
interface Reference {
  $ref: string;
}
interface Operation {
  action: 'send' | 'receive';
  channel: Reference;
  messages: Reference[];
  reply?: { messages: Reference[] };
}
interface AsyncapiFile {
  channels: Record<string, { address: string | null; messages: Record<string, Message> }>;
  operations: Record<string, Operation>;
  components: { schemas: Record<string, object> };
}

export interface AsyncapiCheck {
  /** Of an event in a namespace, such as `/device`. One sentence for each way in which it is not as described. */
  event(action: Operation['action'], address: string, name: string, payload: unknown): string[];
  /** Of its acknowledgement. */
  reply(address: string, event: string, answer: unknown): string[];
  /** Of a payload by its channel's and its own key, as for webhooks. */
  message(channel: string, key: string, payload: unknown): string[];
  /** As `message`, of its headers. Others may come besides. */
  headers(channel: string, key: string, headers: object): string[];
  /** Messages looked at so far, as `<channel>/<key>`. */
  readonly seen: ReadonlySet<string>;
}

const file = join(import.meta.dirname, '../../asyncapi.yaml');

export function readAsyncapi(): AsyncapiFile {
  return parse(readFileSync(file, 'utf8')) as AsyncapiFile;
}

/** `#/channels/device/messages/prompt` → `device/prompt` */
export function keyOf({ $ref }: Reference): string {
  const [, , channel = '', , key = ''] = $ref.split('/');
  return `${channel}/${key}`;
}

export function createAsyncapiCheck(): AsyncapiCheck {
  const document = tighten(readAsyncapi());
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajvFormats.default(ajv);
  ajv.addSchema({ $id: 'asyncapi', components: document.components });
  const validators = new Map<string, ValidateFunction>();
  const seen = new Set<string>();

  const operationOf = (action: string, address: string, name: string): Operation | undefined =>
    Object.values(document.operations).find((operation) => {
      const [channel = '', key = ''] = keyOf(operation.messages[0] ?? { $ref: '' }).split('/');
      const found = document.channels[channel];
      return operation.action === action && found?.address === address && found.messages[key]?.name === name;
    });

  const faultsOf = (schema: object, value: unknown, what: string): string[] => {
    const validate = validators.get(what) ?? ajv.compile(absolute(schema));
    validators.set(what, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      (error) => `${what} ${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`,
    );
  };

  const message: AsyncapiCheck['message'] = (channel, key, payload) => {
    const described = document.channels[channel]?.messages[key];
    if (described === undefined) return [`${channel}/${key} is not described`];
    seen.add(`${channel}/${key}`);
    return faultsOf(described.payload, payload ?? null, `${channel}/${key}`);
  };

  const headers: AsyncapiCheck['headers'] = (channel, key, found) => {
    const described = document.channels[channel]?.messages[key]?.headers;
    if (described === undefined) return [`${channel}/${key} has no described headers`];
    const { $ref = '' } = described as Partial<Reference>;
    const schema = document.components.schemas[$ref.split('/').at(-1) ?? ''] ?? described;
    return faultsOf({ ...schema, additionalProperties: true }, found, `headers of ${channel}/${key}`);
  };

  const anyOf = (references: readonly Reference[], payload: unknown): string[] => {
    const faults: string[] = [];
    for (const reference of references) {
      const [channel = '', key = ''] = keyOf(reference).split('/');
      const wasSeen = seen.has(`${channel}/${key}`);
      const found = message(channel, key, payload);
      if (found.length === 0) return [];
      if (!wasSeen) seen.delete(`${channel}/${key}`);
      faults.push(...found);
    }
    return faults;
  };

  return {
    seen,
    message,
    headers,
    event: (action, address, name, payload) => {
      const operation = operationOf(action, address, name);
      return operation === undefined ? [`${address} does not ${action} ${name}`] : anyOf(operation.messages, payload);
    },
    reply: (address, event, answer) => {
      const operation = operationOf('receive', address, event);
      if (operation?.reply === undefined) return [`${address} ${event} has no described reply`];
      return anyOf(operation.reply.messages, answer);
    },
  };
}

/** The hub may gain fields in a later version; in this one it sends what is described, and no more. */
function tighten(document: AsyncapiFile): AsyncapiFile {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner)]));
    const isOpen = 'properties' in copy && 'type' in copy && !('additionalProperties' in copy);
    return isOpen ? { ...copy, additionalProperties: false } : copy;
  };
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => [name, walk(schema) as object]);
  return { ...document, components: { schemas: Object.fromEntries(schemas) as Record<string, object> } };
}

/** References lead into the document. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"asyncapi#/')) as object;
}
