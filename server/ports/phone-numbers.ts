// What is known about phone numbers without asking anybody.
import type { NumberFacts } from '../core/phone-number.ts';

export interface PhoneNumbers {
  /**
   * What the numbering plans say of a number in E.164. Says nothing of whether it is in use.
   * Undefined: no such number is possible, in any country.
   */
  inspect(e164: string): Promise<NumberFacts | undefined>;
}
