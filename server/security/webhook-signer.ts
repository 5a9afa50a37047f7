// Signatures of outgoing webhooks (Standard Webhooks 1.0, "Signature scheme"): HMAC by shared secret, Ed25519 by a key of the hub.
import { createHmac, createPrivateKey, createPublicKey, hkdfSync, sign, type KeyObject } from 'node:crypto';
import type { HubKeysRecord } from '../ports/records.ts';
import type { SignedWebhook, WebhookSigner } from '../ports/security.ts';
import { createBoundedCache } from './bounded-cache.ts';

/** Applications whose keys stay at hand. */
const cachedApplications = 1_024;

interface KeyPair {
  privateKey: KeyObject;
  /** `whpk_<base64 of 32 bytes>`. */
  publicKey: string;
}

/**
 * Each application has a key pair of its own, derived from a seed of the hub: under one key for all, a webhook that is meant for
 * one relying party could be passed on to another, and would verify there.
 * @throws Error when the hub's keys are damaged
 */
export function createWebhookSigner({ webhookSeeds }: Required<Pick<HubKeysRecord, 'webhookSeeds'>>): WebhookSigner {
  const seeds = webhookSeeds.map(({ seed }) => Buffer.from(seed, 'base64url'));
  if (seeds.length === 0 || seeds.some((seed) => seed.length < 32)) {
    throw new Error('The hub-keys record holds no good seed for webhook keys; restore it.');
  }
  const cache = createBoundedCache<KeyPair[]>(cachedApplications);
  const keysOf = (applicationId: string): KeyPair[] =>
    cache.get(applicationId, () => seeds.map((seed) => deriveKeyPair(seed, applicationId)));

  return {
    sign: (message) => {
      const shared = message.secrets.flatMap((secret) => symmetric(message, secret));
      if (shared.length === 0) return undefined;
      const own = keysOf(message.applicationId).map(({ privateKey }) => asymmetric(message, privateKey));
      return [...shared, ...own].join(' ');
    },
    publicKeys: (applicationId) => keysOf(applicationId).map(({ publicKey }) => publicKey),
  };
}

function contentOf({ id, timestamp, body }: SignedWebhook): string {
  return `${id}.${timestamp}.${body}`;
}

/** Nothing for a secret that is none: it was stored by a version that did not look. */
function symmetric(message: SignedWebhook, secret: string): string[] {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  if (encoded === undefined) return [];
  const key = Buffer.from(encoded, 'base64');
  return [`v1,${createHmac('sha256', key).update(contentOf(message)).digest('base64')}`];
}

function asymmetric(message: SignedWebhook, key: KeyObject): string {
  return `v1a,${sign(null, Buffer.from(contentOf(message)), key).toString('base64')}`;
}

/** RFC 8410, section 7: what stands before the 32 bytes of an Ed25519 private key in PKCS #8. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function deriveKeyPair(seed: Buffer, applicationId: string): KeyPair {
  const secret = Buffer.from(hkdfSync('sha256', seed, '', `verihub webhook v1a ${applicationId}`, 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, secret]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: `whpk_${Buffer.from(x, 'base64url').toString('base64')}` };
}
