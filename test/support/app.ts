// The use cases on a real store with real security, but with a clock, presence, providers and a receiver that a test moves.
import { createApplications, type Applications } from '../../server/app/applications.ts';
import type { Context } from '../../server/app/context.ts';
import { createDeliveryWorker } from '../../server/app/delivery-worker.ts';
import { createDevices, type Devices } from '../../server/app/devices.ts';
import { createEscalationWorker } from '../../server/app/escalation-worker.ts';
import { ensureHubKeys } from '../../server/app/hub-keys.ts';
import { createSweeper } from '../../server/app/sweeper.ts';
import { createTrustedBrowsers, type TrustedBrowsers } from '../../server/app/trusted-browsers.ts';
import { createUsers, type Users } from '../../server/app/users.ts';
import { createVerifications, type Verifications } from '../../server/app/verifications.ts';
import { createWaiters, type Waiters } from '../../server/app/waiters.ts';
import type { Worker } from '../../server/app/worker-loop.ts';
import { createPhoneNumbers } from '../../server/channels/phone-numbers.ts';
import { createSimulatedOutbox, type SimulatedOutbox } from '../../server/channels/simulated.ts';
import type { ChannelResult } from '../../server/core/events.ts';
import type { SmsPolicy } from '../../server/core/sms-policy.ts';
import type { Waits } from '../../server/core/verification.ts';
import type { Hint } from '../../server/ports/bus.ts';
import type { WebhookRequest } from '../../server/ports/channel.ts';
import type { ApplicationRecord } from '../../server/ports/records.ts';
import type { Random } from '../../server/ports/runtime.ts';
import type { Store } from '../../server/ports/store.ts';
import { createLocalBus } from '../../server/realtime/local-bus.ts';
import { createDeviceProofs } from '../../server/security/device-proofs.ts';
import { generateHubKeys } from '../../server/security/hub-keys.ts';
import { createRandom } from '../../server/security/random.ts';
import { createSecrets } from '../../server/security/secrets.ts';
import { createTokens } from '../../server/security/tokens.ts';
import { createSqliteStore } from '../../server/store/sqlite/sqlite-store.ts';
import { createFakeClock, type FakeClock } from './clock.ts';
import { createRecordingLogger, createRecordingMetrics, type LogLine, type Measured } from './recorders.ts';

export const origin = 'https://hub.test';
export const waits: Waits = { socketMs: 3_000, pushMs: 10_000, answerMs: 60_000 };
const day = 86_400_000;
const phoneNumbers = createPhoneNumbers();

/** Where and with what secret (24 bytes) the relying party's receiver takes webhooks. */
export const bankWebhook = { url: 'https://bank.test/hook', secret: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3' };

export interface TestAppOptions {
  /** Default `:memory:`. */
  file?: string;
  clock?: FakeClock;
  random?: Partial<Random>;
  waits?: Waits;
  /** Providers that are not configured. */
  without?: readonly ('push' | 'sms')[];
  /** Default: none. */
  webhook?: { url: string; secret: string };
  /** Default: SMS to anybody, uncounted. */
  sms?: SmsPolicy;
  wrapStore?: (store: Store) => Store;
}

export interface TestApp extends AsyncDisposable {
  context: Context;
  clock: FakeClock;
  /** As the use cases see it, wrapped or not. */
  store: Store;
  application: ApplicationRecord;
  apiKey: string;
  applications: Applications;
  verifications: Verifications;
  devices: Devices;
  users: Users;
  trustedBrowsers: TrustedBrowsers;
  /** Not started. */
  waiters: Waiters;
  /** Not started: `work` runs them. */
  workers: Record<'escalation' | 'push' | 'sms' | 'webhook' | 'sweeper', Worker>;
  outbox: SimulatedOutbox;
  /** Devices that hold a socket; `fail` makes asking for them fail. */
  presence: { online: Set<string>; fail: boolean };
  /** What the relying party's receiver got, and what it answers. */
  receiver: {
    requests: WebhookRequest[];
    respond: (request: WebhookRequest) => ChannelResult | Promise<ChannelResult>;
  };
  /** Every hint, in order. */
  hints: Hint[];
  measured: Measured[];
  log: LogLine[];
  /** Lets every worker do what is due now, until nothing is. */
  work(): Promise<void>;
  /** Moves the clock, then works. */
  pass(ms: number): Promise<void>;
  /** Ends the process without a goodbye: what was not in the store is gone. */
  kill(): Promise<void>;
}

const accepted = { kind: 'accepted', provider: 'receiver' } as const;

export async function createTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const clock = options.clock ?? createFakeClock();
  const opened = createSqliteStore({ file: options.file ?? ':memory:', clock });
  const store = options.wrapStore?.(opened) ?? opened;
  const random: Random = { ...createRandom(), ...options.random };
  const hubKeys = await ensureHubKeys(opened, (now) => generateHubKeys(random, now));
  const outbox = createSimulatedOutbox({ clock });
  const presence: TestApp['presence'] = { online: new Set(), fail: false };
  const receiver: TestApp['receiver'] = { requests: [], respond: () => accepted };
  const { logger, lines } = createRecordingLogger();
  const { metrics, measured } = createRecordingMetrics();
  const shutdown = new AbortController();
  const without = options.without ?? [];
  const context: Context = {
    store,
    clock,
    random,
    logger,
    metrics,
    bus: createLocalBus(logger),
    presence: { connectedDevices: async () => connected(presence) },
    channels: {
      push: without.includes('push') ? undefined : outbox.push,
      sms: without.includes('sms') ? undefined : outbox.sms,
    },
    phoneNumbers,
    webhooks: {
      send: async (request) => {
        receiver.requests.push(request);
        return receiver.respond(request);
      },
    },
    tokens: createTokens({ hubKeys, origin }),
    proofs: createDeviceProofs({ origin }),
    secrets: createSecrets({ codeKey: hubKeys.codeKey }),
    settings: {
      origin,
      waits: options.waits ?? waits,
      retentionMs: 7 * day,
      sms: options.sms ?? { countries: 'any', limits: undefined },
    },
    shutdown: shutdown.signal,
  };
  const hints: Hint[] = [];
  context.bus.subscribe((hint) => void hints.push(hint));
  const registered = await register(context, opened, options);
  const parts = useCases(context);
  const kill = async (): Promise<void> => {
    shutdown.abort();
    await opened.close();
  };
  return {
    context,
    clock,
    store,
    outbox,
    presence,
    receiver,
    hints,
    measured,
    log: lines,
    kill,
    ...registered,
    ...parts,
    work: () => workAll(parts.workers),
    pass: async (ms) => {
      clock.advance(ms);
      await workAll(parts.workers);
    },
    [Symbol.asyncDispose]: kill,
  };
}

function connected({ online, fail }: TestApp['presence']): string[] {
  if (fail) throw new Error('presence cannot be asked');
  return [...online];
}

/** The same key every time, so that an app on the same file finds its application again. */
const apiKey = 'vh_test_Zk3_9-Qw7RtYuIoP_aSdFgHjKlZxCvBnM_1234567-9';

/** Past the wrapped store: a test that makes it fail means what comes later. */
async function register(context: Context, store: Store, { webhook }: TestAppOptions) {
  const applications = createApplications({ ...context, store });
  const spec = { name: 'Example Bank', domain: 'bank.test', ...(webhook === undefined ? {} : { webhook }) };
  return { apiKey, application: await applications.ensure(apiKey, spec) };
}

function useCases(context: Context) {
  const verifications = createVerifications(context);
  return {
    verifications,
    applications: createApplications(context),
    devices: createDevices(context),
    users: createUsers(context),
    trustedBrowsers: createTrustedBrowsers(context),
    waiters: createWaiters(context, verifications),
    workers: {
      escalation: createEscalationWorker(context),
      push: createDeliveryWorker(context, 'push'),
      sms: createDeliveryWorker(context, 'sms'),
      webhook: createDeliveryWorker(context, 'webhook'),
      sweeper: createSweeper(context),
    },
  };
}

async function workAll({ escalation, push, sms, webhook }: TestApp['workers']): Promise<void> {
  let done = 1;
  while (done > 0) {
    done = 0;
    for (const worker of [escalation, push, sms, webhook]) done += await worker.runOnce();
  }
}
