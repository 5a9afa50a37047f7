// The options of FCM: what they become, and what is said when one is missing.
import { expect } from 'chai';
import { available } from '../../server/config/available.ts';
import type { Environment } from '../../server/config/option.ts';
import { parseConfig } from '../../server/config/parse-config.ts';

const without = { ...available, push: { fcm: false } };

function pushOf(env: Environment) {
  const parsed = parseConfig(env);
  return parsed.ok ? parsed.config.push : parsed.faults;
}

describe('the options of FCM', () => {
  it('are off by default', () => {
    expect(pushOf({})).to.deep.equal({ provider: 'simulated' });
    expect(pushOf({ VERIHUB_DEMO: 'false' })).to.deep.equal({ provider: 'none' });
    expect(pushOf({ VERIHUB_FCM_PROJECT_ID: 'my-project', VERIHUB_DEMO: 'false' })).to.deep.equal({ provider: 'none' });
  });

  it('need a project only: credentials come from where the hub runs', () => {
    const env = { VERIHUB_PUSH: 'fcm', VERIHUB_FCM_PROJECT_ID: 'my-project' };
    const config = { provider: 'fcm', projectId: 'my-project', credentials: undefined, endpoint: undefined };
    expect(pushOf(env)).to.deep.equal(config);
    expect(pushOf({ ...env, VERIHUB_FCM_CREDENTIALS: '/run/secrets/fcm.json' })).to.deep.equal({
      ...config,
      credentials: '/run/secrets/fcm.json',
    });
    expect(pushOf({ ...env, VERIHUB_FCM_ENDPOINT: 'https://fcm.example' })).to.deep.equal({
      ...config,
      endpoint: 'https://fcm.example',
    });
  });

  it('say what is missing', () => {
    expect(pushOf({ VERIHUB_PUSH: 'fcm' })).to.deep.equal(['VERIHUB_FCM_PROJECT_ID must be set for VERIHUB_PUSH=fcm.']);
  });

  it('are refused where the channel is not built in', () => {
    const parsed = parseConfig({ VERIHUB_PUSH: 'fcm', VERIHUB_FCM_PROJECT_ID: 'my-project' }, without);
    const [fault, ...more] = parsed.ok ? [] : parsed.faults;
    expect(more).to.deep.equal([]);
    expect(fault).to.include('VERIHUB_PUSH is fcm').and.include('not built into this version');
  });
});
