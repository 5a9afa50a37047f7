// The command line tool: applications and their keys, and a check of the configuration.
import { parseArgs } from 'node:util';
import { parseConfig } from './config/parse-config.ts';
import { openApplications } from './hub.ts';

const usage = `verihub: applications of a hub, and its configuration

  verihub check-config                      every fault of the environment at once
  verihub applications                      list them
  verihub applications create --name NAME --domain DOMAIN
          [--webhook-url URL --webhook-secret whsec_…]
                                            register one; prints its API key, once

The environment names the store, as for the hub itself (VERIHUB_STORE).
The embedded store belongs to one process at a time: stop the hub first.
`;

class UsageError extends Error {}

try {
  await run(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(`verihub: ${error instanceof Error ? error.message : String(error)}\n${isUsage ? `\n${usage}` : ''}`);
  process.exitCode = isUsage ? 2 : 1;
}

async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      name: { type: 'string' },
      domain: { type: 'string' },
      'webhook-url': { type: 'string' },
      'webhook-secret': { type: 'string' },
    },
  });
  const command = positionals.join(' ');
  if (values.help === true || command === '') process.stdout.write(usage);
  else if (command === 'check-config') checkConfig();
  else if (command === 'applications') await listApplications();
  else if (command === 'applications create') await createApplication(values);
  else throw new UsageError(`there is no command "${command}".`);
}

function readConfig() {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) throw new Error(`the configuration has faults:\n${parsed.faults.map((fault) => `- ${fault}`).join('\n')}`);
  for (const warning of parsed.warnings) process.stderr.write(`- ${warning}\n`);
  return parsed.config;
}

function checkConfig(): void {
  readConfig();
  process.stdout.write('The configuration is in order.\n');
}

async function listApplications(): Promise<void> {
  await using opened = await openApplications(readConfig());
  for (const { id, name, domain, webhook } of await opened.applications.list()) {
    process.stdout.write(`${id}  ${name}  ${domain}  ${webhook?.url ?? 'no webhook'}\n`);
  }
}

async function createApplication(values: Record<string, string | boolean | undefined>): Promise<void> {
  const { name, domain, 'webhook-url': url, 'webhook-secret': secret } = values;
  if (typeof name !== 'string' || typeof domain !== 'string') throw new UsageError('--name and --domain are required.');
  if ((url === undefined) !== (secret === undefined)) throw new UsageError('--webhook-url and --webhook-secret go together.');
  const webhook = typeof url === 'string' && typeof secret === 'string' ? { webhook: { url, secret } } : {};
  await using opened = await openApplications(readConfig());
  const { application, apiKey } = await opened.applications.create({ name, domain, ...webhook });
  process.stdout.write(`${application.id}  ${application.name}\nAPI key (shown only now): ${apiKey}\n`);
}
