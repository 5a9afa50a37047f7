// What the relying party is told unasked: messages in the same write as the change they tell of.
import type { WebhookEvent } from '../core/events.ts';
import type { Timestamp, Verification } from '../core/verification.ts';
import type { DeviceRecord } from '../ports/records.ts';
import type { OutboxMessage } from '../ports/store.ts';
import type { Context } from './context.ts';
import { rfc3339, viewDevice, viewVerification } from './views.ts';

/** Body of contract section 4, as the text that is signed and sent: it must not change between tries. */
function body(type: string, now: Timestamp, data: Record<string, unknown>): string {
  return JSON.stringify({ type, timestamp: rfc3339(now), data });
}

/** Without full stops, which part the fields that are signed (Standard Webhooks, "Signature scheme"). */
function messageId(subject: string, rev: number, event: string): string {
  return `${subject}-${rev}-${event.replaceAll('.', '-')}`;
}

async function hasWebhook(context: Context, applicationId: string): Promise<boolean> {
  const { records } = await context.store.read([{ kind: 'application', id: applicationId }]);
  return records[0]?.webhook !== undefined;
}

/** Undefined when the application has no webhook. Messages of one verification leave in order (their lane). */
export async function webhookMessage(
  context: Context,
  verification: Verification,
  event: WebhookEvent,
  now: Timestamp,
): Promise<OutboxMessage | undefined> {
  const { id, applicationId, rev } = verification;
  if (!(await hasWebhook(context, applicationId))) return undefined;
  return {
    id: messageId(id, rev, event),
    topic: 'webhook',
    lane: `webhook.${id}`,
    applicationId,
    subject: id,
    notBefore: now,
    payload: { body: body(event, now, { verification: viewVerification(verification, 'webhook') }) },
    createdAt: now,
    attempts: 0,
  };
}

export async function deviceWebhook(
  context: Context,
  device: DeviceRecord,
  event: 'device.enrolled' | 'device.revoked',
  now: Timestamp,
): Promise<OutboxMessage[]> {
  const { id, applicationId, userId, rev } = device;
  if (!(await hasWebhook(context, applicationId))) return [];
  return [
    {
      id: messageId(id, rev, event),
      topic: 'webhook',
      lane: `webhook.${id}`,
      applicationId,
      subject: id,
      notBefore: now,
      payload: { body: body(event, now, { userId, device: viewDevice(device) }) },
      createdAt: now,
      attempts: 0,
    },
  ];
}
