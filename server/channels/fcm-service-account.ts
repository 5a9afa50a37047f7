// A service-account file, and the access tokens it is good for (RFC 7523: a signed assertion is traded for one).
import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../ports/runtime.ts';
import { postForm } from './form-post.ts';
import { TokenError, type AccessToken, type FetchToken } from './fcm-tokens.ts';

/** firebase-admin's own would ask for all of Google Cloud; a token that leaks from here can send messages, no more. */
const scope = 'https://www.googleapis.com/auth/firebase.messaging';
const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Dated back, so that a hub whose clock is ten minutes fast is still believed; Google allows an hour in all. */
const datedBackSeconds = 600;
const lifetimeSeconds = 3_600;

interface Account {
  projectId: string;
  email: string;
  keyId: string | undefined;
  key: KeyObject;
  tokenUri: URL;
}

/** @throws Error when the file is not a service account's; the message says what to do and shows nothing of it */
export function openServiceAccount(file: string, clock: Clock): { fetchToken: FetchToken; projectId: string } {
  let account = readAccount(file);
  return {
    projectId: account.projectId,
    fetchToken: async (signal) => {
      account = reread(file, account);
      return trade(account, clock, signal);
    },
  };
}

/** Once an hour, so that a key that was replaced needs no restart; one that is being written is read the next time. */
function reread(file: string, known: Account): Account {
  try {
    return readAccount(file);
  } catch {
    return known;
  }
}

async function trade(account: Account, clock: Clock, signal: AbortSignal): Promise<AccessToken> {
  const form = { grant_type: grantType, assertion: assertionOf(account, clock.now()) };
  const { status, body } = await postForm(account.tokenUri, form, signal).catch((error: unknown) => {
    throw new TokenError('unreachable', 'token-unreachable', error);
  });
  const reply = parse(body);
  if (status === 200 && typeof reply['access_token'] === 'string' && typeof reply['expires_in'] === 'number') {
    return { token: reply['access_token'], goodForMs: reply['expires_in'] * 1000 };
  }
  // RFC 6749 section 5.2: 400 or 401 with an error code. Anything else was not the token server's own refusal.
  const isRefusal = (status === 400 || status === 401 || status === 403) && typeof reply['error'] === 'string';
  throw isRefusal
    ? new TokenError('refused', 'credentials-refused')
    : new TokenError('unreachable', `token-http-${status}`);
}

function assertionOf({ email, keyId, key, tokenUri }: Account, now: number): string {
  const issuedAt = Math.floor(now / 1000) - datedBackSeconds;
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = { iss: email, scope, aud: tokenUri.href, iat: issuedAt, exp: issuedAt + lifetimeSeconds };
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function readAccount(file: string): Account {
  const { type, project_id: projectId, client_email: email, private_key: pem, ...rest } = parse(readText(file));
  if (type !== 'service_account') {
    throw fault(
      'is no service-account key (its "type" is another). For workload identity federation leave the option out and ' +
        'name the file in GOOGLE_APPLICATION_CREDENTIALS',
    );
  }
  if (typeof projectId !== 'string' || typeof email !== 'string' || typeof pem !== 'string') {
    throw fault('lacks project_id, client_email or private_key: download the key again');
  }
  const { private_key_id: keyId, token_uri: uri = 'https://oauth2.googleapis.com/token' } = rest;
  return {
    projectId,
    email,
    keyId: typeof keyId === 'string' ? keyId : undefined,
    key: keyOf(pem),
    tokenUri: urlOf(uri),
  };
}

function keyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw fault('holds a private_key that cannot be read: download the key again');
  }
}

/** Plain HTTP on this machine is for simulators, as with the endpoint. */
function urlOf(uri: unknown): URL {
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined;
  const isLoopback = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1' || url?.hostname === '[::1]';
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return url;
  throw fault('has a token_uri that is not https');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw fault(`cannot be read (${code}): give the path of a service-account key that this process may read`);
  }
}

function fault(text: string): Error {
  return new Error(`The file of VERIHUB_FCM_CREDENTIALS ${text}.`);
}

/** JSON that is no object is read as an empty one: whoever reads looks for what it needs. */
function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
