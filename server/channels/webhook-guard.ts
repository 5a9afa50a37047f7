// A guard of its own for every webhook URL: one endpoint that hangs holds up no other.
import type { WebhookChannel } from '../ports/channel.ts';
import { createGuard, type Guard, type GuardDeps, type GuardOptions } from './guard.ts';

/**
 * An attempt ends well before the delivery worker's lease. One endpoint has places for a quarter of what that worker has in hand:
 * while it hangs, before its breaker opens, the others still have theirs.
 */
export const webhookGuard: GuardOptions = {
  name: 'webhook',
  deadlineMs: 10_000,
  limit: { concurrency: 16, queue: 48 },
  breaker: { failures: 10, coolDownMs: 10_000 },
};

/** URLs remembered; beyond it the one used longest ago is forgotten, breaker and all. */
const kept = 1000;

export function guardWebhooks(channel: WebhookChannel, options: GuardOptions, deps: GuardDeps): WebhookChannel {
  const guards = new Map<string, Guard>();
  const open = new Set<string>();
  const moved = (url: string, isOpen: boolean): void => {
    // A call that outlives its forgotten guard moves nothing any more.
    if (isOpen === open.has(url) || (isOpen && !guards.has(url))) return;
    if (isOpen) open.add(url);
    else open.delete(url);
    deps.onBreaker?.(options.name, isOpen);
  };
  const guardOf = (url: string): Guard => {
    const guard =
      guards.get(url) ?? createGuard(options, { ...deps, onBreaker: (_name, isOpen) => moved(url, isOpen) });
    // Put back at the end: a map remembers the order of insertion.
    guards.delete(url);
    guards.set(url, guard);
    const [oldest] = guards.keys();
    if (guards.size > kept && oldest !== undefined) {
      guards.delete(oldest);
      moved(oldest, false);
    }
    return guard;
  };
  return {
    send: (request, signal) => guardOf(request.url)((cut) => channel.send(request, cut), signal),
  };
}
