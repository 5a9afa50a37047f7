// Asked before every SMS: may this number have one, and is there room left within the bounds (security.md, M1 to M3).
import type { NumberFacts } from '../core/phone-number.ts';
import {
  admitForNumber,
  countForNumber,
  countInRange,
  uncountForNumber,
  uncountInRange,
  type NumberCounter,
  type Range,
  type SmsAlarm,
} from '../core/sms-counter.ts';
import { neverAllowed, type SmsLimits } from '../core/sms-policy.ts';
import type { StepReason, Timestamp } from '../core/verification.ts';
import { smsCounterKey } from '../ports/records.ts';
import type { Context } from './context.ts';
import { createSmsCounters, type SmsCounters } from './sms-counters.ts';

export interface SmsRequest {
  applicationId: string;
  /** Stable over repeats: a message counts once. */
  dedupeId: string;
  /** E.164. */
  to: string;
}

export interface SmsGate {
  /**
   * Counts the message, before it is sent. Undefined: it may go; else why it never will.
   * @throws StoreUnavailableError it may not go yet
   */
  admit(request: SmsRequest): Promise<StepReason | undefined>;
}

type Needs = Pick<Context, 'store' | 'secrets' | 'logger' | 'metrics' | 'phoneNumbers' | 'settings'>;

export function createSmsGate(context: Needs): SmsGate {
  const { phoneNumbers, settings, metrics } = context;
  const counters = createSmsCounters(context.store);
  const judge = async (request: SmsRequest): Promise<StepReason | undefined> => {
    const facts = await phoneNumbers.inspect(request.to);
    const never = neverAllowed(facts, settings.sms);
    const { limits } = settings.sms;
    if (never !== undefined || facts === undefined || limits === undefined) return never;
    return passBounds({ context, counters, request, facts, limits });
  };
  return {
    admit: async (request) => {
      const refused = await judge(request);
      if (refused !== undefined) metrics.smsRefused(refused);
      return refused;
    },
  };
}

interface Passage {
  context: Needs;
  counters: SmsCounters;
  request: SmsRequest;
  facts: NumberFacts;
  limits: SmsLimits;
}

/**
 * The number comes first: whoever floods it takes nothing of anybody else's. The prefix comes last: what it counts as sent is
 * sent, so that no block looks unused for what it never got.
 */
const ranges = ['application', 'country', 'prefix'] as const satisfies Range[];

/**
 * Looks first, so that a bound that is reached costs one look; then counts, where each bound is held again, and takes back what
 * was counted when a later one refuses.
 */
async function passBounds(passage: Passage): Promise<StepReason | undefined> {
  for (const counts of [false, true]) {
    const own = await enterNumber(passage, counts);
    if (own === 'admitted') return undefined;
    if (own === 'refused') return 'budget';
    const refused = await enterRanges(passage, counts);
    if (refused !== undefined && counts) await changeNumber(passage, uncountForNumber);
    if (refused !== undefined) return refused;
  }
  // From now on the same message passes whatever the bounds have become: it may have been sent already.
  await changeNumber(passage, admitForNumber);
  return undefined;
}

async function enterRanges(passage: Passage, counts: boolean): Promise<StepReason | undefined> {
  const entered: Entered[] = [];
  for (const range of ranges) {
    const { refused, at } = await enterRange(passage, range, counts);
    if (refused !== undefined) {
      if (counts) await Promise.all(entered.map((one) => leaveRange(passage, one)));
      return refused;
    }
    entered.push({ range, at });
  }
  return undefined;
}

function enterNumber({ context, counters, request, facts, limits }: Passage, counts: boolean) {
  const { applicationId, dedupeId } = request;
  return counters.change(counterId(context, applicationId, 'number', facts), (counter, now) => {
    const known = counter?.scope === 'number' ? counter : undefined;
    const { next, verdict } = countForNumber(known, dedupeId, limits, now);
    return { next: counts ? next : undefined, answer: verdict };
  });
}

function changeNumber(
  { context, counters, request, facts }: Passage,
  make: (counter: NumberCounter, dedupeId: string) => NumberCounter,
): Promise<void> {
  const { applicationId, dedupeId } = request;
  return counters.change(counterId(context, applicationId, 'number', facts), (counter) => {
    const next = counter?.scope === 'number' ? make(counter, dedupeId) : undefined;
    return { next, answer: undefined };
  });
}

interface Entered {
  range: Range;
  /** When it was counted there. */
  at: Timestamp;
}

/** A refusal may be news: that is kept in any case, so that the operator is told once. */
async function enterRange({ context, counters, request, facts, limits }: Passage, range: Range, counts: boolean) {
  const id = counterId(context, request.applicationId, range, facts);
  const { refused, alarm, at } = await counters.change(id, (counter, now) => {
    const known = counter?.scope === 'number' ? undefined : counter;
    const { next, ...told } = countInRange(known, range, limits, now);
    return { next: counts || told.refused !== undefined ? next : undefined, answer: { ...told, at: now } };
  });
  if (alarm !== undefined) tellOperator(context, request.applicationId, facts, alarm);
  return { refused, at };
}

function leaveRange({ context, counters, request, facts }: Passage, { range, at }: Entered): Promise<void> {
  return counters.change(counterId(context, request.applicationId, range, facts), (counter) => {
    const next = counter === undefined || counter.scope === 'number' ? undefined : uncountInRange(counter, at);
    return { next, answer: undefined };
  });
}

/** Where the count is kept. The application is part of what is hashed, so that no table of all numbers opens every store. */
export function counterId(
  { secrets }: Pick<Context, 'secrets'>,
  applicationId: string,
  scope: Range | 'number',
  facts: NumberFacts,
): string {
  const { number, prefix, country = 'none' } = facts;
  const counted = { number, prefix, country, application: 'all' }[scope];
  return smsCounterKey(applicationId, scope, secrets.hash(`${applicationId}/${scope}/${counted}`));
}

/** The block without its plus: with it, the log would take it for somebody's number and blank it. */
function tellOperator({ logger, metrics }: Needs, applicationId: string, facts: NumberFacts, alarm: SmsAlarm): void {
  const { country, prefix } = facts;
  const block = `${prefix.slice(1)}xxxx`;
  metrics.smsAlarm(alarm.alarm);
  if (alarm.alarm === 'low-conversion') {
    const { sent, converted } = alarm;
    logger.error(
      { alarm: 'sms-low-conversion', applicationId, country, block, sent, converted },
      'hardly any SMS to this block of numbers led to an approval: it gets none for half an hour',
    );
    return;
  }
  const { limit, most } = alarm;
  const where = { prefix: { country, block }, country: { country }, application: {}, day: {} }[limit];
  logger.error(
    { alarm: 'sms-limit-reached', applicationId, limit, most, ...where },
    'an SMS limit is reached: what goes beyond it is refused; if these sign-ins are real, raise VERIHUB_SMS_PER_… or the daily budget',
  );
}
