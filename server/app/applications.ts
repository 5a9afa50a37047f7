// Applications and their API keys.
import { formatApiKey, parseApiKey } from '../core/bearer.ts';
import { ProblemError } from '../core/errors.ts';
import { makeId } from '../core/ids.ts';
import type { StepName } from '../core/verification.ts';
import { configureEndpoint, webhookSecretFault, webhookUrlFault } from '../core/webhook-endpoint.ts';
import type { ApiKeyRecord, ApplicationRecord } from '../ports/records.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import type { Context } from './context.ts';

export interface ApplicationSpec {
  name: string;
  domain: string;
  webhook?: { url: string; secret: string };
  steps?: StepName[];
}

export interface Applications {
  /** @throws ProblemError `unauthenticated` */
  authenticate(apiKey: string): Promise<ApplicationRecord>;
  /**
   * Registers an application under this key, or brings the one that has it up to date. Another webhook secret takes over as in a
   * rotation: the one before signs too for a day. @throws ProblemError `invalid` for a malformed key, webhook URL or secret
   */
  ensure(apiKey: string, spec: ApplicationSpec): Promise<ApplicationRecord>;
  /** @throws ProblemError `invalid` for a malformed webhook URL or secret */
  create(spec: ApplicationSpec): Promise<{ application: ApplicationRecord; apiKey: string }>;
  list(): Promise<ApplicationRecord[]>;
}

const attempts = 16;
const refused = 'The API key is missing, unknown or revoked. Send "Authorization: Bearer vh_…".';
const anyStep: StepName[] = ['socket', 'push', 'sms'];

type Needs = Pick<Context, 'store' | 'random' | 'secrets'>;

export function createApplications(context: Needs): Applications {
  return {
    authenticate: (apiKey) => authenticate(context, apiKey),
    ensure: (apiKey, spec) => ensure(context, apiKey, spec),
    create: async (spec) => {
      const apiKey = formatApiKey(context.random.uuid().replaceAll('-', '').slice(-12), context.random.secret(32));
      return { application: await ensure(context, apiKey, spec), apiKey };
    },
    list: async () => (await context.store.list({ kind: 'application' })).records,
  };
}

async function authenticate(context: Needs, apiKey: string): Promise<ApplicationRecord> {
  const parsed = parseApiKey(apiKey);
  if (parsed === undefined) throw new ProblemError('unauthenticated', refused);
  const { records: keys } = await context.store.read([{ kind: 'api-key', id: parsed.keyId }]);
  const [key] = keys;
  // An unknown key id costs the same comparison as a known one.
  const isRight = context.secrets.matches(parsed.secret, key?.secretHash ?? context.secrets.hash(''));
  if (key === undefined || !isRight || key.revokedAt !== undefined) throw new ProblemError('unauthenticated', refused);
  const { records } = await context.store.read([{ kind: 'application', id: key.applicationId }]);
  const [application] = records;
  if (application === undefined) throw new ProblemError('unauthenticated', refused);
  return application;
}

async function ensure(context: Needs, apiKey: string, spec: ApplicationSpec): Promise<ApplicationRecord> {
  const parsed = parseApiKey(apiKey);
  if (parsed === undefined) {
    throw new ProblemError('invalid', 'An API key reads vh_<key id>_<secret of 32 or more random bytes, base64url>.');
  }
  refuseMalformed(spec.webhook);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await context.store.read([{ kind: 'api-key', id: parsed.keyId }]);
    const [key] = records;
    if (key === undefined) {
      const id = makeId('app', context.random.uuid(), '00');
      const application: ApplicationRecord = { id, rev: 1, createdAt: now, steps: anyStep, ...spec };
      const record: ApiKeyRecord = {
        id: parsed.keyId,
        rev: 1,
        applicationId: id,
        secretHash: context.secrets.hash(parsed.secret),
        createdAt: now,
      };
      const result = await context.store.commit({
        puts: [
          { kind: 'application', record: application },
          { kind: 'api-key', record },
        ],
      });
      if (result.ok) return application;
      continue;
    }
    if (!context.secrets.matches(parsed.secret, key.secretHash)) {
      throw new ProblemError('invalid', 'This key id is registered with another secret. Choose another key id.');
    }
    const updated = await bringUpToDate(context, key.applicationId, spec);
    if (updated !== undefined) return updated;
  }
  throw new StoreUnavailableError('The application kept changing under the write.');
}

/** Found here and not a day later, in a dead letter. */
function refuseMalformed(webhook: ApplicationSpec['webhook']): void {
  if (webhook === undefined) return;
  const urlFault = webhookUrlFault(webhook.url);
  if (urlFault !== undefined) throw new ProblemError('invalid', `The webhook URL is not acceptable: ${urlFault}.`);
  const secretFault = webhookSecretFault(webhook.secret);
  if (secretFault !== undefined)
    throw new ProblemError('invalid', `The webhook secret is not acceptable: ${secretFault}.`);
}

async function bringUpToDate(
  context: Needs,
  id: string,
  spec: ApplicationSpec,
): Promise<ApplicationRecord | undefined> {
  const { now, records } = await context.store.read([{ kind: 'application', id }]);
  const [known] = records;
  if (known === undefined) throw new ProblemError('invalid', 'This API key belongs to an application that is gone.');
  const { webhook: old, ...rest } = known;
  const webhook = configureEndpoint(old, spec.webhook, now);
  const record: ApplicationRecord = {
    ...rest,
    ...spec,
    ...(webhook === undefined ? {} : { webhook }),
    rev: known.rev + 1,
  };
  const isSame = JSON.stringify({ ...known, rev: 0 }) === JSON.stringify({ ...record, rev: 0 });
  if (isSame) return known;
  const result = await context.store.commit({ puts: [{ kind: 'application', record }] });
  return result.ok ? record : undefined;
}
