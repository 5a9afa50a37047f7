// Environment → config → hub → wait for a signal. The only file of the server that touches `process`.
import { parseConfig } from './config/parse-config.ts';
import { startHub, type Hub } from './hub.ts';
import { createLogger } from './telemetry/logger.ts';

const [unknown] = process.argv.slice(2).filter((argument) => argument !== '--check-config');
const parsed = parseConfig(process.env);
if (unknown !== undefined) {
  process.stderr.write(
    `There is no argument ${unknown}. Options come from the environment; --check-config checks them.\n`,
  );
  process.exitCode = 2;
} else if (!parsed.ok) {
  process.stderr.write(`The configuration has ${parsed.faults.length} fault(s):\n${bullets(parsed.faults)}\n`);
  process.exitCode = 1;
} else {
  process.stderr.write(parsed.warnings.length === 0 ? '' : `${bullets(parsed.warnings)}\n`);
  if (process.argv.includes('--check-config')) process.stdout.write('The configuration is in order.\n');
  else await run(parsed.config);
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

async function run(config: Parameters<typeof startHub>[0]): Promise<void> {
  const logger = createLogger({ level: config.logLevel });
  // A bug that nobody caught: the state of this process is unknown, and the store carries on where it stopped (law 5).
  process.on('uncaughtException', (error) => {
    logger.error({ error }, 'an error nobody caught ends this process; start it again');
    process.exitCode = 1;
    process.kill(process.pid, 'SIGKILL');
  });
  let hub: Hub;
  try {
    hub = await startHub(config, { logger });
  } catch (error) {
    process.stderr.write(`Verihub could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(hub.banner);
  // Listened to for good: npm passes Ctrl-C on to a process that has had it from the terminal already.
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  process.stdout.write('\nStopping: finishing what is in hand …\n');
  await hub.close();
  process.stdout.write('Stopped. Everything is kept; start again to go on.\n');
}
