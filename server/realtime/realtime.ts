// The socket door: Socket.IO with its limits, two namespaces, and who is connected.
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import { Server } from 'socket.io';
import type { Bus, Presence } from '../ports/bus.ts';
import type { Clock, Random } from '../ports/runtime.ts';
import { openBrowserNamespace, type BrowserNamespaceDeps } from './browser-namespace.ts';
import { createConnections } from './connections.ts';
import { openDeviceNamespace, type DeviceNamespaceDeps } from './device-namespace.ts';
import { startRecheck } from './device-recheck.ts';
import { createDeviceRegistry } from './device-registry.ts';
import { openDoor } from './door.ts';
import { createLanes } from './handshake-pace.ts';
import { refuseNamespace } from './handshakes.ts';
import { defaultLimits, type RealtimeLimits, type RealtimeSettings } from './realtime-settings.ts';
import type { HubServer } from './socket-types.ts';

type Made = 'connections' | 'lanes' | 'isDraining' | 'registry' | 'limits' | 'clock' | 'random';

export interface RealtimeDeps extends Omit<DeviceNamespaceDeps & BrowserNamespaceDeps, Made> {
  /** Must have its `request` listener when `start` is called: Socket.IO takes its own requests out from before it. */
  httpServer: HttpServer;
  bus: Pick<Bus, 'subscribe'>;
  clock: Clock;
  random: Random;
  settings: RealtimeSettings;
}

export interface Realtime {
  /** Who is connected to this node. */
  readonly presence: Presence;
  /** Opens the door. Once. */
  start(): void;
  /** Lets nobody in any more, and moves everybody elsewhere, spread over `ms` milliseconds; resolves then or as soon as all are gone. */
  drain(ms: number): Promise<void>;
  /** Ends every connection at once. May be called twice. */
  close(): Promise<void>;
  /** Open connections, whatever they have joined. */
  connectionCount(): number;
}

/** How long clients may take to answer the closing of their connection before it is cut; milliseconds. */
const closingMs = 250;

export function createRealtime(given: RealtimeDeps): Realtime {
  const { settings, clock, httpServer, bus } = given;
  const limits: RealtimeLimits = { ...defaultLimits, ...settings.limits };
  let draining = false;
  const connections = createConnections({ clock, random: given.random, logger: given.logger, limits });
  const registry = createDeviceRegistry(limits.socketsPerDevice);
  const lanes = createLanes(limits.handshakes, limits.waitingHandshakes);
  const deps = { ...given, connections, registry, lanes, limits, isDraining: () => draining };
  const io: HubServer = new Server(optionsOf(settings));
  httpServer.on('upgrade', surviveResets);
  const stops: (() => void)[] = [];
  let closing: Promise<void> | undefined;

  return {
    presence: registry.presence,
    connectionCount: () => connections.count(),
    start: () => {
      refuseNamespace(io.of('/'), deps);
      const deviceNamespace = openDeviceNamespace(io.of('/device'), deps);
      openBrowserNamespace(io.of('/browser'), deps);
      openDoor(io, deps);
      stops.push(bus.subscribe(deviceNamespace.onHint), startRecheck({ ...deps, recheckMs: limits.recheckMs }));
    },
    drain: async (ms) => {
      draining = true;
      await connections.drain(ms);
    },
    close: () => {
      draining = true;
      for (const stop of stops.splice(0)) stop();
      return (closing ??= connections.closeAll(closingMs));
    },
  };
}

function optionsOf(settings: RealtimeSettings) {
  return {
    transports: ['polling', 'websocket'] as ['polling', 'websocket'],
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    allowEIO3: false,
    maxHttpBufferSize: settings.maxPayloadBytes,
    pingInterval: settings.pingIntervalMs,
    pingTimeout: settings.pingTimeoutMs,
    connectTimeout: settings.connectTimeoutMs,
    upgradeTimeout: settings.connectTimeoutMs,
    // For polling only; upgrades know no CORS, which is why every request is screened as well.
    cors: {
      origin: [settings.origin, ...settings.allowedOrigins],
      methods: ['GET', 'POST'],
      exposedHeaders: ['X-Request-Id', 'Retry-After'],
    },
  };
}

/** While a handshake waits its turn nobody else listens: a reset would end the process. */
function surviveResets({ socket }: IncomingMessage): void {
  socket.on('error', destroyIt);
}

function destroyIt(this: NetSocket): void {
  this.destroy();
}
