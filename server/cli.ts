// The command line tool: applications and their keys, webhooks that were given up, and a check of the configuration.
import { parseArgs } from 'node:util';
import type { Config } from './config/config.ts';
import { parseConfig } from './config/parse-config.ts';
import { openAdministration, type Administration } from './administration.ts';

const usage = `verihub: applications of a hub, their webhooks, and its configuration

  verihub check-config                      every fault of the environment at once
  verihub applications                      list them
  verihub applications create --name NAME --domain DOMAIN
          [--webhook-url URL --webhook-secret whsec_…]
                                            register one; prints its API key, once
  verihub webhooks rotate-secret --application app_… [--overlap-hours 24]
                                            a new webhook secret, printed once; the one before signs too for so long
  verihub webhooks keys --application app_… the public keys that check its webhooks (whpk_…)
  verihub webhooks dead-letters [--application app_…]
                                            webhooks that were given up, and why; kept for seven days
  verihub webhooks replay ID                send one of them again, for another day
  verihub webhooks replay --all [--application app_…]

The environment names the store, as for the hub itself (VERIHUB_STORE).
The embedded store belongs to one process at a time: stop the hub first. What is replayed leaves when it starts.
`;

class UsageError extends Error {}

const options = {
  help: { type: 'boolean', short: 'h' },
  name: { type: 'string' },
  domain: { type: 'string' },
  'webhook-url': { type: 'string' },
  'webhook-secret': { type: 'string' },
  application: { type: 'string' },
  'overlap-hours': { type: 'string' },
  all: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof readArgs>['values'];
type Command = (values: Values, argument: string | undefined) => Promise<void>;

const commands = new Map<string, Command>([
  ['check-config', async () => checkConfig()],
  ['applications', listApplications],
  ['applications create', createApplication],
  ['webhooks rotate-secret', rotateSecret],
  ['webhooks keys', showKeys],
  ['webhooks dead-letters', listDeadLetters],
  ['webhooks replay', replay],
]);

try {
  await run(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(
    `verihub: ${error instanceof Error ? error.message : String(error)}\n${isUsage ? `\n${usage}` : ''}`,
  );
  process.exitCode = isUsage ? 2 : 1;
}

function readArgs(args: string[]) {
  return parseArgs({ args, allowPositionals: true, options });
}

async function run(args: string[]): Promise<void> {
  const { values, positionals } = readArgs(args);
  if (values.help === true || positionals.length === 0) {
    process.stdout.write(usage);
    return;
  }
  // Only replaying takes an argument besides its name.
  const isReplay = positionals[0] === 'webhooks' && positionals[1] === 'replay' && positionals.length === 3;
  const name = (isReplay ? positionals.slice(0, 2) : positionals).join(' ');
  const command = commands.get(name);
  if (command === undefined) throw new UsageError(`there is no command "${name}".`);
  await command(values, isReplay ? positionals[2] : undefined);
}

function readConfig(): Config {
  const parsed = parseConfig(process.env);
  if (!parsed.ok)
    throw new Error(`the configuration has faults:\n${parsed.faults.map((fault) => `- ${fault}`).join('\n')}`);
  for (const warning of parsed.warnings) process.stderr.write(`- ${warning}\n`);
  return parsed.config;
}

function say(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function checkConfig(): void {
  readConfig();
  say('The configuration is in order.');
}

async function listApplications(): Promise<void> {
  await using opened = await openAdministration(readConfig());
  for (const { id, name, domain, webhook } of await opened.applications.list()) {
    say(`${id}  ${name}  ${domain}  ${webhook?.url ?? 'no webhook'}`);
  }
}

async function createApplication(values: Values): Promise<void> {
  const { name, domain, 'webhook-url': url, 'webhook-secret': secret } = values;
  if (name === undefined || domain === undefined) throw new UsageError('--name and --domain are required.');
  if ((url === undefined) !== (secret === undefined))
    throw new UsageError('--webhook-url and --webhook-secret go together.');
  const config = readConfig();
  if (url?.startsWith('http:') === true && !config.webhookAllowPrivate)
    throw new UsageError('--webhook-url must begin with https://, unless VERIHUB_WEBHOOK_ALLOW_PRIVATE=true.');
  const webhook = url === undefined || secret === undefined ? {} : { webhook: { url, secret } };
  await using opened = await openAdministration(config);
  const { application, apiKey } = await opened.applications.create({ name, domain, ...webhook });
  say(`${application.id}  ${application.name}`, `API key (shown only now): ${apiKey}`);
}

function applicationOf({ application }: Values): string {
  if (application === undefined) throw new UsageError('--application is required; `verihub applications` lists them.');
  return application;
}

async function rotateSecret(values: Values): Promise<void> {
  const id = applicationOf(values);
  const hours = values['overlap-hours'] ?? '24';
  if (!/^\d{1,3}$/.test(hours) || Number(hours) > 720) throw new UsageError('--overlap-hours is 0 to 720.');
  const config = readConfig();
  await using opened = await openAdministration(config);
  const { application, secret, overlapUntil } = await opened.rotateWebhookSecret(id, Number(hours) * 3_600_000);
  const until = new Date(overlapUntil).toISOString();
  const isConfigured = application.webhook?.configuredSecret === config.application.webhook?.secret;
  say(
    `${application.id}  ${application.name}`,
    `Webhook secret (shown only now): ${secret}`,
    hours === '0' ? 'The one before signs no more.' : `The one before signs too until ${until}.`,
    ...(isConfigured ? ['Put the new one into VERIHUB_WEBHOOK_SECRET as well.'] : []),
  );
}

async function showKeys(values: Values): Promise<void> {
  const id = applicationOf(values);
  await using opened = await openAdministration(readConfig());
  say(...(await opened.webhookKeys(id)));
}

async function listDeadLetters({ application }: Values): Promise<void> {
  await using opened = await openAdministration(readConfig());
  let count = 0;
  for await (const { id, applicationId, reason, attempts, createdAt } of everyDeadLetter(opened, application)) {
    count += 1;
    say(`${id}  ${applicationId}  ${new Date(createdAt).toISOString()}  ${reason} after ${attempts} attempt(s)`);
  }
  if (count === 0) say('There are none.');
}

async function replay({ all, application }: Values, id: string | undefined): Promise<void> {
  if ((id === undefined) === (all !== true)) throw new UsageError('give the id of one dead letter, or --all.');
  await using opened = await openAdministration(readConfig());
  if (id !== undefined) {
    await opened.deadLetters.replay(id, application);
    say(`${id} is in the outbox again.`);
    return;
  }
  let count = 0;
  for await (const letter of everyDeadLetter(opened, application)) {
    await opened.deadLetters.replay(letter.id);
    count += 1;
  }
  say(`${count} dead letter(s) are in the outbox again.`);
}

/** A page at a time: there may be many. */
async function* everyDeadLetter({ deadLetters }: Administration, applicationId: string | undefined) {
  const query = { limit: 100, ...(applicationId === undefined ? {} : { applicationId }) };
  let page = await deadLetters.list(query);
  yield* page.deadLetters;
  while (page.next !== undefined) {
    page = await deadLetters.list({ ...query, cursor: page.next });
    yield* page.deadLetters;
  }
}
