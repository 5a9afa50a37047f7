// What providers say became of a message they took. A receipt changes a delivery step, and never decides (contract section 8).
import type { Receipt } from '../ports/callbacks.ts';
import { change } from './change.ts';
import type { Context } from './context.ts';
import { readReach } from './reach.ts';

export interface Receipts {
  /** Repeats, receipts of messages that nobody knows, and those that come after the end change nothing. */
  take(receipt: Receipt): Promise<void>;
}

export function createReceipts(context: Context): Receipts {
  return { take: (receipt) => take(context, receipt) };
}

async function take(context: Context, receipt: Receipt): Promise<void> {
  const sent = readDedupeId(receipt.dedupeId);
  if (sent === undefined || (await isNoted(context, sent.verificationId, receipt))) return;
  const { outcome, provider, providerId, reason } = receipt;
  await change(context, sent.verificationId, async (current) => ({
    type: 'receipt',
    step: sent.step,
    outcome,
    provider,
    providerId,
    round: sent.round,
    reach: await readReach(context, current),
    ...(reason === undefined ? {} : { reason }),
  }));
}

/** Its form is made in `change.ts`. Whatever else comes back is not of our making. */
function readDedupeId(id: string): { verificationId: string; step: 'push' | 'sms'; round: number } | undefined {
  const [, verificationId = '', step, round] =
    /^(ver_[0-9a-f]{34})\.(push|sms)\.([1-9]\d{0,3})\.[\w-]+$/.exec(id) ?? [];
  return step === 'push' || step === 'sms' ? { verificationId, step, round: Number(round) } : undefined;
}

/** Providers repeat themselves, and so does whoever replays them: the timeline says it once. */
async function isNoted(context: Context, verificationId: string, receipt: Receipt): Promise<boolean> {
  const { entries } = await context.store.timeline(verificationId);
  return entries.some(
    ({ type, status, provider, providerId }) =>
      type === 'receipt' &&
      status === receipt.outcome &&
      provider === receipt.provider &&
      providerId === receipt.providerId,
  );
}
