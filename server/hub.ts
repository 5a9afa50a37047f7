// Composition root: builds, starts and closes everything. Here alone is one adapter handed to another.
import { createApplications, type Applications } from './app/applications.ts';
import { createBacklogWatch } from './app/backlog-watch.ts';
import type { Context } from './app/context.ts';
import { createDeadLetters } from './app/dead-letters.ts';
import { createDeliveryWorker } from './app/delivery-worker.ts';
import { createDevices } from './app/devices.ts';
import { createEscalationWorker } from './app/escalation-worker.ts';
import { ensureHubKeys } from './app/hub-keys.ts';
import { createReceipts } from './app/receipts.ts';
import { createSmsOptOuts } from './app/sms-opt-outs.ts';
import { createSweeper } from './app/sweeper.ts';
import { createTrustedBrowsers } from './app/trusted-browsers.ts';
import { createUsers } from './app/users.ts';
import { createVerifications, type Verifications } from './app/verifications.ts';
import { createWaiters } from './app/waiters.ts';
import type { Worker } from './app/worker-loop.ts';
import { guardChannel, type GuardDeps } from './channels/guard.ts';
import { createPhoneNumbers } from './channels/phone-numbers.ts';
import { createSimulatedOutbox, type SimulatedOutbox } from './channels/simulated.ts';
import { guardWebhooks, webhookGuard } from './channels/webhook-guard.ts';
import { createWebhookChannel } from './channels/webhook.ts';
import { bannerOf, demoKeyFile } from './config/banner.ts';
import type { Config, PushConfig, SmsConfig } from './config/config.ts';
import { formatApiKey } from './core/bearer.ts';
import type { DemoKey } from './demo/demo-key.ts';
import { listen, type Front } from './http/front.ts';
import { createHttpApp } from './http/http-app.ts';
import { createMachine, openStore, type Machine } from './machine.ts';
import type { Presence } from './ports/bus.ts';
import type { VonageCallbacks } from './ports/callbacks.ts';
import type { Channels } from './ports/channel.ts';
import type { Clock, Logger, Random } from './ports/runtime.ts';
import type { WebhookSigner } from './ports/security.ts';
import type { Store } from './ports/store.ts';
import { createLocalBus } from './realtime/local-bus.ts';
import { createRealtime } from './realtime/realtime.ts';
import { isSocketUpgrade } from './realtime/upgrades.ts';
import { createDeviceProofs } from './security/device-proofs.ts';
import { generateHubKeys } from './security/hub-keys.ts';
import { createSecrets } from './security/secrets.ts';
import { createTokens } from './security/tokens.ts';
import { createWebhookSigner } from './security/webhook-signer.ts';
import { createHealth, type Health } from './telemetry/health.ts';
import { createMetrics, type MetricsRegistry } from './telemetry/metrics.ts';

/** What a test may put in place of the machine's own. */
export interface Parts {
  clock?: Clock;
  random?: Random;
  logger?: Logger;
  /** Wraps the store, so that a test can make it fail. */
  wrapStore?: (store: Store) => Store;
}

export interface Hub {
  /** As clients see it. */
  readonly origin: string;
  /** Where it listens: `http://127.0.0.1:<port>`. */
  readonly localUrl: string;
  /** For the terminal: where everything is. */
  readonly banner: string;
  /** The simulated push and SMS providers, when configured. */
  readonly outbox: SimulatedOutbox | undefined;
  readonly store: Store;
  /** Drains and closes; may be called twice. Resolves within the drain time-out. */
  close(): Promise<void>;
}

/** Builds a hub and starts it. What was built before something failed is closed again. */
export async function startHub(config: Config, parts: Parts = {}): Promise<Hub> {
  await using building = new AsyncDisposableStack();
  const machine = createMachine(config, parts);
  const opened = openStore(config, machine);
  const store = parts.wrapStore?.(opened) ?? opened;
  building.defer(() => store.close());
  const front = await listen(config.http, { ...machine, isUpgrade: isSocketUpgrade });
  building.defer(() => front.close(config.drainTimeoutMs / 4));

  const shutdown = new AbortController();
  const core = await createCore({ config, machine, store, origin: front.origin, shutdown: shutdown.signal });
  building.defer(() => core.closeChannels());
  const doors = await openDoors({ config, machine, store, core, front });
  building.defer(() => doors.close());
  const workers = startWorkers(core.context);
  building.defer(async () => void (await Promise.all(workers.map((worker) => worker.drain()))));

  const built = building.move();
  return {
    origin: front.origin,
    localUrl: front.localUrl,
    banner: bannerOf(config, front.origin, doors.demoKey),
    store,
    outbox: core.outbox,
    close: once(async () => {
      // Whatever still hangs when half the time is up is given up, so that the other half suffices to close.
      const cancel = machine.clock.after(config.drainTimeoutMs / 2, () => shutdown.abort());
      await doors.drain(config.drainTimeoutMs / 4);
      await built.disposeAsync();
      cancel();
    }),
  };
}

interface Core {
  context: Context;
  metrics: MetricsRegistry;
  webhookKeys: Pick<WebhookSigner, 'publicKeys'>;
  health: Health;
  outbox: SimulatedOutbox | undefined;
  vonage: VonageCallbacks | undefined;
  bindPresence(presence: Presence): void;
  verifications: Verifications;
  applications: Applications;
  closeChannels(): void;
}

async function createCore(given: {
  config: Config;
  machine: Machine;
  store: Store;
  origin: string;
  shutdown: AbortSignal;
}): Promise<Core> {
  const { config, machine, store, origin, shutdown } = given;
  const { clock, random, logger } = machine;
  const hubKeys = await ensureHubKeys(store, (now) => generateHubKeys(random, now));
  const health = createHealth({ clock, store });
  const registry = createMetrics({ clock, isReady: async () => (await health.ready()).ok });
  const { metrics } = registry;
  const watched = { ...machine, onBreaker: metrics.breakerMoved };
  const providers = await createChannels(config, watched);
  const webhookSigner = createWebhookSigner(hubKeys);
  const { sign } = webhookSigner;
  const webhookChannel = createWebhookChannel({ clock, sign, allowPrivate: config.webhookAllowPrivate });
  // The sockets know who is connected, and they are opened later: until then nobody is.
  let presence: Presence = { connectedDevices: async () => [] };
  const context: Context = {
    store,
    clock,
    random,
    logger,
    shutdown,
    metrics,
    bus: createLocalBus(logger),
    presence: { connectedDevices: (applicationId, userId) => presence.connectedDevices(applicationId, userId) },
    channels: providers.channels,
    phoneNumbers: createPhoneNumbers(),
    webhooks: guardWebhooks(webhookChannel, webhookGuard, watched),
    tokens: createTokens({ hubKeys, origin }),
    proofs: createDeviceProofs({ origin }),
    secrets: createSecrets({ codeKey: hubKeys.codeKey }),
    settings: { origin, waits: config.waits, retentionMs: config.retentionDays * 86_400_000, sms: config.smsPolicy },
  };
  return {
    context,
    health,
    metrics: registry,
    webhookKeys: webhookSigner,
    outbox: providers.outbox,
    vonage: providers.vonage,
    bindPresence: (found) => {
      presence = found;
    },
    verifications: createVerifications(context),
    applications: createApplications(context),
    closeChannels: () => {
      health.close();
      webhookChannel.close();
      providers.close();
    },
  };
}

interface Doors {
  demoKey: DemoKey | undefined;
  /** Red, no new work, sockets moved in jittered slices within `ms`. */
  drain(ms: number): Promise<void>;
  close(): Promise<void>;
}

async function openDoors(given: {
  config: Config;
  machine: Machine;
  store: Store;
  core: Core;
  front: Front;
}): Promise<Doors> {
  const { config, machine, store, core, front } = given;
  const { origin } = front;
  const { context, verifications, applications, health } = core;
  const { tokens, bus, metrics } = context;
  const devices = createDevices(context);
  const waiters = createWaiters(context, verifications);
  const { allowedOrigins, metricsToken } = config.http;
  const demo = await openDemo(config, machine, core, front);
  const httpApp = createHttpApp({
    applications,
    verifications,
    waiters,
    devices,
    tokens,
    store,
    health,
    metrics,
    ...machine,
    users: createUsers(context),
    trustedBrowsers: createTrustedBrowsers(context),
    receipts: createReceipts(context),
    smsOptOuts: createSmsOptOuts(context),
    vonage: core.vonage,
    deadLetters: createDeadLetters(context),
    webhookKeys: core.webhookKeys,
    renderMetrics: core.metrics.render,
    settings: { origin, allowedOrigins, ...(metricsToken === undefined ? {} : { metricsToken }) },
    extend: (app) => void (demo && app.use(demo.routes)),
  });
  const realtime = createRealtime({
    httpServer: front.server,
    verifications,
    devices,
    tokens,
    waiters,
    bus,
    metrics,
    store,
    ...machine,
    settings: { origin, allowedOrigins, ...config.sockets },
  });
  core.bindPresence(realtime.presence);
  waiters.start();
  const answer = httpApp.callback();
  front.answerWith((request, response) => void answer(request, response));
  realtime.start();
  return {
    demoKey: demo?.key,
    drain: async (ms) => {
      health.drain();
      waiters.endPolls();
      // Pages that have not been moved yet are told of changes until they are.
      await realtime.drain(ms);
    },
    close: async () => {
      demo?.close();
      waiters.stop();
      await realtime.close();
    },
  };
}

/** The demo is no part of a production image: it is loaded only where it is shown. */
async function openDemo(config: Config, { clock, random, logger }: Machine, core: Core, front: Front) {
  await registerApplication(config, core.applications, config.application.apiKey);
  if (!config.demo || core.outbox === undefined) return undefined;
  const { createDemo } = await import('./demo/demo.ts');
  const { ensureDemoKey } = await import('./demo/demo-key.ts');
  const make = (): string => formatApiKey('demo', random.secret(32));
  const key = config.application.apiKey === undefined ? await ensureDemoKey(demoKeyFile(config), make) : undefined;
  if (key !== undefined) await registerApplication(config, core.applications, key.apiKey);
  const apiKey = key?.apiKey ?? config.application.apiKey ?? '';
  const { origin, localUrl: hubUrl } = front;
  const demo = createDemo({
    hubUrl,
    origin,
    apiKey,
    bankName: config.application.name,
    outbox: core.outbox,
    clock,
    logger,
  });
  return { ...demo, key };
}

async function registerApplication(
  { application }: Config,
  applications: Applications,
  apiKey: string | undefined,
): Promise<void> {
  if (apiKey === undefined) return;
  const { name, domain, webhook } = application;
  await applications.ensure(apiKey, { name, domain, ...(webhook === undefined ? {} : { webhook }) });
}

/** Attempts end well before the delivery worker's lease; one sick provider holds up nobody else. */
const guards = {
  provider: {
    deadlineMs: 5_000,
    limit: { concurrency: 64, queue: 1_024 },
    breaker: { failures: 5, coolDownMs: 10_000 },
  },
} as const;

interface Providers {
  channels: Channels;
  outbox: SimulatedOutbox | undefined;
  vonage: VonageCallbacks | undefined;
  close(): void;
}

async function createChannels(config: Config, machine: Machine & Pick<GuardDeps, 'onBreaker'>): Promise<Providers> {
  const isSimulated = config.push.provider === 'simulated' || config.sms.provider === 'simulated';
  const outbox = isSimulated ? createSimulatedOutbox({ clock: machine.clock }) : undefined;
  const vonage = await openVonage(config.sms, machine);
  const fcm = await openFcm(config.push, machine);
  const push = config.push.provider === 'simulated' ? outbox?.push : fcm;
  const sms = config.sms.provider === 'simulated' ? outbox?.sms : vonage?.channel;
  return {
    outbox,
    vonage: vonage?.callbacks,
    channels: {
      push: push && guardChannel(push, { name: 'push', ...guards.provider }, machine),
      sms: sms && guardChannel(sms, { name: 'sms', ...guards.provider }, machine),
    },
    close: () => [vonage?.channel, fcm].forEach((channel) => channel?.close()),
  };
}

/** Loaded only where it is used: firebase-admin costs memory and time at the start. */
async function openFcm(config: PushConfig, machine: Machine) {
  if (config.provider !== 'fcm') return undefined;
  const { createFcmChannel } = await import('./channels/fcm.ts');
  return createFcmChannel({ ...config, ...machine });
}

/** Loaded only where it is used: Vonage's libraries cost memory and time at the start. */
async function openVonage(config: SmsConfig, machine: Machine) {
  if (config.provider !== 'vonage') return undefined;
  const { createVonageChannel } = await import('./channels/vonage.ts');
  const { createVonageCallbacks } = await import('./channels/vonage-callback.ts');
  const { applicationId, signatureSecret } = config;
  return {
    channel: createVonageChannel({ ...config, ...machine, phoneNumbers: createPhoneNumbers() }),
    callbacks: signatureSecret === undefined ? undefined : createVonageCallbacks({ signatureSecret, applicationId }),
  };
}

function startWorkers(context: Context): Worker[] {
  const deliveries = (['push', 'sms', 'webhook'] as const).map((topic) => createDeliveryWorker(context, topic));
  const workers = [createEscalationWorker(context), ...deliveries, createSweeper(context), createBacklogWatch(context)];
  for (const worker of workers) worker.start();
  return workers;
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => (closing ??= close());
}
