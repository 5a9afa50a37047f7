/** The relying party's calls about its webhooks: the keys that sign them, and those that the hub gave up (contract section 4). */
import type { HttpCall } from './http-client.ts';
import { anything, having } from './reply-guards.ts';

/** A webhook that was given up. It is kept for seven days, and may be sent again. */
export interface DeadLetterView {
  /** The `webhook-id`. */
  id: string;
  type: string;
  /** Id of the verification or device it is about. */
  subject: string;
  /** Of the last failure, such as `http-500` or `timeout`. */
  reason: string;
  attempts: number;
  queuedAt: string;
  givenUpAt: string;
}
export interface DeadLetterListReply {
  /** Oldest first. */
  deadLetters: DeadLetterView[];
  /** Of all pages. */
  total: number;
  /** `cursor` of the next page. */
  next?: string;
  serverTime: string;
}
export interface WebhookKeysReply {
  /** `whpk_…`, newest first: what `v1a` signatures verify against. */
  publicKeys: string[];
  serverTime: string;
}

export interface WebhookCalls {
  /** `whpk_…`, newest first, for `verifyWebhook`. Fetch them once, from the hub itself, and keep them. */
  webhookKeys: (options?: { signal?: AbortSignal }) => Promise<string[]>;
  /** Webhooks that the hub gave up, oldest first: up to 100 a page; `cursor` is `next` of the page before. */
  listDeadLetters: (options?: {
    limit?: number;
    cursor?: string;
    signal?: AbortSignal;
  }) => Promise<DeadLetterListReply>;
  /** Sends it again, under the same id. Not repeated by itself after a lost reply: then it may be `not-found` already. */
  replayDeadLetter: (id: string, options?: { signal?: AbortSignal }) => Promise<void>;
}

type Send = <T>(
  method: HttpCall<T>['method'],
  path: string,
  read: (body: unknown) => body is T,
  settings: { signal?: AbortSignal | undefined; body?: unknown; repeatable?: boolean },
) => Promise<T>;

const deadLetters = '/v1/webhooks/dead-letters';

export function createWebhookCalls(send: Send): WebhookCalls {
  return {
    async webhookKeys({ signal } = {}) {
      return (await send('GET', '/v1/webhooks/keys', having<WebhookKeysReply>('publicKeys'), { signal })).publicKeys;
    },
    listDeadLetters({ limit = 50, cursor, signal } = {}) {
      const from = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      return send('GET', `${deadLetters}?limit=${limit}${from}`, having<DeadLetterListReply>('deadLetters'), {
        signal,
      });
    },
    async replayDeadLetter(id, { signal } = {}) {
      const path = `${deadLetters}/${encodeURIComponent(id)}/replay`;
      await send('POST', path, anything, { body: {}, repeatable: false, signal });
    },
  };
}
