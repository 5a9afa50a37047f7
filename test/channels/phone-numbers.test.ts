// Countries, kinds and blocks of real numbering plans.
import { expect } from 'chai';
import { createPhoneNumbers } from '../../server/channels/phone-numbers.ts';

const { inspect } = createPhoneNumbers();

describe('phone numbers', () => {
  const known: Record<string, [country: string | undefined, kind: string]> = {
    '+31612345678': ['NL', 'mobile'],
    '+31201234567': ['NL', 'fixed-line'],
    '+31900123456': ['NL', 'premium-rate'],
    '+31850012345': ['NL', 'voip'],
    '+31881234567': ['NL', 'company'],
    '+12025550123': ['US', 'fixed-line-or-mobile'],
    '+447012345678': ['GB', 'personal'],
    '+448081570000': ['GB', 'toll-free'],
    '+33826123456': ['FR', 'shared-cost'],
  };
  for (const [number, [country, kind]] of Object.entries(known)) {
    it(`${number} is ${kind} of ${country}`, async () => {
      expect(await inspect(number)).to.deep.include({ number, country, kind });
    });
  }

  it('that share a country code are told apart: a neighbour may cost ten times as much', async () => {
    const countries = { '+18765550123': 'JM', '+447911123456': 'GG', '+77011234567': 'KZ', '+79161234567': 'RU' };
    for (const [number, country] of Object.entries(countries)) {
      expect(await inspect(number), number).to.include({ country, kind: 'mobile' });
    }
  });

  it('of satellites and global services belong to no country', async () => {
    const numbers = [
      '+870773111632',
      '+881612345678',
      '+88213123456',
      '+8835100012345',
      '+80012345678',
      '+80812345678',
    ];
    for (const number of numbers) {
      expect(await inspect(number), number).to.deep.include({ country: undefined, kind: 'global' });
    }
  });

  it('that no plan has given out yet are unassigned, not impossible', async () => {
    expect(await inspect('+31612345')).to.deep.include({ country: 'NL', kind: 'unassigned' });
    // Ofcom keeps it for films: it will never be anybody's.
    expect(await inspect('+447700900123')).to.deep.include({ country: undefined, kind: 'unassigned' });
  });

  it('that cannot be are not known at all', async () => {
    const never = [
      '+123456789012345',
      '+15550100',
      '+99912345678',
      '+31970102812345',
      '0612345678',
      'call +31612345678',
      '',
    ];
    for (const number of never) expect(await inspect(number), number).to.equal(undefined);
  });

  it('have one spelling, so that no spelling has a count of its own', async () => {
    expect(await inspect('+4407911123456')).to.deep.include({ number: '+447911123456' });
  });

  it('are in a block of ten thousand', async () => {
    expect(await inspect('+31612345678')).to.include({ prefix: '+3161234' });
    expect(await inspect('+31612349999')).to.include({ prefix: '+3161234' });
    expect(await inspect('+31612350000')).to.include({ prefix: '+3161235' });
  });
});
