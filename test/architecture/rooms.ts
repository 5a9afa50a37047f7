// The house as a table: which room may import which, and which packages each may use. Type imports count too.

export interface Room {
  /** Files whose path begins with this belong to the room; of several, the longest beginning wins. */
  path: string;
  /** Other rooms it may import, by path; a room may always import itself. */
  rooms: readonly string[] | 'any';
  /** npm packages it may import; `node:*` stands for everything that comes with Node. */
  packages: readonly string[] | 'any';
}

const core = 'server/core/';
const ports = 'server/ports/';
const app = 'server/app/';
const wire = 'server/wire/';
const config = 'server/config/';
const telemetry = 'server/telemetry/';
const hub = 'server/hub.ts';
const machine = 'server/machine.ts';
const administration = 'server/administration.ts';
const guard = 'server/require-node.mjs';
const sdk = 'client-sdk/';
const protocol = 'client-sdk/protocol.ts';
/** What the SDK's package.json exports. */
const sdkEntries = ['client-sdk/device.ts', 'client-sdk/browser.ts', 'client-sdk/relying-party.ts'];
const sdkIndex = 'client-sdk/index.ts';

export const rooms: readonly Room[] = [
  { path: core, rooms: [], packages: [] },
  { path: ports, rooms: [core], packages: [] },
  { path: app, rooms: [core, ports], packages: [] },
  { path: config, rooms: [core], packages: [] },
  { path: wire, rooms: [core, ports, protocol], packages: ['typebox'] },

  { path: 'server/store/', rooms: [core, ports], packages: ['node:*'] },
  {
    path: 'server/channels/',
    rooms: [core, ports],
    packages: ['node:*', 'firebase-admin', '@vonage/messages', '@vonage/auth', '@vonage/jwt', 'libphonenumber-js'],
  },
  { path: 'server/security/', rooms: [core, ports], packages: ['node:crypto', 'jose', 'canonicalize', 'uuid'] },
  { path: telemetry, rooms: [core, ports], packages: ['node:*', 'pino', 'prom-client'] },
  { path: 'server/http/', rooms: [core, ports, app, wire, protocol], packages: ['node:*', 'koa', '@koa/router'] },
  { path: 'server/realtime/', rooms: [core, ports, app, wire, protocol], packages: ['node:*', 'socket.io'] },
  {
    path: 'server/demo/',
    rooms: [ports, ...sdkEntries, sdkIndex, protocol],
    packages: ['node:*', 'koa', '@koa/router', 'esbuild'],
  },

  { path: hub, rooms: 'any', packages: 'any' },
  { path: machine, rooms: 'any', packages: [] },
  { path: administration, rooms: 'any', packages: [] },
  { path: 'server/main.ts', rooms: [hub, config, telemetry], packages: ['node:*'] },
  { path: 'server/cli.ts', rooms: [administration, config], packages: ['node:*'] },
  { path: guard, rooms: [], packages: [] },
  { path: 'bin/', rooms: [guard, 'server/cli.ts'], packages: [] },

  { path: protocol, rooms: [], packages: [] },
  { path: sdkIndex, rooms: [sdk, protocol, ...sdkEntries], packages: [] },
  ...sdkEntries.map((path) => ({ path, rooms: [sdk, protocol], packages: [] })),
  { path: sdk, rooms: [protocol], packages: ['socket.io-client', 'jose', 'canonicalize'] },

  { path: 'scripts/', rooms: 'any', packages: 'any' },
  { path: 'test/', rooms: 'any', packages: 'any' },
];

/** Only tests import tests, whatever the table says. */
export const onlyForTests = 'test/';

export function roomOf(path: string): Room | undefined {
  return rooms.filter((room) => path.startsWith(room.path)).toSorted((a, b) => b.path.length - a.path.length)[0];
}
