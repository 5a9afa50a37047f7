// The text forms of opaque credentials (contract section 3): API keys, enrollment tokens and trust tokens.
import type { IdPrefix } from './ids.ts';

/** 43 base64url characters carry 32 bytes; the upper bound keeps a hostile header from being hashed at length. */
const secretForm = '[A-Za-z0-9_-]{43,256}';
const apiKeyForm = new RegExp(`^vh_([A-Za-z0-9]{1,64})_(${secretForm})$`);

/** A secret of 43 random base64url characters has about 31 different ones; below this it was typed, not drawn. */
const fewestDifferent = 12;

export interface ApiKeyParts {
  keyId: string;
  secret: string;
}

/** @param keyId letters and digits, at most 64; @param secret base64url of 32 or more random bytes */
export function formatApiKey(keyId: string, secret: string): string {
  return `vh_${keyId}_${secret}`;
}

/** The secret may hold `_` itself (base64url): only the first two underscores separate. */
export function parseApiKey(apiKey: string): ApiKeyParts | undefined {
  const [, keyId, secret] = apiKeyForm.exec(apiKey) ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secret };
}

/** What is wrong with an API key that is to be registered, and what to do; undefined for a good one. Never repeats the key. */
export function apiKeyFault(apiKey: string): string | undefined {
  const rest = /^vh_([^_]*)_(.*)$/s.exec(apiKey);
  if (rest === null) return 'An API key reads vh_<key id>_<secret>. `verihub` on the command line makes one.';
  const [, keyId = '', secret = ''] = rest;
  if (!/^[A-Za-z0-9]{1,64}$/.test(keyId)) return 'The key id of an API key is 1 to 64 letters and digits.';
  if (!/^[A-Za-z0-9_-]*$/.test(secret)) return 'The secret of an API key is base64url: letters, digits, - and _.';
  if (secret.length < 43) {
    return `The secret of this API key has ${secret.length} characters; 32 random bytes make 43 in base64url.`;
  }
  if (secret.length > 256) return 'The secret of an API key has at most 256 characters.';
  if (new Set(secret).size < fewestDifferent) return 'The secret of this API key is a placeholder, not random bytes.';
  return undefined;
}

/** An enrollment or trust token: the id of its record, then its secret, of which only the hash is kept. */
export function formatBearer(id: string, secret: string): string {
  return `${id}_${secret}`;
}

export function parseBearer(prefix: IdPrefix, token: string): { id: string; secret: string } | undefined {
  const [, id, secret] = new RegExp(`^(${prefix}_[a-z0-9]{1,64})_(${secretForm})$`).exec(token) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}
