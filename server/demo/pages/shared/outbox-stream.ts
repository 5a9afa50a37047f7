// The outbox as it fills: everything so far, then each message once.
import type { OutboxMessage } from '../../outbox-api.ts';

/** `isNew` is false for what was there before the page was opened. The answer ends it. */
export function watchOutbox(listener: (messages: OutboxMessage[], isNew: boolean) => void): () => void {
  const source = new EventSource('/demo/api/outbox/stream');
  const known = new Map<string, number>();
  let isFirst = true;
  source.addEventListener('message', ({ data }: MessageEvent<string>) => {
    const messages = (JSON.parse(data) as OutboxMessage[]).filter((message) => known.get(message.id) !== message.copies);
    for (const message of messages) known.set(message.id, message.copies);
    if (messages.length > 0 || isFirst) listener(messages, !isFirst);
    isFirst = false;
  });
  return () => source.close();
}
