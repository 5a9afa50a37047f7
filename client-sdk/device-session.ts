/** An enrolled device's life towards its hub: connection, prompts, revocation, answers. */
import { createDeviceApi, mayBeCorrected } from './device-api.ts';
import type { DeviceApi } from './device-api.ts';
import { sendDecision } from './device-decisions.ts';
import type { Answer, DecisionContext } from './device-decisions.ts';
import { createDeviceTokens } from './device-token.ts';
import type { DeviceTokens } from './device-token.ts';
import { asVerihubError, errorFromProblem, VerihubError } from './errors.ts';
import { createHttpClient } from './http-client.ts';
import { createHubClock } from './hub-clock.ts';
import type { HubClock } from './hub-clock.ts';
import type { KeyStore, Registration } from './key-store.ts';
import { createPromptInbox } from './prompt-inbox.ts';
import type { PromptClosed, PromptInbox } from './prompt-inbox.ts';
import { createPromptSync, endOf, hasEnded } from './prompt-sync.ts';
import type { PromptSync } from './prompt-sync.ts';
import type { Problem, PromptView, VerificationStatus } from './protocol.ts';
import type { SdkRuntime } from './runtime.ts';
import { createSocketLink } from './socket-link.ts';
import type { Refusal, SocketLink, SocketSettings } from './socket-link.ts';
import { isClosedEvent, isPromptView } from './wire-guards.ts';

export interface DeviceTimeouts {
  /** One HTTP try, milliseconds; default 8,000. */
  requestMs?: number;
  /** A socket acknowledgement, milliseconds; default 4,000. */
  acknowledgeMs?: number;
  /** A whole answer over all routes, milliseconds; default 20,000. */
  decisionMs?: number;
  /** Without a connection for this long, prompts are fetched over HTTP; milliseconds, default 8,000. */
  pollAfterMs?: number;
}

export interface DeviceSessionOptions {
  /** The hub origin: the audience of everything signed. */
  hub: string;
  /** Where the hub is reached. */
  endpoint: string;
  registration: Registration;
  keys: KeyStore;
  runtime: SdkRuntime;
  socket: SocketSettings;
  timeouts: DeviceTimeouts;
  onUp: () => void;
  onDown: (error: VerihubError) => void;
  onRevoked: (error: VerihubError) => void;
  onPrompt: (prompt: PromptView) => void;
  onClosed: (closed: PromptClosed) => void;
}

export interface DeviceSession {
  api: DeviceApi;
  isUp: () => boolean;
  open: () => void;
  /** Ends the connection and everything in flight; the session is not used again. */
  close: () => void;
  /** The network came back or the app came to the front: connect now, or find out whether the connection still lives. */
  resume: () => void;
  prompts: () => PromptView[];
  /** The confirmed prompt, or null when it no longer waits. */
  acknowledge: (id: string, signal?: AbortSignal) => Promise<PromptView | null>;
  /** Rejects with `prompt-gone` for a prompt that is not open here. */
  decide: (id: string, answer: Answer) => Promise<VerificationStatus>;
}

/** What the parts of one session share. */
interface Session extends DecisionContext {
  options: DeviceSessionOptions;
  clock: HubClock;
  tokens: DeviceTokens;
  inbox: PromptInbox;
  sync: PromptSync;
  closing: AbortController;
  /** Handshakes refused in a row. */
  refusals: number;
  answering: Map<string, { answer: string; result: Promise<VerificationStatus> }>;
}

export function createDeviceSession(options: DeviceSessionOptions): DeviceSession {
  const session = buildSession(options);
  const { link, sync, inbox, api } = session;
  return {
    api,
    isUp: link.isUp,
    open() {
      session.refusals = 0;
      link.open();
    },
    close: () => closeSession(session),
    resume() {
      if (link.isUp()) sync.refresh();
      else link.hurry();
    },
    prompts: () => inbox.all(),
    acknowledge: sync.acknowledge,
    decide: (id, answer) => decideOnce(session, id, answer),
  };
}

function buildSession(options: DeviceSessionOptions): Session {
  const { runtime, keys, hub, endpoint, timeouts, onPrompt, onClosed } = options;
  const { deviceId } = options.registration;
  const closing = new AbortController();
  const clock = createHubClock(runtime);
  const tokens = createDeviceTokens({ keys, clock, deviceId, hub });
  const http = createHttpClient({ endpoint, runtime, timeoutMs: timeouts.requestMs, onServerTime: clock.observe });
  const onRevoked = (error: VerihubError): void => {
    closeSession(session);
    options.onRevoked(error);
  };
  const api = createDeviceApi({ http, tokens, clock, closing: closing.signal, onRevoked });
  const inbox = createPromptInbox({ runtime, clock, onPrompt, onClosed });
  const ackTimeoutMs = timeouts.acknowledgeMs ?? 4_000;
  const pollAfterMs = timeouts.pollAfterMs ?? 8_000;
  const sync = createPromptSync({
    api,
    inbox,
    runtime,
    link: () => link,
    isUp: () => link.isUp(),
    ackTimeoutMs,
    pollAfterMs,
  });
  const link: SocketLink = openLink(options, () => session, onRevoked);
  const session: Session = {
    ...{ options, clock, tokens, inbox, sync, closing, refusals: 0, answering: new Map() },
    ...{ keys, api, link, runtime, deviceId, hub, ackTimeoutMs, deadlineMs: timeouts.decisionMs ?? 20_000 },
  };
  return session;
}

function openLink(
  { endpoint, socket, runtime, onUp, onDown }: DeviceSessionOptions,
  session: () => Session,
  onRevoked: (error: VerihubError) => void,
): SocketLink {
  return createSocketLink({
    url: `${endpoint}/device`,
    settings: socket,
    runtime,
    credential: () => session().tokens.current(),
    events: {
      prompt: (prompt, acknowledge) => onPromptEvent(session(), prompt, acknowledge),
      closed: (event) => void (isClosedEvent(event) && session().inbox.remove(event.id, event.status)),
    },
    onUp() {
      session().refusals = 0;
      onUp();
      session().sync.connected();
    },
    onDown(error) {
      session().sync.disconnected();
      onDown(error);
    },
    onRefused: (problem) => onRefused(session(), problem, onRevoked),
  });
}

function onPromptEvent({ clock, inbox, sync }: Session, prompt: unknown, acknowledge: unknown): void {
  // A prompt that cannot be read is not acknowledged: the hub then takes the next step.
  if (!isPromptView(prompt)) return;
  clock.observe(prompt.serverTime);
  inbox.take(prompt);
  sync.receivedByEvent(prompt.id);
  if (isFunction(acknowledge)) acknowledge();
}

/** A new token is made at once for a wrong clock, and once for any other refusal: the old one may just have been too old. */
function onRefused(session: Session, problem: Problem, onRevoked: (error: VerihubError) => void): Refusal {
  session.refusals += 1;
  const error = errorFromProblem(problem);
  const correctable = mayBeCorrected(error, session.tokens, session.clock);
  if (correctable && session.refusals === 1) return 'now';
  if (error.code !== 'unauthenticated') return 'later';
  onRevoked(error);
  return 'stop';
}

function closeSession({ closing, sync, inbox, link }: Session): void {
  closing.abort(new VerihubError('closed'));
  sync.stop();
  inbox.stop();
  link.close();
}

/** A second tap while the first is on its way gets the first one's result. */
function decideOnce(session: Session, id: string, answer: Answer): Promise<VerificationStatus> {
  const key = JSON.stringify([answer.decision, answer.number]);
  const running = session.answering.get(id);
  if (running?.answer === key) return running.result;
  const result = decide(session, id, answer).finally(() => {
    if (session.answering.get(id)?.result === result) session.answering.delete(id);
  });
  session.answering.set(id, { answer: key, result });
  return result;
}

async function decide(session: Session, id: string, answer: Answer): Promise<VerificationStatus> {
  const { inbox, sync } = session;
  const prompt = inbox.get(id);
  if (prompt === undefined) throw new VerihubError('prompt-gone', { detail: id });
  try {
    const status = await sendDecision(session, prompt, answer);
    if (status !== 'pending') inbox.remove(id, status);
    return status;
  } catch (thrown) {
    const error = asVerihubError(thrown);
    if (hasEnded(error)) inbox.remove(id, endOf(error));
    if (error.code === 'challenge-mismatch') sync.acknowledge(id).catch(() => {});
    throw error;
  }
}

function isFunction(value: unknown): value is () => void {
  return typeof value === 'function';
}
