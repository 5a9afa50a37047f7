// How fast a verification travels, beside a bare Socket.IO round trip in the same run: `npm run latency -- --rounds 2000`.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { createDeviceClient, createMemoryKeyStore, type DeviceClient } from '../client-sdk/device.ts';
import type { PromptView, VerificationView } from '../client-sdk/protocol.ts';
import { createRelyingParty, type RelyingParty } from '../client-sdk/relying-party.ts';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '500' }, bare: { type: 'boolean', default: false } },
});
const rounds = Number(flags.rounds);
const guard = fileURLToPath(new URL('../server/require-node.mjs', import.meta.url));
const main = fileURLToPath(new URL('../server/main.ts', import.meta.url));

/** A phone that answers more often within a minute is slowed down by the hub, as it should be. */
const roundsPerPhone = 40;
const self = fileURLToPath(import.meta.url);

if (flags.bare) serveBare();
else if (!Number.isInteger(rounds) || rounds < 10) throw new Error('--rounds takes a whole number from 10');
else await measure();

/** The yardstick, in a process of its own like the hub: Socket.IO and nothing else. */
function serveBare(): void {
  const http = createServer();
  const server = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
  server.on(
    'connection',
    (socket) => void socket.on('echo', (value: unknown, reply: (value: unknown) => void) => reply(value)),
  );
  http.listen(0, '127.0.0.1', () => {
    const address = http.address();
    console.log(
      `bare is ready at http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    );
  });
}

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'verihub-latency-'));
  const apiKey = `vh_latency_${randomBytes(32).toString('base64url')}`;
  const env = {
    PORT: '0',
    VERIHUB_DEMO: 'false',
    VERIHUB_LOG_LEVEL: 'error',
    VERIHUB_API_KEY: apiKey,
    VERIHUB_STORE: `sqlite:${join(folder, 'hub.db')}`,
  };
  const hub = await startChild(['--import', guard, main], env);
  const bare = await startChild(['--import', guard, self, '--bare'], {});
  try {
    await report(hub.url, bare.url, apiKey);
  } finally {
    await Promise.all([stop(hub.child), stop(bare.child)]);
    await rm(folder, { recursive: true });
  }
}

/** Starts a server and waits until it says where it is. */
async function startChild(args: string[], env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = / is ready at (\S+)/u.exec(line)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error('a server ended before it was ready');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function report(hubUrl: string, bareUrl: string, apiKey: string): Promise<void> {
  const relyingParty = createRelyingParty({ hub: hubUrl, apiKey });
  const warmup = Math.ceil(rounds / 5);
  const people = await Promise.all(
    Array.from({ length: Math.ceil((rounds + warmup) / roundsPerPhone) }, (_, index) =>
      enrollPerson(relyingParty, `person-${index}`),
    ),
  );
  const echo = io(bareUrl, { transports: ['websocket'] });
  const samples = { bare: [] as number[], prompt: [] as number[], told: [] as number[] };
  for (let round = -warmup; round < rounds; round += 1) {
    const bare = await bareRoundTrip(echo);
    const { prompt, told } = await signIn(hubUrl, relyingParty, people[(round + warmup) % people.length] ?? people[0]);
    if (round < 0) continue;
    samples.bare.push(bare);
    samples.prompt.push(prompt);
    samples.told.push(told);
  }
  echo.close();
  await Promise.all(people.map(({ phone }) => phone.drain()));
  print(samples);
}

interface Person {
  userId: string;
  phone: DeviceClient;
}

async function enrollPerson(relyingParty: RelyingParty, userId: string): Promise<Person> {
  const phone = createDeviceClient({ keyStore: createMemoryKeyStore() });
  const { uri } = await relyingParty.createEnrollment(userId);
  await phone.enroll({ uri, name: 'Yardstick', platform: 'other' });
  const online = Promise.withResolvers<void>();
  phone.onState(({ condition }) => void (condition === 'online' && online.resolve()));
  await phone.connect();
  await online.promise;
  return { userId, phone };
}

async function bareRoundTrip(echo: Socket): Promise<number> {
  const started = performance.now();
  await echo.timeout(5_000).emitWithAck('echo', { value: 'x'.repeat(400) });
  return performance.now() - started;
}

/** One sign-in: how long until the phone has the prompt, and from the person's tap until the page knows. */
async function signIn(
  hubUrl: string,
  relyingParty: RelyingParty,
  person: Person | undefined,
): Promise<{ prompt: number; told: number }> {
  if (person === undefined) throw new Error('nobody to ask');
  const { phone, userId } = person;
  const prompted = Promise.withResolvers<{ prompt: PromptView; at: number }>();
  const forget = phone.onPrompt((prompt) => prompted.resolve({ prompt, at: performance.now() }));
  const started = performance.now();
  const created = await relyingParty.createVerification({ userId, action: 'Sign in' });
  const { prompt, at } = await prompted.promise;
  forget();
  const page = io(`${hubUrl}/browser`, {
    transports: ['websocket'],
    auth: { token: created.waiterToken },
    forceNew: true,
  });
  const ended = Promise.withResolvers<number>();
  const joined = Promise.withResolvers<void>();
  page.on('verification', (verification: VerificationView) => {
    if (verification.status === 'pending') joined.resolve();
    else ended.resolve(performance.now());
  });
  await joined.promise;
  const { number } = created.verification.matching;
  const tapped = performance.now();
  await phone.approve(prompt.id, number === undefined ? {} : { number });
  const told = (await ended.promise) - tapped;
  page.close();
  return { prompt: at - started, told };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function print(samples: Record<'bare' | 'prompt' | 'told', number[]>): void {
  const sorted = (values: number[]): number[] => values.toSorted((a, b) => a - b);
  const bare = sorted(samples.bare);
  const rows = [
    ['bare Socket.IO round trip', bare],
    ['create → prompt on the phone', sorted(samples.prompt)],
    ['decide → page told', sorted(samples.told)],
  ] as const;
  console.log(`${samples.bare.length} rounds, one at a time; hub on SQLite with synchronous=FULL\n`);
  console.log(
    `${''.padEnd(30)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}${'p50 ×'.padStart(8)}${'p99 ×'.padStart(8)}`,
  );
  for (const [name, values] of rows) {
    const [p50, p99] = [percentile(values, 0.5), percentile(values, 0.99)];
    const ratios = [p50 / percentile(bare, 0.5), p99 / percentile(bare, 0.99)].map((ratio) =>
      ratio.toFixed(1).padStart(8),
    );
    console.log(`${name.padEnd(30)}${p50.toFixed(2).padStart(9)}${p99.toFixed(2).padStart(9)}${ratios.join('')}`);
  }
}
