// Composition root of the command line tool: what may be done with a hub that is not running.
import { createApplications, type Applications } from './app/applications.ts';
import { createDeadLetters, type DeadLetters } from './app/dead-letters.ts';
import { ensureHubKeys } from './app/hub-keys.ts';
import { rotateWebhookSecret, type RotatedSecret } from './app/webhook-secrets.ts';
import type { Config } from './config/config.ts';
import { createMachine, openStore } from './machine.ts';
import { generateHubKeys } from './security/hub-keys.ts';
import { createSecrets } from './security/secrets.ts';
import { createWebhookSigner } from './security/webhook-signer.ts';

export interface Administration {
  applications: Applications;
  deadLetters: DeadLetters;
  rotateWebhookSecret(applicationId: string, overlapMs: number): Promise<RotatedSecret>;
  /** `whpk_…`, newest first. */
  webhookKeys(applicationId: string): Promise<string[]>;
}

/** @throws when the store cannot be opened: the message says what to do */
export async function openAdministration(config: Config): Promise<AsyncDisposable & Administration> {
  const machine = createMachine({ logLevel: 'silent' });
  const { random } = machine;
  const store = openStore(config, machine);
  // Registering needs hashes only, not the hub's own code key.
  const secrets = createSecrets({ codeKey: random.secret(32) });
  return {
    applications: createApplications({ store, random, secrets }),
    // No worker runs here that could be told.
    deadLetters: createDeadLetters({ store, bus: { publish: () => {}, subscribe: () => () => {} } }),
    rotateWebhookSecret: (applicationId, overlapMs) => rotateWebhookSecret({ store, random }, applicationId, overlapMs),
    webhookKeys: async (applicationId) => {
      const hubKeys = await ensureHubKeys(store, (now) => generateHubKeys(random, now));
      return createWebhookSigner(hubKeys).publicKeys(applicationId);
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}
