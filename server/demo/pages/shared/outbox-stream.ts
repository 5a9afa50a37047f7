// The outbox as it fills: everything so far, then each message once.
import type { OutboxMessage } from '../../outbox-api.ts';
import { having, listOf, parseAs } from './shapes.ts';

const name = 'verihub-demo-outbox';
const isMessages = listOf(having<OutboxMessage>('id', 'kind', 'copies'));

/** `isNew` is false for what was there before the page was opened. */
export function watchOutbox(listener: (messages: OutboxMessage[], isNew: boolean) => void): void {
  const known = new Map<string, number>();
  const neighbours = new BroadcastChannel(name);

  function take(messages: OutboxMessage[], isNew: boolean): void {
    const unknown = messages.filter(({ id, copies }) => known.get(id) !== copies);
    for (const { id, copies } of unknown) known.set(id, copies);
    if (unknown.length > 0) listener(unknown, isNew);
  }

  neighbours.addEventListener('message', ({ data }: MessageEvent<OutboxMessage[]>) => take(data, true));
  void readAll().then((messages) => {
    take(messages, false);
    return followAlone((newer) => {
      take(newer, true);
      neighbours.postMessage(newer);
    });
  });
}

async function readAll(): Promise<OutboxMessage[]> {
  try {
    const response = await fetch('/demo/api/outbox');
    return parseAs(await response.text(), isMessages) ?? [];
  } catch {
    return [];
  }
}

/**
 * One page of this browser follows and tells the others: a browser has six connections to a site, and a stream in every
 * frame and window would use them up. When that page goes, the lock passes to another.
 */
function followAlone(tell: (messages: OutboxMessage[]) => void): Promise<unknown> {
  return navigator.locks.request(name, () => {
    const source = new EventSource('/demo/api/outbox/stream');
    source.addEventListener('message', ({ data }: MessageEvent<string>) => tell(parseAs(data, isMessages) ?? []));
    return new Promise(() => {});
  });
}
