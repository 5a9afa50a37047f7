// What the terminal shows at the start: true for every way in which the API key came about.
import { expect } from 'chai';
import { bannerOf } from '../../server/config/banner.ts';
import type { Config } from '../../server/config/config.ts';
import { parseConfig } from '../../server/config/parse-config.ts';

const apiKey = `vh_bank_${'Ab3dEf6hIj9lMn2pQr5tUv8xYz1'.repeat(2).slice(0, 43)}`;
const origin = 'http://localhost:3000';

function configOf(env: Record<string, string>): Config {
  const parsed = parseConfig(env);
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'));
  return parsed.config;
}

describe('the banner', () => {
  it('shows a key that was just made, and where it is kept', () => {
    const banner = bannerOf(configOf({}), origin, { apiKey, isNew: true });
    expect(banner).to.contain(`${apiKey}   (kept in data/demo-api-key)`).and.contain(`Bearer ${apiKey}"`);
    expect(banner).to.contain(`${origin}/demo/`).and.contain('data/verihub.db');
  });

  it('does not show it again, but how to read it, whatever the path', () => {
    const banner = bannerOf(configOf({ VERIHUB_STORE: 'sqlite:/tmp/my data/hub.db' }), origin, {
      apiKey,
      isNew: false,
    });
    expect(banner).to.contain("Bearer $(cat '/tmp/my data/demo-api-key')").and.not.contain(apiKey);
  });

  it('does not repeat a key that was given, nor name a file that is not there', () => {
    const banner = bannerOf(configOf({ VERIHUB_API_KEY: apiKey }), origin, undefined);
    expect(banner).to.contain('as given in VERIHUB_API_KEY').and.contain('Bearer $VERIHUB_API_KEY');
    expect(banner).not.to.contain('demo-api-key').and.not.contain(apiKey);
  });

  it('says how to get a key where there is none', () => {
    expect(bannerOf(configOf({ VERIHUB_DEMO: 'false' }), origin, undefined)).to.contain('applications create');
  });

  it('keeps nothing of a store in memory, and shows the key of this run', () => {
    const banner = bannerOf(configOf({ VERIHUB_STORE: 'sqlite::memory:' }), origin, { apiKey, isNew: true });
    expect(banner).to.contain(apiKey).and.not.contain('kept in');
  });
});
