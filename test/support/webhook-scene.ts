// Use cases whose webhooks go through the real guard and channel to real receivers, on a clock that a test moves.
import { ensureHubKeys } from '../../server/app/hub-keys.ts';
import { guardWebhooks, webhookGuard } from '../../server/channels/webhook-guard.ts';
import { createWebhookChannel } from '../../server/channels/webhook.ts';
import type { Resolve } from '../../server/channels/webhook-target.ts';
import type { WebhookSigner } from '../../server/ports/security.ts';
import type { ClaimedMessage, Store } from '../../server/ports/store.ts';
import { generateHubKeys } from '../../server/security/hub-keys.ts';
import { createWebhookSigner } from '../../server/security/webhook-signer.ts';
import { createTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { enrollPhone, type AppPhone } from './app-phone.ts';
import type { Received } from './http-receiver.ts';

export const secret = `whsec_${Buffer.from('a webhook secret of 32 bytes or so').toString('base64')}`;

export interface WebhookScene extends AsyncDisposable {
  app: TestApp;
  signer: WebhookSigner;
  /** Most messages that were claimed and not yet settled, at any time. */
  mostInHand(): number;
  /** Two events in one lane: denied, then reported as fraud. Answers the verification's id. */
  report(): Promise<string>;
  /** How many messages are in the outbox, and how many were given up. */
  left(): Promise<{ waiting: number; dead: number }>;
  /** Moves the clock a second at a time, working after each. */
  live(seconds: number): Promise<void>;
}

export interface SceneOptions extends TestAppOptions {
  /** Default true. */
  allowPrivate?: boolean;
  resolve?: Resolve;
}

/** @param url of the relying party's receiver */
export async function createWebhookScene(url: string, options: SceneOptions = {}): Promise<WebhookScene> {
  const watch = watchClaims();
  const wrapStore = (store: Store): Store => watch.wrap(options.wrapStore?.(store) ?? store);
  const app = await createTestApp({ webhook: { url, secret }, ...options, wrapStore });
  const { clock, random, logger } = app.context;
  const signer = createWebhookSigner(await ensureHubKeys(app.store, (now) => generateHubKeys(random, now)));
  const { allowPrivate = true, resolve } = options;
  const deps = { clock, sign: signer.sign, allowPrivate, ...(resolve === undefined ? {} : { resolve }) };
  const channel = createWebhookChannel(deps);
  app.context.webhooks = guardWebhooks(channel, webhookGuard, { clock, logger });
  let phone: AppPhone | undefined;
  return {
    app,
    signer,
    mostInHand: watch.most,
    report: async () => {
      phone ??= await enrollPhone(app, 'alice', { push: false });
      const { verification } = await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' });
      await app.verifications.decide(phone.device, phone.sign(verification, 'report'));
      return verification.id;
    },
    left: async () => {
      const { total: waiting } = await app.store.list({ kind: 'message', topic: 'webhook', limit: 0 });
      const { total: dead } = await app.store.list({ kind: 'dead-letter', limit: 0 });
      return { waiting, dead };
    },
    live: async (seconds) => {
      for (let second = 0; second < seconds; second += 1) await app.pass(1_000);
    },
    [Symbol.asyncDispose]: async () => {
      channel.close();
      await app.kill();
    },
  };
}

/** Counts webhooks between their claim and their settling. */
function watchClaims() {
  const inHand = new Set<string>();
  let most = 0;
  const isWebhook = ({ topic }: ClaimedMessage): boolean => topic === 'webhook';
  return {
    most: () => most,
    wrap: (store: Store): Store => ({
      ...store,
      claimOutbox: async (options) => {
        const answer = await store.claimOutbox(options);
        for (const { id } of answer.messages.filter(isWebhook)) inHand.add(id);
        most = Math.max(most, inHand.size);
        return answer;
      },
      commit: async (unit) => {
        const result = await store.commit(unit);
        if (unit.settle !== undefined) inHand.delete(unit.settle.id);
        return result;
      },
    }),
  };
}

export function idOf({ headers }: Received): string {
  return String(headers['webhook-id']);
}

export function typeOf({ body }: Received): string {
  return (JSON.parse(body) as { type: string }).type;
}

/** Ids in the order in which they first arrived. */
export function firstArrivals(received: readonly Received[]): string[] {
  return [...new Set(received.map(idOf))];
}
