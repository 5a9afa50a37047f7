// How many SMS may be sent: the options that bound what SMS fraud can cost.
import { integer } from './kinds.ts';
import { option } from './option.ts';

const uncounted = (limit: number): string => `\`${limit}\`; none with \`simulated\``;

/** With the simulated provider, which costs nothing, they hold only once one of them is set. */
export const smsLimitOptions = {
  smsPerNumber: option({
    name: 'VERIHUB_SMS_PER_NUMBER',
    type: integer(1, 100),
    default: 3,
    defaultText: uncounted(3),
    group: 'SMS',
    text: 'SMS that an application may send to one number in any ten minutes. With `simulated` this and the limits below hold once one of them is set.',
  }),
  smsPerPrefix: option({
    name: 'VERIHUB_SMS_PER_PREFIX',
    type: integer(1, 1_000_000),
    default: 100,
    defaultText: uncounted(100),
    group: 'SMS',
    text: 'The same to a block of 10,000 numbers (all but the last four digits): fraudsters rent numbers by the block.',
  }),
  smsPerCountry: option({
    name: 'VERIHUB_SMS_PER_COUNTRY',
    type: integer(1, 10_000_000),
    default: 1000,
    defaultText: uncounted(1000),
    group: 'SMS',
    text: 'The same to one country.',
  }),
  smsPerApplication: option({
    name: 'VERIHUB_SMS_PER_APPLICATION',
    type: integer(1, 10_000_000),
    default: 2000,
    defaultText: uncounted(2000),
    group: 'SMS',
    text: 'The same to all numbers together.',
  }),
  smsDailyBudget: option({
    name: 'VERIHUB_SMS_DAILY_BUDGET',
    type: integer(1, 1_000_000_000),
    default: 10_000,
    defaultText: uncounted(10_000),
    group: 'SMS',
    text: 'SMS that an application may send in any 24 hours. Times the dearest price among your countries, this is what a day can cost.',
  }),
  smsMinConversion: option({
    name: 'VERIHUB_SMS_MIN_CONVERSION_PERCENT',
    type: integer(0, 100),
    default: 10,
    defaultText: uncounted(10),
    group: 'SMS',
    text: 'When less than this part of 50 or more SMS to a block within an hour led to an approval, the block gets none for half an hour, and an alarm is logged. 0: never.',
  }),
} as const;
