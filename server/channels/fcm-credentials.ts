// Whose tokens go with pushes: a service-account file, the machine's own credentials, or a fixed one for a simulator.
import { applicationDefault } from 'firebase-admin/app';
import type { Clock } from '../ports/runtime.ts';
import { openServiceAccount } from './fcm-service-account.ts';
import { TokenError, type FetchToken } from './fcm-tokens.ts';

export interface Credentials {
  fetchToken: FetchToken;
  /** For the log: whose they are. Undefined: a simulator's. */
  source: 'service-account' | 'application-default' | undefined;
  /** Of the service account, when a file names it. */
  projectId?: string;
}

/** Contract section 9: a plain-HTTP loopback endpoint needs no credentials. */
const testToken = 'verihub-test-token';

/**
 * @param file of a service account
 * @throws Error when the file is none; the message says what to do
 */
export function openCredentials(file: string | undefined, endpoint: URL, clock: Clock): Credentials {
  if (file !== undefined) return { ...openServiceAccount(file, clock), source: 'service-account' };
  if (endpoint.protocol === 'http:') {
    return { fetchToken: async () => ({ token: testToken, goodForMs: Infinity }), source: undefined };
  }
  return { fetchToken: fetchApplicationDefault, source: 'application-default' };
}

/**
 * What the environment offers: GOOGLE_APPLICATION_CREDENTIALS, workload identity, the metadata server of Google Cloud.
 * With workload identity, set GOOGLE_CLOUD_PROJECT too: else Google's library asks the Resource Manager, which may refuse.
 */
const fetchApplicationDefault: FetchToken = async () => {
  try {
    const { access_token: token, expires_in: seconds } = await applicationDefault().getAccessToken();
    return { token, goodForMs: seconds * 1000 };
  } catch (error) {
    throw judge(error);
  }
};

/** google-auth-library throws errors of many kinds, and says by its message only that there is nothing to go by. */
function judge(error: unknown): TokenError {
  if (!(error instanceof Error)) return new TokenError('unreachable', 'token-failed', error);
  if (error.message.includes('default credentials')) return new TokenError('refused', 'credentials-missing', error);
  const status = statusOf(error);
  const isRefusal = status !== undefined && status >= 400 && status < 500 && status !== 429;
  return isRefusal
    ? new TokenError('refused', 'credentials-refused', error)
    : new TokenError('unreachable', 'token-failed', error);
}

function statusOf(error: Error): number | undefined {
  const response: unknown = 'response' in error ? error.response : undefined;
  if (typeof response !== 'object' || response === null || !('status' in response)) return undefined;
  return typeof response.status === 'number' ? response.status : undefined;
}
