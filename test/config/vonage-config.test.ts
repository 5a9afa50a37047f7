// What Vonage's options take, and what is warned of.
import { expect } from 'chai';
import { available } from '../../server/config/available.ts';
import { parseConfig } from '../../server/config/parse-config.ts';

const env = {
  VERIHUB_SMS: 'vonage',
  VERIHUB_SMS_COUNTRIES: 'NL,DE,US',
  VERIHUB_VONAGE_APPLICATION_ID: '0196c1de-0000-7000-8000-0123456789ab',
  VERIHUB_VONAGE_PRIVATE_KEY: '/run/secrets/vonage.pem',
  VERIHUB_VONAGE_FROM: 'Example',
  VERIHUB_VONAGE_SIGNATURE_SECRET: 'a-signature-secret-of-32-characters',
};

function parsed(change: Record<string, string | undefined> = {}) {
  const result = parseConfig({ ...env, ...change });
  if (!result.ok) throw new Error(result.faults.join('\n'));
  return result;
}

function faultsOf(change: Record<string, string | undefined>, offered = available): string[] {
  const result = parseConfig({ ...env, ...change }, offered);
  return result.ok ? [] : result.faults;
}

describe("Vonage's options", () => {
  it('are offered, and need no warning when all are there', () => {
    expect(available.sms.vonage).to.equal(true);
    const { config, warnings } = parsed();
    expect(config.sms).to.include({ provider: 'vonage', from: 'Example' });
    expect(warnings).to.deep.equal([]);
  });

  it('are refused where the channel is not built in', () => {
    const [fault, ...more] = faultsOf({}, { ...available, sms: { vonage: false } });
    expect(more).to.deep.equal([]);
    expect(fault).to.include('VERIHUB_SMS is vonage').and.include('not built into this version');
  });

  it('take one sender for all countries and others for single ones', () => {
    const { config } = parsed({ VERIHUB_VONAGE_FROM: 'Example, US = +14155550100 ,FR=Exemple,' });
    expect(config.sms).to.deep.include({ from: 'Example', fromByCountry: { US: '+14155550100', FR: 'Exemple' } });
    expect(parsed().config.sms).to.deep.include({ from: 'Example', fromByCountry: {} });
  });

  const senders: [value: string, says: string][] = [
    ['A name far too long', 'up to 11'],
    ['Example,Other', 'one sender for all countries'],
    ['US=+14155550100', 'one sender for all countries'],
    ['Example,us=+14155550100', 'US=+14155550100'],
    ['Example,US=', 'up to 11'],
    ['Example,US=A name far too long', 'up to 11'],
    ['Example,US=1234567,US=7654321', 'one sender only'],
    ['Example,XX=1234567', 'country'],
  ];
  for (const [value, says] of senders) {
    it(`refuse VERIHUB_VONAGE_FROM=${value}`, () => {
      const faults = faultsOf({ VERIHUB_VONAGE_FROM: value });
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include('VERIHUB_VONAGE_FROM').and.include(says);
    });
  }

  it('warn that receipts need the signature secret', () => {
    const { warnings } = parsed({ VERIHUB_VONAGE_SIGNATURE_SECRET: undefined });
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include('VERIHUB_VONAGE_SIGNATURE_SECRET is not set');
  });

  it('warn of tracing that shows keys, codes and numbers', () => {
    for (const DEBUG of ['*', 'vonage*', 'express:* vonage:jwt:*']) {
      const { warnings } = parsed({ DEBUG });
      expect(warnings, DEBUG).to.have.length(1);
      expect(warnings[0]).to.match(/^DEBUG is .*private key, codes and numbers/);
    }
    expect(parsed({ DEBUG: 'express:*, -vonage*' }).warnings).to.deep.equal([]);
    const elsewhere = parseConfig({ DEBUG: '*' });
    expect(elsewhere.ok && elsewhere.warnings).to.deep.equal([]);
  });
});
