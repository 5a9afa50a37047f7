// asyncapi.yaml as a value: the events of both namespaces and the webhooks, in the form of AsyncAPI 3.0.
import type { Schema } from '../wire/parse.ts';
import { problem } from '../wire/problem.ts';
import { channels, type ChannelFacts, type MessageFacts } from './asyncapi-channels.ts';

type Json = Record<string, unknown>;

/** Turns schemas into components and references to them. */
export interface SchemaShelf {
  refer(schema: Schema): Json;
  components(): Record<string, Json>;
}

export function asyncapiDocument(shelf: SchemaShelf): Json {
  shelf.refer(problem);
  const entries = Object.entries(channels);
  const described = entries.map(([name, channel]): [string, Json] => [name, channelOf(channel, shelf)]);
  const operations = entries.flatMap(([name, channel]) => operationsOf(name, channel));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Verihub',
      version: '1.0.0',
      description: overview,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      hub: {
        host: 'localhost:3000',
        pathname: '/socket.io/',
        protocol: 'ws',
        description: 'A hub on this machine, as `npm start` runs it. Socket.IO 4 over WebSocket or HTTP long-polling',
      },
    },
    channels: Object.fromEntries(described),
    operations: Object.fromEntries(operations),
    components: { schemas: shelf.components() },
  };
}

const overview = [
  'The sockets and webhooks of a verification hub. REST is described in openapi.yaml.',
  'Each Socket.IO namespace is a channel, and each event a message of the same name. Where an operation has a reply, it is the Socket.IO acknowledgement of the event.',
  "Times are RFC 3339 in UTC, on the hub's clock. A field that is not described here is refused from clients; what the hub sends may gain fields.",
].join('\n\n');

function channelOf({ address, title, description, messages }: ChannelFacts, shelf: SchemaShelf): Json {
  return {
    address,
    title,
    description,
    ...(address === null ? {} : { servers: [{ $ref: '#/servers/hub' }] }),
    messages: Object.fromEntries(Object.entries(messages).map(([key, facts]) => [key, messageOf(facts, shelf)])),
  };
}

function messageOf({ name, summary, payload, headers }: MessageFacts, shelf: SchemaShelf): Json {
  return {
    name,
    summary,
    ...(headers === undefined ? {} : { headers: shelf.refer(headers) }),
    // Some messages carry nothing at all.
    payload: payload === undefined ? { type: 'null' } : shelf.refer(payload),
  };
}

function operationsOf(channelName: string, { operations }: ChannelFacts): [string, Json][] {
  const channel = { $ref: `#/channels/${channelName}` };
  const refer = (key: string) => ({ $ref: `#/channels/${channelName}/messages/${key}` });
  return Object.entries(operations).map(([name, { action, message, reply, summary }]) => [
    name,
    {
      action,
      channel,
      summary,
      messages: [refer(message)],
      ...(reply === undefined ? {} : { reply: { channel, messages: reply.map(refer) } }),
    },
  ]);
}
