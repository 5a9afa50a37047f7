// The socket server by itself on a free port, over small stand-ins for the use cases that record what they were asked.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Snapshot } from '../../../server/app/verifications.ts';
import { viewPrompt, viewVerification } from '../../../server/app/views.ts';
import type { Waiters } from '../../../server/app/waiters.ts';
import { ProblemError } from '../../../server/core/errors.ts';
import { isPending, type Verification } from '../../../server/core/verification.ts';
import type { DeviceRecord } from '../../../server/ports/records.ts';
import type { Clock, Logger } from '../../../server/ports/runtime.ts';
import { createLocalBus } from '../../../server/realtime/local-bus.ts';
import type { RealtimeLimits, RealtimeSettings } from '../../../server/realtime/realtime-settings.ts';
import { createRealtime, type Realtime, type RealtimeDeps } from '../../../server/realtime/realtime.ts';
import { isSocketUpgrade } from '../../../server/realtime/upgrades.ts';
import { createSystemClock } from '../../../server/telemetry/clock.ts';
import { createClients, type Clients } from './clients.ts';
import { makeDevice } from './records.ts';

export const allowedOrigin = 'https://bank.example';

export interface Line {
  level: string;
  fields: Readonly<Record<string, unknown>>;
  message: string;
}

export interface World {
  url: string;
  realtime: Realtime;
  clients: Clients;
  bus: ReturnType<typeof createLocalBus>;
  log: Line[];
  /** Open sockets by namespace, as the metrics have it. */
  open: { device: number; browser: number };
  devices: Map<string, DeviceRecord>;
  revoked: Set<string>;
  /** What the store holds. */
  verifications: Map<string, Verification>;
  /** Replaces what a use case does. */
  use: Partial<RealtimeDeps['verifications']> & {
    isActive?: (id: string) => Promise<boolean>;
    authenticate?: (token: string) => Promise<DeviceRecord>;
  };
  acknowledged: { deviceId: string; id: string; via: string }[];
  decided: string[];
  /** Tells whoever watches. */
  changed(verification: Verification): void;
  watchers(): number;
  /** TCP connections that the server holds. */
  tcpConnections(): Promise<number>;
  close(): Promise<void>;
}

export interface WorldOptions {
  limits?: Partial<RealtimeLimits>;
  settings?: Partial<RealtimeSettings>;
  clock?: Clock;
  /** In place of chance. */
  fraction?: () => number;
}

export async function openWorld({
  limits = {},
  settings = {},
  clock = createSystemClock(),
  fraction = Math.random,
}: WorldOptions = {}): Promise<World> {
  const httpServer = createServer({ shouldUpgradeCallback: isSocketUpgrade }, (_request, response) => {
    response.writeHead(404).end('not a socket');
  });
  await new Promise<void>((resolve) => void httpServer.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
  const log: Line[] = [];
  const logger = recorder(log);
  const watchers = createWatchers();
  const world = {
    url,
    log,
    bus: createLocalBus(logger),
    clients: createClients(() => url),
    open: { device: 0, browser: 0 },
    devices: new Map(['dev_1', 'dev_2'].map((id) => [id, makeDevice(id)])),
    revoked: new Set<string>(),
    verifications: new Map<string, Verification>(),
    use: {},
    acknowledged: [],
    decided: [],
    changed: watchers.tell,
    watchers: watchers.count,
  } as Omit<World, 'realtime' | 'close' | 'tcpConnections'>;
  let count = 0;
  const realtime = createRealtime({
    httpServer,
    clock,
    logger,
    bus: world.bus,
    random: { uuid: () => `request-${(count += 1)}`, fraction, secret: () => '', integer: () => 0 },
    store: { read: async () => ({ now: clock.now(), records: [] as never }) },
    metrics: {
      socketOpened: (namespace) => void (world.open[namespace] += 1),
      socketClosed: (namespace) => void (world.open[namespace] -= 1),
    },
    tokens: { checkWaiter: async (token) => (token.startsWith('waiter:') ? token.slice('waiter:'.length) : undefined) },
    waiters: { watch: watchers.watch },
    devices: devicesOf(world, clock),
    verifications: verificationsOf(world, clock),
    settings: {
      origin: url,
      allowedOrigins: [allowedOrigin],
      pingIntervalMs: 25_000,
      pingTimeoutMs: 20_000,
      connectTimeoutMs: 2_000,
      maxPayloadBytes: 65_536,
      ...settings,
      limits,
    },
  });
  realtime.start();
  return Object.assign(world, {
    realtime,
    tcpConnections: () =>
      new Promise<number>((resolve, reject) =>
        httpServer.getConnections((error, open) => (error === null ? resolve(open) : reject(error))),
      ),
    close: async () => {
      world.clients.closeAll();
      await realtime.close();
      httpServer.closeAllConnections();
      await new Promise<void>((resolve) => void httpServer.close(() => resolve()));
    },
  });
}

function recorder(log: Line[]): Logger {
  const at = (level: string) => (fields: Line['fields'], message: string) => void log.push({ level, fields, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function createWatchers() {
  const watched = new Map<string, Set<(snapshot: Snapshot) => void>>();
  const watch: Waiters['watch'] = (id, listener) => {
    watched.set(id, (watched.get(id) ?? new Set()).add(listener));
    return () => void watched.get(id)?.delete(listener);
  };
  return {
    watch,
    count: () => [...watched.values()].reduce((sum, listeners) => sum + listeners.size, 0),
    tell: (verification: Verification) => {
      const now = verification.createdAt + 5_000;
      for (const listener of watched.get(verification.id) ?? []) listener({ verification, now });
    },
  };
}

function devicesOf(world: Pick<World, 'devices' | 'revoked' | 'use'>, clock: Clock): RealtimeDeps['devices'] {
  return {
    authenticate: async (token) => {
      if (world.use.authenticate !== undefined) return world.use.authenticate(token);
      const device = world.devices.get(token);
      if (token === 'skewed') throw new ProblemError('clock-skew', 'The clock is off.', { serverTime: clock.now() });
      if (device === undefined || world.revoked.has(token)) throw new ProblemError('unauthenticated', 'Refused.');
      return device;
    },
    isActive: async (id) => world.use.isActive?.(id) ?? !world.revoked.has(id),
  };
}

function verificationsOf(
  world: Pick<World, 'verifications' | 'acknowledged' | 'decided' | 'use'>,
  clock: Clock,
): RealtimeDeps['verifications'] {
  const now = (): number => clock.now();
  const find = (id: string): Snapshot => {
    const verification = world.verifications.get(id);
    if (verification === undefined) throw new ProblemError('not-found', 'There is none.');
    return { verification, now: now() };
  };
  const standIns: RealtimeDeps['verifications'] = {
    prompts: async ({ userId }) => {
      const pending = [...world.verifications.values()].filter((one) => isPending(one) && one.userId === userId);
      return { prompts: pending.map((one) => viewPrompt(one, now())), now: now() };
    },
    acknowledge: async (device, id, via) => {
      world.acknowledged.push({ deviceId: device.id, id, via });
      return { prompt: viewPrompt(find(id).verification, now()), now: now() };
    },
    decide: async (_device, jws) => {
      world.decided.push(jws);
      const [first] = world.verifications.values();
      return find(first?.id ?? '');
    },
    get: async (_caller, id) => find(id),
    submitCode: async (_caller, id) => find(id),
    resend: async (_caller, id) => find(id),
    cancel: async (_caller, id) => find(id),
    view: async ({ verification }) => viewVerification(verification, 'browser'),
  };
  // Looked up at each call, so that a test may replace one at any time.
  return new Proxy(standIns, {
    get: (target, name: keyof typeof standIns) => world.use[name] ?? target[name],
  });
}
