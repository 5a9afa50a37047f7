// Webhook secrets change without a gap: the old one signs beside the new one until the relying party has both.
import { ProblemError } from '../core/errors.ts';
import type { Timestamp } from '../core/verification.ts';
import { rotateSecret, secretOverlapMs } from '../core/webhook-endpoint.ts';
import type { ApplicationRecord } from '../ports/records.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import type { Context } from './context.ts';

export interface RotatedSecret {
  application: ApplicationRecord;
  /** `whsec_…`: to be shown once. */
  secret: string;
  /** Until then the secret before signs too. */
  overlapUntil: Timestamp;
}

const attempts = 16;

/**
 * @param overlapMs how long the secret before signs too; 0 when it has leaked
 * @throws ProblemError `not-found` for an unknown application, `invalid` for one without a webhook
 */
export async function rotateWebhookSecret(
  context: Pick<Context, 'store' | 'random'>,
  applicationId: string,
  overlapMs: number = secretOverlapMs,
): Promise<RotatedSecret> {
  const secret = makeSecret(context.random.secret(32));
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await context.store.read([{ kind: 'application', id: applicationId }]);
    const [known] = records;
    if (known === undefined) throw new ProblemError('not-found', `There is no application ${applicationId}.`);
    if (known.webhook === undefined) throw new ProblemError('invalid', 'This application has no webhook to sign.');
    const webhook = rotateSecret(known.webhook, secret, now, overlapMs);
    const application: ApplicationRecord = { ...known, rev: known.rev + 1, webhook };
    const result = await context.store.commit({ puts: [{ kind: 'application', record: application }] });
    if (result.ok) return { application, secret, overlapUntil: now + overlapMs };
  }
  throw new StoreUnavailableError('The application kept changing under the write.');
}

/** @param bytes base64url; Standard Webhooks writes them in base64 */
function makeSecret(bytes: string): string {
  const base64 = bytes.replaceAll('-', '+').replaceAll('_', '/');
  return `whsec_${base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')}`;
}
