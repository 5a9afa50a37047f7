/** Keeps a device's prompts in step with the hub: a resync after each connect, HTTP while there is no socket, acknowledgements. */
import type { DeviceApi } from './device-api.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import type { PromptInbox } from './prompt-inbox.ts';
import type { PromptReply, PromptsReply, PromptView, VerificationStatus } from './protocol.ts';
import { having } from './reply-guards.ts';
import type { Cancel, SdkRuntime } from './runtime.ts';
import type { SocketLink } from './socket-link.ts';
import { isPromptView } from './wire-guards.ts';

export interface PromptSyncOptions {
  api: DeviceApi;
  inbox: PromptInbox;
  runtime: SdkRuntime;
  isUp: () => boolean;
  link: () => SocketLink;
  /** A socket acknowledgement, in milliseconds. */
  ackTimeoutMs: number;
  /** Without a socket for this long, prompts are fetched over HTTP; in milliseconds. */
  pollAfterMs: number;
}

export interface PromptSync {
  /** A connection came up: take down what the hub no longer lists. */
  connected: () => void;
  /** There is no connection: fetch over HTTP until there is. */
  disconnected: () => void;
  /** Asks the hub again over the connection there is; one that does not answer is given up. */
  refresh: () => void;
  /** A copy came as an event and is being acknowledged there. */
  receivedByEvent: (id: string) => void;
  /** The confirmed prompt, or null when it no longer waits. */
  acknowledge: (id: string, signal?: AbortSignal) => Promise<PromptView | null>;
  stop: () => void;
}

/** A listed prompt also comes as an event to acknowledge; one that stays away this long is acknowledged over HTTP. */
const eventGraceMs = 2_000;
const resyncPauseMs = 5_000;

interface Sync extends PromptSyncOptions {
  acknowledged: Set<string>;
  cancelTimer: Cancel;
  polling: boolean;
}

export function createPromptSync(options: PromptSyncOptions): PromptSync {
  const sync: Sync = { ...options, acknowledged: new Set(), cancelTimer: () => {}, polling: false };
  return {
    connected() {
      sync.polling = false;
      sync.acknowledged.clear();
      sync.inbox.beginConnection();
      void resync(sync);
    },
    disconnected() {
      if (sync.polling) return;
      sync.polling = true;
      pollLater(sync);
    },
    refresh: () => void resync(sync),
    receivedByEvent: (id) => sync.acknowledged.add(id),
    acknowledge: (id, signal) => acknowledge(sync, id, signal),
    stop() {
      sync.polling = false;
      sync.cancelTimer();
    },
  };
}

function schedule(sync: Sync, ms: number, run: () => void): void {
  sync.cancelTimer();
  sync.cancelTimer = sync.runtime.after(ms, run);
}

async function resync(sync: Sync): Promise<void> {
  const link = sync.link();
  sync.cancelTimer();
  try {
    const reply = await link.request('prompts', [], sync.ackTimeoutMs);
    sync.inbox.reconcile(promptsIn(reply['prompts']));
    schedule(sync, eventGraceMs, () => acknowledgeMissing(sync));
  } catch (thrown) {
    const error = asVerihubError(thrown);
    if (error.code === 'timeout') link.renew();
    else if (sync.isUp()) schedule(sync, resyncPauseMs, () => void resync(sync));
  }
}

function acknowledgeMissing(sync: Sync): void {
  for (const { id } of sync.inbox.all()) {
    // Whatever goes wrong here, the next resync meets it again.
    if (!sync.acknowledged.has(id)) acknowledge(sync, id).catch(() => {});
  }
}

function pollLater(sync: Sync): void {
  schedule(sync, sync.pollAfterMs * (1 + sync.runtime.random()), () => void poll(sync));
}

/** Where no socket can be had (a network that blocks it), prompts still arrive, only slower. */
async function poll(sync: Sync): Promise<void> {
  try {
    const read = having<PromptsReply>('prompts');
    const reply = await sync.api.call({ method: 'GET', path: '/v1/device/prompts', read, repeatable: false });
    if (!sync.polling) return;
    sync.inbox.beginConnection();
    sync.inbox.reconcile(promptsIn(reply.prompts));
    acknowledgeMissing(sync);
  } catch {
    // The next round tries again; a revocation was told by the call itself.
  }
  if (sync.polling) pollLater(sync);
}

async function acknowledge(sync: Sync, id: string, signal?: AbortSignal): Promise<PromptView | null> {
  try {
    const path = `/v1/device/prompts/${encodeURIComponent(id)}/acknowledge`;
    const read = having<PromptReply>('prompt');
    const { prompt } = await sync.api.call({ method: 'POST', path, read, repeatable: true, signal });
    if (!isPromptView(prompt) || prompt.id !== id)
      throw new VerihubError('bad-response', { detail: 'not that prompt' });
    sync.acknowledged.add(id);
    sync.inbox.take(prompt);
    return sync.inbox.get(id) ?? null;
  } catch (thrown) {
    const error = asVerihubError(thrown);
    if (!hasEnded(error)) throw error;
    sync.inbox.remove(id, endOf(error));
    return null;
  }
}

function promptsIn(value: unknown): PromptView[] {
  return Array.isArray(value) ? value.filter(isPromptView) : [];
}

/** The hub says that this prompt can no longer be answered. */
export function hasEnded(error: VerihubError): boolean {
  if (error.code === 'number-incorrect') return error.attemptsLeft === 0;
  return ['already-decided', 'verification-expired', 'not-found'].includes(error.code);
}

export function endOf(error: VerihubError): VerificationStatus | null {
  if (error.verificationStatus !== undefined) return error.verificationStatus;
  if (error.code === 'verification-expired') return 'expired';
  return error.code === 'number-incorrect' ? 'denied' : null;
}
