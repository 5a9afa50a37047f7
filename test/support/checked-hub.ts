// A hub for HTTP tests: every reply that comes through it is held to openapi.yaml.
import { createApplications } from '../../server/app/applications.ts';
import type { Parts } from '../../server/hub.ts';
import { createRandom } from '../../server/security/random.ts';
import { createSecrets } from '../../server/security/secrets.ts';
import { startTestHub, type Reply, type TestHub } from './hub.ts';
import { createOpenapiCheck, type OpenapiCheck } from './openapi-check.ts';

export interface CheckedHub extends TestHub {
  readonly openapi: OpenapiCheck;
  /** Registers another application and answers its API key. */
  addApplication(name: string): Promise<string>;
}

/** Reading the document takes longer than most tests. */
const shared = createOpenapiCheck();

/** `call` rejects when a reply is not what the document says. */
export async function startCheckedHub(
  env: Record<string, string> = {},
  parts: Parts = {},
  openapi: OpenapiCheck = shared,
): Promise<CheckedHub> {
  const hub = await startTestHub(env, parts);
  return {
    ...hub,
    openapi,
    call: async (method, path, options) => {
      const reply = await hub.call(method, path, options);
      const { status, headers } = reply;
      const faults = openapi.faults({ method, path, status, headers, text: textOf(reply) });
      if (faults.length === 0) return reply;
      throw new Error(`${method} ${path} is not answered as openapi.yaml says:\n${faults.join('\n')}`);
    },
    addApplication: async (name) => {
      const random = createRandom();
      const secrets = createSecrets({ codeKey: random.secret(32) });
      const applications = createApplications({ store: hub.store, random, secrets });
      return (await applications.create({ name, domain: 'other.test' })).apiKey;
    },
  };
}

function textOf({ headers, body }: Reply): string {
  const isJson = headers.get('content-type')?.includes('json') === true;
  return isJson && !('text' in body) ? JSON.stringify(body) : String(body['text']);
}
