// A hub in a process of its own, which a test may kill and start again on the same data and port.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { testApiKey } from './hub.ts';

const guard = fileURLToPath(new URL('../../server/require-node.mjs', import.meta.url));
const main = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

export interface HubProcess {
  /** As tokens name it, and where it listens. */
  readonly origin: string;
  readonly localUrl: string;
  /** Resolves when it says that it is ready. */
  start(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export async function createHubProcess(file: string, env: Record<string, string> = {}): Promise<HubProcess> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
    const running = child;
    child = undefined;
    if (running === undefined) return null;
    const exited = running.exitCode === null ? once(running, 'exit') : Promise.resolve([running.exitCode]);
    running.kill(signal);
    const [code] = await exited;
    return typeof code === 'number' ? code : null;
  };
  return {
    origin: `http://localhost:${port}`,
    localUrl: `http://127.0.0.1:${port}`,
    start: async () => {
      child = spawn(process.execPath, ['--import', guard, main], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          PATH: process.env['PATH'],
          PORT: String(port),
          VERIHUB_STORE: `sqlite:${file}`,
          VERIHUB_DEMO: 'false',
          VERIHUB_LOG_LEVEL: 'error',
          VERIHUB_PUSH: 'simulated',
          VERIHUB_SMS: 'simulated',
          VERIHUB_API_KEY: testApiKey,
          VERIHUB_APPLICATION_NAME: 'Example Bank',
          ...env,
        },
      });
      await untilReady(child);
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}

async function untilReady(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('the hub has no output');
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) if (line.includes(' is ready at ')) return;
  throw new Error('the hub ended before it was ready');
}
