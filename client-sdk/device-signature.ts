/** What a device signs: its tokens, the enrollment proof and decisions, as compact ES256 JWS made through the key store. */
import canonicalize from 'canonicalize';
import { encodeBase64Url, encodeUtf8, sha256Base64Url } from './base64url.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import type { KeyStore } from './key-store.ts';
import type { PromptView, PublicJwk } from './protocol.ts';

/** RFC 7515 section 3.1, with the header's `alg` fixed to ES256. */
export async function signCompact(
  keys: KeyStore,
  header: { typ: string; kid?: string },
  payload: object,
): Promise<string> {
  const part = (value: object): string => encodeBase64Url(encodeUtf8(JSON.stringify(value)));
  const input = `${part({ alg: 'ES256', ...header })}.${part(payload)}`;
  const signature = await fromKeyStore(() => keys.sign(encodeUtf8(input)));
  if (signature.length !== 64) {
    throw new VerihubError('key-store', {
      detail: `sign() gave ${signature.length} bytes; 64 (r and s, not DER) are needed`,
    });
  }
  return `${input}.${encodeBase64Url(signature)}`;
}

/** Runs a key store call; whatever it throws becomes `key-store`. */
export async function fromKeyStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw asVerihubError(thrown, 'key-store');
  }
}

/** RFC 7638: the required members in lexicographic order, without white space. */
export function thumbprint({ crv, kty, x, y }: PublicJwk): Promise<string> {
  return sha256Base64Url(JSON.stringify({ crv, kty, x, y }));
}

/** The `prompt` claim of a decision (contract section 6): what the person saw, so that the evidence covers it. */
export function promptDigest(
  prompt: Pick<PromptView, 'application' | 'action' | 'details' | 'context'>,
): Promise<string> {
  const { application, action, details, context } = prompt;
  return sha256Base64Url(canonicalize({ application, action, details, context }) ?? '');
}
