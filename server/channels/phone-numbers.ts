// Phone numbers by the numbering plans that libphonenumber keeps: country, kind, block.
import type { PhoneNumber, PhoneNumberType } from 'libphonenumber-js/max';
import type { NumberFacts, NumberKind } from '../core/phone-number.ts';
import type { PhoneNumbers } from '../ports/phone-numbers.ts';

const kinds: Readonly<Record<PhoneNumberType, NumberKind>> = {
  MOBILE: 'mobile',
  FIXED_LINE: 'fixed-line',
  FIXED_LINE_OR_MOBILE: 'fixed-line-or-mobile',
  VOIP: 'voip',
  PERSONAL_NUMBER: 'personal',
  TOLL_FREE: 'toll-free',
  SHARED_COST: 'shared-cost',
  PREMIUM_RATE: 'premium-rate',
  PAGER: 'pager',
  UAN: 'company',
  VOICEMAIL: 'voicemail',
};

/** ITU-T E.164, section 6.2.1. */
const e164 = /^\+[1-9]\d{6,14}$/;

/** The plans take some 20 MB and 60 ms to load: only a hub that meets a phone number pays for them. */
export function createPhoneNumbers(): PhoneNumbers {
  let loading: Promise<(text: string) => PhoneNumber | undefined> | undefined;
  return {
    inspect: async (number) => {
      if (!e164.test(number)) return undefined;
      loading ??= import('libphonenumber-js/max').then((plans) => plans.parsePhoneNumberFromString);
      const parsed = (await loading)(number);
      // Possible is all that is asked here: a range may be newer than these plans.
      return parsed?.isPossible() === true ? factsOf(parsed) : undefined;
    },
  };
}

function factsOf(parsed: PhoneNumber): NumberFacts {
  const { number, country } = parsed;
  return { number, country, kind: kindOf(parsed), prefix: number.slice(0, -4) };
}

function kindOf(parsed: PhoneNumber): NumberKind {
  // 870 Inmarsat, 881 satellite systems, 882 and 883 international networks, 800, 808, 878 and 979 global services.
  if (parsed.isNonGeographic()) return 'global';
  const type = parsed.getType();
  return type === undefined ? 'unassigned' : kinds[type];
}
