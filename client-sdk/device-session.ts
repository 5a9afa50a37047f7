/** An enrolled device's life towards its hub: connection, resync after each connect, revocation, answers. */
import { createDeviceApi, mayBeCorrected } from './device-api.ts';
import type { DeviceApi } from './device-api.ts';
import { createDecisionSender } from './device-decisions.ts';
import type { Answer } from './device-decisions.ts';
import { createDeviceTokens } from './device-token.ts';
import { asVerihubError, errorFromProblem, VerihubError } from './errors.ts';
import { createHttpClient } from './http-client.ts';
import { createHubClock } from './hub-clock.ts';
import type { DeviceRecord, KeyStore, Registration } from './key-store.ts';
import { createPromptInbox } from './prompt-inbox.ts';
import type { PromptClosed, PromptInbox } from './prompt-inbox.ts';
import type { Problem, PromptReply, PromptsReply, PromptView, VerificationStatus } from './protocol.ts';
import type { Cancel, SdkRuntime } from './runtime.ts';
import { createSocketLink } from './socket-link.ts';
import type { Refusal, SocketLink, SocketSettings } from './socket-link.ts';
import { isClosedEvent, isPromptView } from './wire-guards.ts';

export interface DeviceTimeouts {
  /** One HTTP try, milliseconds; default 8,000. */
  requestMs?: number;
  /** A socket acknowledgement, milliseconds; default 4,000. */
  acknowledgeMs?: number;
  /** A whole answer over all routes, milliseconds; default 30,000. */
  decisionMs?: number;
  /** Without a connection for this long, prompts are fetched over HTTP; milliseconds, default 8,000. */
  pollAfterMs?: number;
}

export interface DeviceSessionOptions {
  record: DeviceRecord;
  registration: Registration;
  /** Where the hub is reached; the record's hub is who it is. */
  endpoint: string;
  keys: KeyStore;
  runtime: SdkRuntime;
  socket: SocketSettings;
  timeouts: DeviceTimeouts;
  onUp(): void;
  onDown(): void;
  onRevoked(): void;
  onPrompt(prompt: PromptView): void;
  onClosed(closed: PromptClosed): void;
}

export interface DeviceSession {
  registration: Registration;
  hub: string;
  api: DeviceApi;
  prompts: PromptInbox;
  isUp(): boolean;
  open(): void;
  close(): void;
  /** The network came back or the app came to the front: connect now, or find out whether the connection still lives. */
  resume(): void;
  /** The confirmed prompt, or null when it is no longer waiting. */
  acknowledge(id: string, signal?: AbortSignal): Promise<PromptView | null>;
  decide(id: string, answer: Answer): Promise<VerificationStatus>;
}

export function createDeviceSession(options: DeviceSessionOptions): DeviceSession {
  const { runtime, keys, registration, timeouts, endpoint } = options;
  const hub = options.record.hub;
  const clock = createHubClock(runtime);
  const tokens = createDeviceTokens({ keys, clock, deviceId: registration.deviceId, hub });
  const http = createHttpClient({
    endpoint,
    runtime,
    timeoutMs: timeouts.requestMs,
    onServerTime: (time) => clock.observe(time),
  });
  const api = createDeviceApi({ http, tokens, clock, onRevoked: revoked });
  const prompts = createPromptInbox({ runtime, clock, onPrompt: options.onPrompt, onClosed: options.onClosed });
  const acknowledged = new Set<string>();
  let refusals = 0;
  let open = false;
  let cancelPoll: Cancel | null = null;
  let cancelSync: Cancel = () => {};

  const link: SocketLink = createSocketLink({
    url: `${endpoint}/device`,
    settings: options.socket,
    runtime,
    credential: () => tokens.current(),
    events: { prompt: onPromptEvent, closed: onClosedEvent },
    onUp,
    onDown,
    onRefused,
  });
  const sender = createDecisionSender({
    keys,
    api,
    link,
    runtime,
    deviceId: registration.deviceId,
    hub,
    ackTimeoutMs: timeouts.acknowledgeMs ?? 4_000,
    deadlineMs: timeouts.decisionMs ?? 30_000,
  });

  function onUp(): void {
    refusals = 0;
    stopPolling();
    acknowledged.clear();
    prompts.beginConnection();
    options.onUp();
    void sync();
  }

  function onDown(): void {
    cancelSync();
    if (open && cancelPoll === null) pollLater();
    options.onDown();
  }

  /** A new token is made at once for a wrong clock, and once for any other refusal: the old one may just have been too old. */
  function onRefused(problem: Problem): Refusal {
    refusals += 1;
    const error = errorFromProblem(problem);
    const correctable = mayBeCorrected(error, tokens, clock);
    if (correctable && refusals === 1) return 'now';
    if (error.code === 'unauthenticated') {
      revoked();
      return 'stop';
    }
    return 'later';
  }

  function revoked(): void {
    close();
    options.onRevoked();
  }

  function onPromptEvent(prompt: unknown, acknowledge: unknown): void {
    if (!isPromptView(prompt)) return;
    clock.observe(prompt.serverTime);
    prompts.take(prompt);
    acknowledged.add(prompt.id);
    if (typeof acknowledge === 'function') acknowledge();
  }

  function onClosedEvent(event: unknown): void {
    if (isClosedEvent(event)) prompts.remove(event.id, event.status);
  }

  /** After each connect: what the hub lists is what is open. A connection that does not answer is dead, whatever it looks like. */
  async function sync(): Promise<void> {
    cancelSync();
    try {
      const reply = await link.request('prompts', [], timeouts.acknowledgeMs ?? 4_000);
      prompts.reconcile(promptsIn(reply['prompts']));
      // The hub also sends each of them as an event to acknowledge; one that stays away is acknowledged over HTTP.
      cancelSync = runtime.after(2_000, () => acknowledgeMissing());
    } catch (thrown) {
      const error = asVerihubError(thrown);
      if (error.code === 'timeout') link.renew();
      else if (link.isUp()) cancelSync = runtime.after(5_000, () => void sync());
    }
  }

  function acknowledgeMissing(): void {
    for (const { id } of prompts.all()) {
      if (!acknowledged.has(id)) acknowledgePrompt(id).catch(() => {});
    }
  }

  function pollLater(): void {
    const wait = timeouts.pollAfterMs ?? 8_000;
    cancelPoll = runtime.after(wait + runtime.random() * wait, () => void poll());
  }

  /** While no socket can be had (a network that blocks it), prompts still arrive, only slower. */
  async function poll(): Promise<void> {
    try {
      const reply = await api.call<PromptsReply>({
        method: 'GET',
        path: '/v1/device/prompts',
        expect: 'prompts',
        repeatable: false,
      });
      if (!open || link.isUp()) return;
      prompts.beginConnection();
      prompts.reconcile(promptsIn(reply.prompts));
      acknowledgeMissing();
    } catch {
      // The next round tries again; a revocation was already told.
    }
    if (open && !link.isUp() && cancelPoll !== null) pollLater();
  }

  function stopPolling(): void {
    cancelPoll?.();
    cancelPoll = null;
  }

  async function acknowledgePrompt(id: string, signal?: AbortSignal): Promise<PromptView | null> {
    try {
      const path = `/v1/device/prompts/${encodeURIComponent(id)}/acknowledge`;
      const { prompt } = await api.call<PromptReply>({
        method: 'POST',
        path,
        expect: 'prompt',
        repeatable: true,
        signal,
      });
      if (!isPromptView(prompt) || prompt.id !== id)
        throw new VerihubError('bad-response', { detail: 'the acknowledgement has no such prompt' });
      acknowledged.add(id);
      prompts.take(prompt);
      return prompts.get(id) ?? null;
    } catch (thrown) {
      const error = asVerihubError(thrown);
      if (!hasEnded(error)) throw error;
      prompts.remove(id, endOf(error));
      return null;
    }
  }

  function close(): void {
    open = false;
    stopPolling();
    cancelSync();
    prompts.stop();
    link.close();
  }

  return {
    registration,
    hub,
    api,
    prompts,
    isUp: () => link.isUp(),
    open() {
      open = true;
      refusals = 0;
      link.open();
    },
    close,
    resume() {
      if (link.isUp()) void sync();
      else link.hurry();
    },
    acknowledge: acknowledgePrompt,
    async decide(id, answer) {
      const prompt = prompts.get(id);
      if (prompt === undefined) throw new VerihubError('prompt-gone', { detail: id });
      try {
        const status = await sender.send(prompt, answer);
        if (status !== 'pending') prompts.remove(id, status);
        return status;
      } catch (thrown) {
        const error = asVerihubError(thrown);
        if (hasEnded(error)) prompts.remove(id, endOf(error));
        if (error.code === 'challenge-mismatch') acknowledgePrompt(id).catch(() => {});
        throw error;
      }
    },
  };
}

function promptsIn(value: unknown): PromptView[] {
  return Array.isArray(value) ? value.filter(isPromptView) : [];
}

function hasEnded(error: VerihubError): boolean {
  return (
    ['already-decided', 'verification-expired', 'not-found'].includes(error.code) ||
    (error.code === 'number-incorrect' && error.attemptsLeft === 0)
  );
}

function endOf(error: VerihubError): VerificationStatus | null {
  if (error.verificationStatus !== undefined) return error.verificationStatus;
  if (error.code === 'verification-expired') return 'expired';
  return error.code === 'number-incorrect' ? 'denied' : null;
}
