// The outbox for the demo's pages: what the simulated providers delivered, as a list and as a live stream (Server-Sent Events).
import type { ServerResponse } from 'node:http';
import type { PushMessage, SmsMessage } from '../ports/channel.ts';
import type { Clock } from '../ports/runtime.ts';
import type { OutboxMessage } from './outbox-api.ts';

interface Delivered {
  /** Milliseconds since the Unix epoch. */
  at: number;
  copies: number;
}
export type DemoMessage =
  | (Delivered & { kind: 'push'; message: PushMessage })
  | (Delivered & { kind: 'sms'; message: SmsMessage });

/** What the demo needs of the simulated channels. */
export interface DemoOutbox {
  /** Oldest first. */
  messages(): readonly DemoMessage[];
  /** The answer ends it. */
  subscribe(listener: (message: DemoMessage) => void): () => void;
}

export interface OutboxFeed {
  list(): OutboxMessage[];
  /** Writes everything so far, then each message as it comes, until either side closes. */
  stream(reply: ServerResponse): void;
  close(): void;
}

/** Comments keep proxies from closing a stream on which nothing happens. */
const heartbeatMs = 15_000;

export function createOutboxFeed(outbox: DemoOutbox, clock: Clock): OutboxFeed {
  const open = new Set<ServerResponse>();
  const send = (stream: ServerResponse, messages: OutboxMessage[]): void => {
    stream.write(`data: ${JSON.stringify(messages)}\n\n`);
  };
  const stopListening = outbox.subscribe((message) => {
    for (const stream of open) send(stream, [viewMessage(message)]);
  });
  let stopBeating = clock.after(heartbeatMs, beat);

  function beat(): void {
    for (const stream of open) stream.write(':\n\n');
    stopBeating = clock.after(heartbeatMs, beat);
  }

  const list = (): OutboxMessage[] => outbox.messages().map(viewMessage);

  return {
    list,
    stream(reply) {
      open.add(reply);
      reply.on('close', () => open.delete(reply));
      reply.writeHead(200, { 'content-type': 'text/event-stream' });
      // A server that restarted is found again within a second.
      reply.write('retry: 1000\n\n');
      send(reply, list());
    },
    close() {
      stopListening();
      stopBeating();
      for (const stream of open) stream.end();
    },
  };
}

function viewMessage(delivered: DemoMessage): OutboxMessage {
  const { dedupeId: id, verificationId } = delivered.message;
  const common = { id, at: new Date(delivered.at).toISOString(), copies: delivered.copies, verificationId };
  if (delivered.kind === 'push') {
    const { token, jwe, ttlMs } = delivered.message;
    const expiresAt = new Date(delivered.at + ttlMs).toISOString();
    return { kind: 'push', ...common, token, expiresAt, data: { v: '1', id: verificationId, jwe } };
  }
  const { to, text } = delivered.message;
  return { kind: 'sms', ...common, to, text, code: /#(\d{6})$/.exec(text.trim())?.[1] ?? null };
}
