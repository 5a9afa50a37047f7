// A whole hub in this process, on real sockets and a port of its own, for tests that come in by the doors.
import { parseConfig } from '../../server/config/parse-config.ts';
import { startHub, type Hub, type Parts } from '../../server/hub.ts';

export const testApiKey = `vh_test0001_${'A'.repeat(22)}bcdefghijklmnopqrstu1`;

export interface TestHub extends Hub, AsyncDisposable {
  apiKey: string;
  /** Calls the REST API as the relying party, unless another credential is given. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
}

export interface CallOptions {
  body?: unknown;
  /** Bearer credential; `null`: none. */
  token?: string | null;
  headers?: Record<string, string>;
}

export interface Reply {
  status: number;
  headers: Headers;
  // Tests read replies of every shape; what they expect of one is what they test.
  body: Record<string, unknown>;
}

/** @param env options as an operator would give them; by default everything is in memory, simulated and quiet */
export async function startTestHub(env: Record<string, string> = {}, parts: Parts = {}): Promise<TestHub> {
  const parsed = parseConfig({
    PORT: '0',
    VERIHUB_STORE: 'sqlite::memory:',
    VERIHUB_DEMO: 'false',
    VERIHUB_PUSH: 'simulated',
    VERIHUB_SMS: 'simulated',
    VERIHUB_LOG_LEVEL: 'silent',
    VERIHUB_API_KEY: testApiKey,
    VERIHUB_APPLICATION_NAME: 'Example Bank',
    ...env,
  });
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'));
  const hub = await startHub(parsed.config, parts);
  return {
    ...hub,
    apiKey: testApiKey,
    call: (method, path, options) => call(hub.localUrl, method, path, options),
    [Symbol.asyncDispose]: () => hub.close(),
  };
}

export async function call(base: string, method: string, path: string, options: CallOptions = {}): Promise<Reply> {
  const token = options.token === undefined ? testApiKey : options.token;
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
    redirect: 'manual',
    signal: AbortSignal.timeout(40_000),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : { text },
  };
}
