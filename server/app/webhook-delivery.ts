// Sends one webhook; again later when that failed; and when a day is over or no retry can mend it, makes it a dead letter.
import { backoffMs } from '../core/backoff.ts';
import type { ChannelResult } from '../core/events.ts';
import type { Timestamp } from '../core/verification.ts';
import { signingSecrets } from '../core/webhook-endpoint.ts';
import type { DeadLetterRecord } from '../ports/records.ts';
import type { ClaimedMessage } from '../ports/store.ts';
import { attempt, outcomeOf } from './attempt.ts';
import type { Context } from './context.ts';

/** A webhook is tried for this long. */
const lifeMs = 24 * 3_600_000;
const backoff = { baseMs: 1_000, maxMs: 3_600_000 };

/** A dead letter is kept for this long. */
const keptMs = 7 * 86_400_000;

export async function sendWebhook(context: Context, message: ClaimedMessage, now: Timestamp): Promise<void> {
  const { id, fence, applicationId } = message;
  const { records } = await context.store.read([{ kind: 'application', id: applicationId }]);
  const webhook = records[0]?.webhook;
  if (webhook === undefined) return bury(context, message, { cause: 'rejected', reason: 'no-webhook' }, now);
  const secrets = signingSecrets(webhook, now);
  const body = String(message.payload['body']);
  const request = { id, applicationId, url: webhook.url, secrets, timestamp: Math.floor(now / 1000), body };
  const { result, latencyMs } = await attempt(context, (signal) => context.webhooks.send(request, signal));
  context.metrics.attempt('webhook', outcomeOf(result), latencyMs);
  // Waits count from the answer, not from the claim.
  const answeredAt = now + latencyMs;
  const end = endOf(message, result, answeredAt);
  if (end !== undefined) return bury(context, message, end, answeredAt);
  const outcome =
    result.kind === 'accepted' ? 'done' : { retryAt: answeredAt + waitMs(context, message, result, answeredAt) };
  await context.store.commit({ settle: { id, fence, outcome } });
}

interface End {
  cause: 'rejected' | 'expired';
  reason: string;
}

/** Why it is given up now; undefined when it was taken, or is worth another try. */
function endOf(message: ClaimedMessage, result: ChannelResult, now: Timestamp): End | undefined {
  if (result.kind === 'accepted') return undefined;
  if (result.kind === 'rejected') return { cause: 'rejected', reason: result.reason };
  return now < message.createdAt + lifeMs ? undefined : { cause: 'expired', reason: result.reason };
}

type Failure = Exclude<ChannelResult, { kind: 'accepted' }>;

/** Full jitter, and never sooner than the receiver asked. */
function waitMs(context: Context, message: ClaimedMessage, result: Failure, now: Timestamp): number {
  const asked = result.kind === 'throttled' ? (result.retryAfterMs ?? 0) : 0;
  // At most as long again as it has waited so far: what piled up in an outage is through as long after it as that took,
  // however often the breaker or a busy endpoint turned it away without a try.
  const queuedMs = Math.max(backoff.baseMs, now - message.createdAt);
  const limits = { ...backoff, maxMs: Math.min(backoff.maxMs, queuedMs) };
  return Math.max(asked, backoffMs(message.attempts, context.random.fraction(), limits));
}

async function bury(context: Context, message: ClaimedMessage, { cause, reason }: End, now: Timestamp): Promise<void> {
  const { id, fence, applicationId, subject, lane, payload, attempts } = message;
  const { records } = await context.store.read([{ kind: 'dead-letter', id }]);
  const rev = (records[0]?.rev ?? 0) + 1;
  const facts = { id, rev, applicationId, subject, lane, payload, attempts, reason };
  const record: DeadLetterRecord = { ...facts, queuedAt: message.createdAt, createdAt: now };
  const result = await context.store.commit({
    settle: { id, fence, outcome: 'done' },
    puts: [{ kind: 'dead-letter', record, forgetAt: now + keptMs }],
  });
  if (!result.ok) return;
  context.metrics.webhookGivenUp(cause);
  context.logger.warn({ messageId: id, applicationId, reason, attempts }, 'a webhook became a dead letter');
}
