// Where webhooks go and what signs them: what may be registered, and how one secret takes over from another.
import type { Timestamp } from './verification.ts';

/** A relying party's endpoint as it is stored. */
export interface WebhookEndpoint {
  url: string;
  /** The newest: `whsec_<base64>`. */
  secret: string;
  /** Those before it, newest first. Each signs beside it until its time. */
  previousSecrets?: { secret: string; until: Timestamp }[];
  /** What the configuration named when the secret was rotated without it: no reason to go back there. */
  configuredSecret?: string;
}

/** How long a replaced secret signs too, unless somebody says otherwise. Milliseconds. */
export const secretOverlapMs = 24 * 3_600_000;

/** More signatures than these make no sense in one header. */
const mostPrevious = 7;

/** What to do about a secret that cannot be registered; undefined for a good one. Never repeats it. */
export function webhookSecretFault(secret: string): string | undefined {
  const encoded = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?)$/.exec(secret)?.[1] ?? '';
  const bytes = Math.floor((encoded.replace(/=+$/, '').length * 3) / 4);
  // Standard Webhooks 1.0, "Signature scheme".
  return bytes >= 24 && bytes <= 64 ? undefined : 'give whsec_ and 24 to 64 random bytes in base64';
}

/** What to do about a URL that cannot be registered; undefined for a good one. Which hosts are allowed is judged at each call. */
export function webhookUrlFault(raw: string): string | undefined {
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return 'give an http or https URL, e.g. https://example.com/hooks';
  }
  if (url.username !== '' || url.password !== '') return 'leave user and password out of the URL';
  return url.hash === '' ? undefined : 'leave the part from # on out of the URL';
}

/** All secrets that sign now, newest first. */
export function signingSecrets({ secret, previousSecrets = [] }: WebhookEndpoint, now: Timestamp): string[] {
  return [secret, ...previousSecrets.filter(({ until }) => now < until).map((previous) => previous.secret)];
}

/** The endpoint with a new secret; the one it had signs beside it for `overlapMs`. What the configuration says stays as it was. */
export function rotateSecret(
  known: WebhookEndpoint,
  secret: string,
  now: Timestamp,
  overlapMs: number,
): WebhookEndpoint {
  return { ...replaced(known, secret, now, overlapMs), configuredSecret: known.configuredSecret ?? known.secret };
}

/**
 * The endpoint once the configuration has said what it should be. A secret that changed there takes over as in a rotation;
 * one that did not change says nothing about a rotation that was made since.
 */
export function configureEndpoint(
  known: WebhookEndpoint | undefined,
  wanted: { url: string; secret: string } | undefined,
  now: Timestamp,
): WebhookEndpoint | undefined {
  if (known === undefined || wanted === undefined) return wanted;
  const moved = { ...known, url: wanted.url };
  if (wanted.secret === (known.configuredSecret ?? known.secret)) return moved;
  return replaced(moved, wanted.secret, now, secretOverlapMs);
}

function replaced(
  { url, secret: old, previousSecrets = [] }: WebhookEndpoint,
  secret: string,
  now: Timestamp,
  overlapMs: number,
): WebhookEndpoint {
  const before = [{ secret: old, until: now + overlapMs }, ...previousSecrets];
  const signing = before
    .filter((previous) => previous.secret !== secret && now < previous.until)
    .slice(0, mostPrevious);
  return { url, secret, ...(signing.length === 0 ? {} : { previousSecrets: signing }) };
}
