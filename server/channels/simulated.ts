// Push and SMS that reach no provider: their messages land in an outbox which the demo shows and tests read.
import type { ChannelResult } from '../core/events.ts';
import type { Channel, PushMessage, SmsMessage } from '../ports/channel.ts';
import type { Clock } from '../ports/runtime.ts';

interface MessageOf {
  push: PushMessage;
  sms: SmsMessage;
}

export type SimulatedSend = { [K in keyof MessageOf]: { kind: K; message: MessageOf[K] } }[keyof MessageOf];

/** A message that was delivered. */
export type SimulatedMessage = SimulatedSend & {
  /** Milliseconds since the Unix epoch, of the newest copy. */
  at: number;
  providerId: string;
  /** How often it was sent under this dedupe id. */
  copies: number;
};

/** `hang`: never answers; `lost-reply`: delivers and never answers. */
export type SimulatedResponse = ChannelResult | { kind: 'hang' } | { kind: 'lost-reply' };

export interface SimulatedOutbox {
  push: Channel<PushMessage>;
  sms: Channel<SmsMessage>;
  /** What was delivered, oldest first; the newest 200 of each kind. */
  messages(): SimulatedMessage[];
  /** Told of each delivered message, copies too; must not throw. The answer ends it. */
  subscribe(listener: (message: SimulatedMessage) => void): () => void;
  /** From now on answers as `script` says; undefined: accepts everything. Anything but `accepted` and `lost-reply` delivers nothing. */
  respond(script: ((send: SimulatedSend) => SimulatedResponse) | undefined): void;
}

const provider = 'simulated';
const kept = 200;

export function createSimulatedOutbox({ clock }: { clock: Clock }): SimulatedOutbox {
  const rings = { push: new Map<string, Entry>(), sms: new Map<string, Entry>() };
  const listeners = new Set<(message: SimulatedMessage) => void>();
  let script: ((send: SimulatedSend) => SimulatedResponse) | undefined;
  let delivered = 0;

  const deliver = (send: SimulatedSend, named?: string): string => {
    delivered += 1;
    const ring = rings[send.kind];
    const copies = (ring.get(send.message.dedupeId)?.message.copies ?? 0) + 1;
    const message = { ...send, at: clock.now(), providerId: named ?? `sim-${delivered}`, copies };
    put(ring, send.message.dedupeId, { order: delivered, message });
    for (const listener of listeners) listener(message);
    return message.providerId;
  };

  const answer = async (send: SimulatedSend, signal: AbortSignal): Promise<ChannelResult> => {
    if (signal.aborted) return { kind: 'unreachable', outcome: 'not-sent', reason: 'timeout' };
    const response = script?.(send) ?? { kind: 'accepted', provider };
    if (response.kind === 'hang') return whenAborted(signal);
    if (response.kind !== 'accepted' && response.kind !== 'lost-reply') return response;
    const providerId = deliver(send, response.kind === 'accepted' ? response.providerId : undefined);
    return response.kind === 'lost-reply' ? whenAborted(signal) : { ...response, providerId };
  };

  return {
    push: { provider, send: (message, signal) => answer({ kind: 'push', message }, signal) },
    sms: { provider, send: (message, signal) => answer({ kind: 'sms', message }, signal) },
    messages: () => inOrder([...rings.push.values(), ...rings.sms.values()]),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    respond(next) {
      script = next;
    },
  };
}

interface Entry {
  order: number;
  message: SimulatedMessage;
}

function inOrder(entries: readonly Entry[]): SimulatedMessage[] {
  return entries.toSorted((a, b) => a.order - b.order).map((entry) => entry.message);
}

/** A map remembers the order of insertion: the first key is the oldest. */
function put(ring: Map<string, Entry>, id: string, entry: Entry): void {
  ring.delete(id);
  ring.set(id, entry);
  for (const oldest of ring.keys()) {
    if (ring.size <= kept) return;
    ring.delete(oldest);
  }
}

/** What a provider that never answers looks like once the attempt's deadline has passed. */
function whenAborted(signal: AbortSignal): Promise<ChannelResult> {
  return new Promise((resolve) => {
    const cut = () => resolve({ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' });
    signal.addEventListener('abort', cut, { once: true });
  });
}
