// An approval shows that the SMS before it reached a person: it speaks for the block of numbers it went to.
import { codeIssued } from '../core/code.ts';
import { convertInRange } from '../core/sms-counter.ts';
import { userKey } from '../ports/records.ts';
import type { Changed } from './change.ts';
import type { Context } from './context.ts';
import { createSmsCounters } from './sms-counters.ts';
import { counterId } from './sms-gate.ts';

/**
 * Called after the commit. Never throws: an approval that is not counted costs a little trust in a block, and no approval.
 * Answers in the app count too: who gets both at once, or is faster there, is as real as who types the code.
 */
export async function countConversion(context: Context, changed: Changed | undefined): Promise<void> {
  if (changed?.committed !== true) return;
  const { before, verification } = changed;
  if (verification.status !== 'approved' || before.status === 'approved' || !codeIssued(before)) return;
  context.metrics.smsConverted();
  if (context.settings.sms.limits === undefined) return;
  try {
    await convert(context, verification.applicationId, verification.userId);
  } catch (error) {
    context.logger.warn({ error, verificationId: verification.id }, 'an approval could not be counted for its SMS');
  }
}

async function convert(context: Context, applicationId: string, userId: string): Promise<void> {
  const { records } = await context.store.read([{ kind: 'user', id: userKey(applicationId, userId) }]);
  const number = records[0]?.phoneNumber;
  const facts = number === undefined ? undefined : await context.phoneNumbers.inspect(number);
  if (facts === undefined) return;
  await createSmsCounters(context.store).change(counterId(context, applicationId, 'prefix', facts), (counter, now) => {
    const next = counter?.scope === 'prefix' ? convertInRange(counter, now) : undefined;
    return { next, answer: undefined };
  });
}
