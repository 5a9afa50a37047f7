// Asked before every SMS: may this number have one, and is there room left within the bounds (security.md, M1 to M3).
import type { NumberFacts } from '../core/phone-number.ts';
import { admitForNumber, countForNumber, countInRange, type Range, type SmsAlarm } from '../core/sms-counter.ts';
import { neverAllowed, type SmsLimits } from '../core/sms-policy.ts';
import type { StepReason } from '../core/verification.ts';
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

/** From the narrowest on: whoever floods one number uses up what that number may have, and nobody else's share. */
const ranges = ['prefix', 'country', 'application'] as const satisfies Range[];

/** Looks first, so that what one bound refuses does not count for the others; then counts, where each bound is held again. */
async function passBounds(passage: Passage): Promise<StepReason | undefined> {
  for (const counts of [false, true]) {
    const own = await enterNumber(passage, counts);
    if (own === 'admitted') return undefined;
    if (own === 'refused') return 'budget';
    for (const range of ranges) {
      const refused = await enterRange(passage, range, counts);
      if (refused !== undefined) return refused;
    }
  }
  await rememberAdmitted(passage);
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

/** A refusal may be news: that is kept in any case, so that the operator is told once. */
async function enterRange({ context, counters, request, facts, limits }: Passage, range: Range, counts: boolean) {
  const id = counterId(context, request.applicationId, range, facts);
  const { refused, alarm } = await counters.change(id, (counter, now) => {
    const known = counter?.scope === 'number' ? undefined : counter;
    const answer = countInRange(known, range, limits, now);
    return { next: counts || answer.refused !== undefined ? answer.next : undefined, answer };
  });
  if (alarm !== undefined) tellOperator(context, request.applicationId, facts, alarm);
  return refused;
}

/** From now on the same message passes whatever the bounds have become: it may have been sent already. */
function rememberAdmitted({ context, counters, request, facts }: Passage): Promise<void> {
  const { applicationId, dedupeId } = request;
  return counters.change(counterId(context, applicationId, 'number', facts), (counter) => {
    const next = counter?.scope === 'number' ? admitForNumber(counter, dedupeId) : undefined;
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
