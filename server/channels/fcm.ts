// Push through Firebase Cloud Messaging: firebase-admin's send(), one request an attempt, each end of it a result (law 7).
import { randomUUID } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getMessaging, type Message } from 'firebase-admin/messaging';
import type { ChannelResult } from '../core/events.ts';
import type { Channel, PushMessage } from '../ports/channel.ts';
import type { Clock, Logger } from '../ports/runtime.ts';
import { createFcmAgent, type Exchange } from './fcm-agent.ts';
import { openCredentials, type Credentials } from './fcm-credentials.ts';
import { createFcmFaults, type ConfigurationFault, type FcmFaults } from './fcm-faults.ts';
import { fcmMessage } from './fcm-message.ts';
import { fcmProvider, fcmResult, isTokenRefused } from './fcm-outcome.ts';
import { createAccessTokens, TokenError, type AccessTokens } from './fcm-tokens.ts';

export interface FcmDeps {
  projectId: string;
  /** Path of a service-account key; application default credentials when left out. */
  credentials?: string | undefined;
  /** Origin; Google's when left out. A plain-HTTP one on this machine needs no credentials (contract section 9). */
  endpoint?: string | undefined;
  clock: Clock;
  logger: Logger;
  /** Told once of each fault that an operator must mend, and again when it was mended and is back. */
  onConfigurationFault?: (fault: ConfigurationFault) => void;
  /** Milliseconds for one attempt. Less than the guard's, which cannot tell what was sent from what was not. */
  deadlineMs?: number;
  /** PEM of authorities trusted instead of the system's. */
  ca?: string | undefined;
  /** How names become addresses; the system's way when left out. */
  lookup?: LookupFunction;
}

const google = 'https://fcm.googleapis.com';

/** @throws Error when the credentials file is none; the message says what to do */
export function createFcmChannel(deps: FcmDeps): Channel<PushMessage> & { close(): void } {
  const { projectId, clock, logger, ca, lookup, deadlineMs = 4_500 } = deps;
  const endpoint = new URL(deps.endpoint ?? google);
  const credentials = openCredentials(deps.credentials, endpoint, clock);
  const tokens = createAccessTokens({ fetchToken: credentials.fetchToken, clock });
  const line = createFcmAgent({ endpoint, ca, lookup });
  const faults = createFcmFaults({ clock, logger, onFault: deps.onConfigurationFault });
  // Its registry of apps is global: a name of its own lets several hubs live in one process.
  const app = initializeApp({ projectId, httpAgent: line.agent, credential }, `verihub-${randomUUID()}`);
  const messaging = getMessaging(app);
  const post = (message: Message, token: string, signal: AbortSignal): Promise<Exchange> =>
    line.exchange(token, signal, () => messaging.send(message));

  let isClosed = false;
  if (credentials.source !== undefined) void checkAtStart({ projectId, credentials, tokens, faults, logger });
  return {
    provider: fcmProvider,
    async send(message, signal) {
      const deadline = new AbortController();
      const cancel = clock.after(deadlineMs, () => deadline.abort());
      const cut = AbortSignal.any([signal, deadline.signal]);
      const result = await attempt({ tokens, post, clock }, fcmMessage(message, clock.now()), cut);
      cancel();
      return faults.judge(result, message.token);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      tokens.close();
      line.close();
      void deleteApp(app);
    },
  };
}

/** The agent sets the real one: it is held, renewed and dropped by us, for firebase-admin cannot be told that one was refused. */
const credential = { getAccessToken: async () => ({ access_token: 'set-by-the-agent', expires_in: 3_600 }) };

interface Line {
  tokens: AccessTokens;
  post(message: Message, token: string, signal: AbortSignal): Promise<Exchange>;
  clock: Clock;
}

/** One request; a second one only when the access token was refused and there is another (reliability F25). */
async function attempt({ tokens, post, clock }: Line, message: Message, signal: AbortSignal): Promise<ChannelResult> {
  const token = await tokenBy(tokens, signal);
  if (typeof token !== 'string') return token;
  const exchange = await post(message, token, signal);
  if (!isTokenRefused(exchange)) return fcmResult(exchange, clock.now());
  tokens.drop(token);
  const another = await tokenBy(tokens, signal);
  if (typeof another !== 'string') return another;
  return fcmResult(another === token ? exchange : await post(message, another, signal), clock.now());
}

/** A token, or what to say without one. Fetching goes on for others when this attempt is over. */
async function tokenBy(tokens: AccessTokens, signal: AbortSignal): Promise<string | ChannelResult> {
  const timeout: ChannelResult = { kind: 'unreachable', outcome: 'not-sent', reason: 'timeout' };
  if (signal.aborted) return timeout;
  const aborted = Promise.withResolvers<ChannelResult>();
  const cut = () => aborted.resolve(timeout);
  signal.addEventListener('abort', cut, { once: true });
  try {
    return await Promise.race([tokens.get(), aborted.promise]);
  } catch (error) {
    return withoutToken(error);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

function withoutToken(error: unknown): ChannelResult {
  if (!(error instanceof TokenError)) throw error;
  const { fault, reason } = error;
  return fault === 'refused'
    ? { kind: 'rejected', reason, configuration: true }
    : { kind: 'unreachable', outcome: 'not-sent', reason };
}

/** What is wrong with the credentials is said when the hub starts, not when somebody waits for a prompt. */
async function checkAtStart(given: {
  projectId: string;
  credentials: Credentials;
  tokens: AccessTokens;
  faults: FcmFaults;
  logger: Logger;
}): Promise<void> {
  const { projectId, credentials, tokens, faults, logger } = given;
  if (credentials.projectId !== undefined && credentials.projectId !== projectId) {
    const named = { configured: projectId, credentials: credentials.projectId };
    logger.warn(named, 'the service account belongs to another project than VERIHUB_FCM_PROJECT_ID');
  }
  try {
    await tokens.get();
  } catch (error) {
    const result = withoutToken(error);
    faults.judge(result, '');
    if (result.kind === 'unreachable') logger.warn({ reason: result.reason }, 'no access token for push yet');
  }
}
