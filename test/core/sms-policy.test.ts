// Which numbers get an SMS at all.
import { expect } from 'chai';
import type { NumberFacts, NumberKind } from '../../server/core/phone-number.ts';
import { neverAllowed, type SmsPolicy } from '../../server/core/sms-policy.ts';

const listed: SmsPolicy = { countries: ['NL', 'GB'], limits: undefined };
const nowhere: SmsPolicy = { countries: [], limits: undefined };
const anywhere: SmsPolicy = { countries: 'any', limits: undefined };

function facts(kind: NumberKind, country: string | undefined = 'NL'): NumberFacts {
  return { number: '+31612345678', country, kind, prefix: '+3161234' };
}

describe('the SMS policy', () => {
  it('lets phones of listed countries have SMS', () => {
    for (const kind of ['mobile', 'fixed-line-or-mobile', 'fixed-line', 'voip'] as const) {
      expect(neverAllowed(facts(kind), listed), kind).to.equal(undefined);
    }
  });

  it('refuses every other country, and those that share a code with a listed one', () => {
    for (const country of ['DE', 'GG', 'SO', undefined]) {
      const { number, prefix } = facts('mobile');
      expect(neverAllowed({ number, prefix, country, kind: 'mobile' }, listed)).to.equal('country-not-allowed');
    }
  });

  it('refuses everything while no country is listed', () => {
    expect(neverAllowed(facts('mobile'), nowhere)).to.equal('country-not-allowed');
  });

  const dear = ['premium-rate', 'shared-cost', 'personal', 'toll-free', 'company', 'pager', 'voicemail'] as const;
  for (const kind of dear) {
    it(`refuses ${kind} numbers, wherever they are`, () => {
      for (const policy of [listed, anywhere]) expect(neverAllowed(facts(kind), policy)).to.equal('number-not-allowed');
    });
  }

  it('refuses satellites and global services under every policy', () => {
    const satellite = { number: '+881612345678', country: undefined, kind: 'global', prefix: '+88161234' } as const;
    for (const policy of [listed, anywhere]) expect(neverAllowed(satellite, policy)).to.equal('country-not-allowed');
  });

  it('refuses numbers that nobody was given, but where nothing is really sent', () => {
    expect(neverAllowed(facts('unassigned'), listed)).to.equal('number-not-allowed');
    expect(neverAllowed(facts('unassigned'), anywhere)).to.equal(undefined);
    expect(neverAllowed(undefined, anywhere)).to.equal('number-not-allowed');
  });
});
