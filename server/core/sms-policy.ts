// Which numbers get an SMS at all, and how many of them: the bounds on what SMS fraud can cost (security.md, M1 to M3).
import type { NumberFacts, NumberKind } from './phone-number.ts';
import type { StepReason } from './verification.ts';

export interface SmsPolicy {
  /** ISO 3166-1 alpha-2. `any`: what is sent reaches nobody and costs nothing. */
  countries: readonly string[] | 'any';
  /** Undefined: nothing is counted. */
  limits: SmsLimits | undefined;
}

/** How many messages one application may send. The first four hold for any ten minutes. */
export interface SmsLimits {
  perNumber: number;
  /** A block of ten thousand numbers. */
  perPrefix: number;
  perCountry: number;
  perApplication: number;
  /** In any 24 hours. */
  perDay: number;
  /** Of those a block gets in an hour, the part in percent that must lead to an approval. 0: any will do. */
  minConversionPercent: number;
}

/** Their owner earns from what is sent to them, or they are no person's own phone. */
const refusedKinds: ReadonlySet<NumberKind> = new Set<NumberKind>([
  'premium-rate',
  'shared-cost',
  // UK 070 looks like a mobile number and costs like a premium one (Ofcom, "Personal numbering", 2019).
  'personal',
  'toll-free',
  'company',
  'pager',
  'voicemail',
]);

/** Why a number can never get an SMS; undefined: it can. */
export function neverAllowed(facts: NumberFacts | undefined, { countries }: SmsPolicy): StepReason | undefined {
  if (facts === undefined || refusedKinds.has(facts.kind)) return 'number-not-allowed';
  if (facts.kind === 'global') return 'country-not-allowed';
  if (countries === 'any') return undefined;
  if (facts.country === undefined || !countries.includes(facts.country)) return 'country-not-allowed';
  // Numbers that were given to nobody are a way to be paid for calls that end nowhere.
  return facts.kind === 'unassigned' ? 'number-not-allowed' : undefined;
}
