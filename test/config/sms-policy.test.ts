// Whom SMS may go to: nobody until real providers are told, everybody where it costs nothing.
import { expect } from 'chai';
import { getCountries } from 'libphonenumber-js/max';
import type { SmsPolicy } from '../../server/core/sms-policy.ts';
import { countries } from '../../server/config/countries.ts';
import type { Environment } from '../../server/config/option.ts';
import { parseConfig } from '../../server/config/parse-config.ts';

const vonage = {
  VERIHUB_SMS: 'vonage',
  VERIHUB_SMS_COUNTRIES: 'NL,DE',
  VERIHUB_VONAGE_APPLICATION_ID: '0196c1de-0000-7000-8000-0123456789ab',
  VERIHUB_VONAGE_PRIVATE_KEY: '/run/secrets/vonage.pem',
  VERIHUB_VONAGE_FROM: 'Example',
};
const offered = { store: { redis: true, 'redis-cluster': true }, push: { fcm: true }, sms: { vonage: true } };
const defaults = {
  perNumber: 3,
  perPrefix: 100,
  perCountry: 1000,
  perApplication: 2000,
  perDay: 10_000,
  minConversionPercent: 10,
};

function policyOf(env: Environment): SmsPolicy {
  const parsed = parseConfig(env, offered);
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'));
  return parsed.config.smsPolicy;
}

function faultsOf(env: Environment): string[] {
  const parsed = parseConfig(env, offered);
  return parsed.ok ? [] : parsed.faults;
}

describe('the SMS policy', () => {
  it('of a real provider bounds everything from the start, and has no country but those named', () => {
    expect(policyOf(vonage)).to.deep.equal({ countries: ['NL', 'DE'], limits: defaults });
  });

  it('of a real provider must name countries: without, nothing could be sent', () => {
    const { VERIHUB_SMS_COUNTRIES: _left, ...unnamed } = vonage;
    for (const env of [unnamed, { ...vonage, VERIHUB_SMS_COUNTRIES: ' ' }]) {
      expect(faultsOf(env)).to.deep.equal(['VERIHUB_SMS_COUNTRIES must be set for VERIHUB_SMS=vonage.']);
    }
    const [fault, ...more] = faultsOf({ ...vonage, VERIHUB_SMS_COUNTRIES: ',' });
    expect(more).to.deep.equal([]);
    expect(fault).to.match(/^VERIHUB_SMS_COUNTRIES names no country/);
  });

  it('takes each limit', () => {
    const set = {
      VERIHUB_SMS_PER_NUMBER: '1',
      VERIHUB_SMS_PER_PREFIX: '2',
      VERIHUB_SMS_PER_COUNTRY: '3',
      VERIHUB_SMS_PER_APPLICATION: '4',
      VERIHUB_SMS_DAILY_BUDGET: '5',
      VERIHUB_SMS_MIN_CONVERSION_PERCENT: '6',
    };
    const limits = { perNumber: 1, perPrefix: 2, perCountry: 3, perApplication: 4, perDay: 5, minConversionPercent: 6 };
    expect(policyOf({ ...vonage, ...set }).limits).to.deep.equal(limits);
  });

  it('of the simulated provider is open, and holds what is set', () => {
    expect(policyOf({})).to.deep.equal({ countries: 'any', limits: undefined });
    expect(policyOf({ VERIHUB_SMS_COUNTRIES: 'NL' })).to.deep.equal({ countries: ['NL'], limits: undefined });
    const limits = { ...defaults, perDay: 7 };
    expect(policyOf({ VERIHUB_SMS_DAILY_BUDGET: '7' })).to.deep.equal({ countries: 'any', limits });
  });

  it('without SMS allows nothing', () => {
    expect(policyOf({ VERIHUB_SMS: 'none' })).to.deep.equal({ countries: [], limits: defaults });
  });

  it('knows the countries that numbers can be of', () => {
    expect([...countries].toSorted()).to.deep.equal(getCountries().toSorted());
  });
});
