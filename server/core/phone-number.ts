// What a phone number says about itself by the numbering plans of the world.

/** As the plans name them. `global` belongs to no country: satellite phones, international networks and services. */
export type NumberKind =
  | 'mobile'
  | 'fixed-line'
  | 'fixed-line-or-mobile'
  | 'voip'
  | 'personal'
  | 'toll-free'
  | 'shared-cost'
  | 'premium-rate'
  | 'pager'
  | 'company'
  | 'voicemail'
  | 'global'
  | 'unassigned';

export interface NumberFacts {
  /** E.164 in its one canonical spelling: a trunk zero or the like after the country code is gone. */
  number: string;
  /** ISO 3166-1 alpha-2. Undefined when the number belongs to no country, or to none of those that share its code. */
  country: string | undefined;
  kind: NumberKind;
  /** The block of ten thousand that it is in: the number without its last four digits. Fraudsters rent numbers by the block. */
  prefix: string;
}
