// Numbers whose owner has answered STOP: nothing goes there until they answer START. It is kept by number, whoever's it is.
import { optOutWord } from '../core/opt-out-words.ts';
import type { Timestamp } from '../core/verification.ts';
import { smsOptOutKey, type SmsOptOutRecord } from '../ports/records.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import type { Context } from './context.ts';

type Needs = Pick<Context, 'store' | 'secrets' | 'phoneNumbers' | 'logger'>;

/** An SMS that a person has sent us. */
export interface HeardSms {
  /** E.164. */
  from: string;
  text: string;
  /** When it was sent, on the provider's clock. */
  sentAt?: Timestamp;
}

export interface SmsOptOuts {
  hear(message: HeardSms): Promise<void>;
  /** Whether the owner of this number wants no SMS. */
  isOut(phoneNumber: string | undefined): Promise<boolean>;
}

/** Conflicts are over two answers of one person at the same moment. */
const attempts = 16;

export function createSmsOptOuts(context: Needs): SmsOptOuts {
  return {
    hear: (message) => hear(context, message),
    isOut: async (phoneNumber) => phoneNumber !== undefined && isOptedOut(context, phoneNumber),
  };
}

/** Whether the owner of this number wants no SMS. */
export async function isOptedOut(context: Needs, phoneNumber: string): Promise<boolean> {
  const id = await keyOf(context, phoneNumber);
  if (id === undefined) return false;
  const { records } = await context.store.read([{ kind: 'sms-opt-out', id }]);
  return records[0]?.isOut === true;
}

/** One number, one key, however it is spelled. */
async function keyOf({ phoneNumbers, secrets }: Needs, phoneNumber: string): Promise<string | undefined> {
  const facts = await phoneNumbers.inspect(phoneNumber);
  return facts === undefined ? undefined : smsOptOutKey(secrets.hash(facts.number));
}

async function hear(context: Needs, { from, text, sentAt }: HeardSms): Promise<void> {
  const word = optOutWord(text);
  const id = word === undefined ? undefined : await keyOf(context, from);
  if (word === undefined || id === undefined) return;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await context.store.read([{ kind: 'sms-opt-out', id }]);
    const [known] = records;
    const at = Math.min(sentAt ?? now, now);
    // Providers deliver late, twice and in any order: what the person said last holds.
    if (known !== undefined && at <= known.at) return;
    if (known === undefined && word === 'start') return;
    const record: SmsOptOutRecord = { id, rev: (known?.rev ?? 0) + 1, isOut: word === 'stop', at };
    if ((await context.store.commit({ puts: [{ kind: 'sms-opt-out', record }] })).ok) {
      context.logger.info({ word }, 'somebody has said whether they want SMS');
      return;
    }
  }
  throw new StoreUnavailableError('An opt-out kept changing under the write.');
}
