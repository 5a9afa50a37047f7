// The environment becomes a config, or a list of every fault in it.
import { expect } from 'chai';
import { available } from '../../server/config/available.ts';
import type { Config } from '../../server/config/config.ts';
import type { Environment } from '../../server/config/option.ts';
import { options } from '../../server/config/options.ts';
import { parseConfig } from '../../server/config/parse-config.ts';

const apiKey = `vh_first_${Buffer.alloc(32, 'verihub').toString('base64url')}`;
const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const production = { VERIHUB_PROFILE: 'production', VERIHUB_PUBLIC_URL: 'https://verify.example.com' };
const everything = {
  store: { redis: true, 'redis-cluster': true },
  push: { fcm: true },
  sms: { vonage: true },
};
const vonage = {
  VERIHUB_SMS: 'vonage',
  VERIHUB_SMS_COUNTRIES: 'NL, DE',
  VERIHUB_VONAGE_APPLICATION_ID: '0196c1de-0000-7000-8000-0123456789ab',
  VERIHUB_VONAGE_PRIVATE_KEY: '/run/secrets/vonage.pem',
  VERIHUB_VONAGE_FROM: 'Example',
};

function configOf(env: Environment, offered = available): Config {
  const parsed = parseConfig(env, offered);
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'));
  return parsed.config;
}

function faultsOf(env: Environment, offered = available): string[] {
  const parsed = parseConfig(env, offered);
  return parsed.ok ? [] : parsed.faults;
}

function warningsOf(env: Environment): string[] {
  const parsed = parseConfig(env);
  return parsed.ok ? parsed.warnings : parsed.faults;
}

describe('the config', () => {
  it('of an empty environment is the demo on this machine', () => {
    const config = configOf({});
    expect(config).to.deep.include({
      profile: 'development',
      demo: true,
      store: { kind: 'sqlite', file: 'data/verihub.db' },
      waits: { socketMs: 3000, pushMs: 10_000, answerMs: 60_000 },
      push: { provider: 'simulated' },
      sms: { provider: 'simulated' },
      retentionDays: 7,
    });
    expect(config.http).to.deep.include({ host: '127.0.0.1', port: 3000, publicUrl: 'http://localhost:3000' });
    expect(config.application).to.deep.equal({
      apiKey: undefined,
      name: 'Example Bank',
      domain: 'localhost',
      webhook: undefined,
    });
    expect(config.sockets.maxPayloadBytes).to.equal(65_536);
    expect(warningsOf({})).to.deep.equal([]);
  });

  it('of production has no demo and reaches nobody by itself', () => {
    const config = configOf(production);
    expect(config).to.deep.include({ demo: false, push: { provider: 'none' }, sms: { provider: 'none' } });
    expect(config.http.host).to.equal('0.0.0.0');
    expect(config.application).to.deep.include({ name: 'verify.example.com', domain: 'verify.example.com' });
    expect(warningsOf(production)).to.deep.equal([]);
  });

  it('leaves the public URL open when the port is', () => {
    expect(configOf({ PORT: '0' }).http.publicUrl).to.equal(undefined);
    expect(configOf({ PORT: '0' }).application.domain).to.equal('localhost');
    expect(configOf({ PORT: '0', VERIHUB_PUBLIC_URL: 'https://a.example' }).http.publicUrl).to.equal(
      'https://a.example',
    );
  });

  it('takes an empty value as none, and drops blanks around one', () => {
    expect(configOf({ PORT: ' ', VERIHUB_PUSH: '' }).http.port).to.equal(3000);
    expect(configOf({ PORT: ' 8080\n' }).http.port).to.equal(8080);
  });

  it('lets providers be elsewhere: over https, or on this machine', () => {
    for (const endpoint of ['https://fcm.example', 'http://localhost:9099', 'http://[::1]:9099', 'http://127.0.0.2']) {
      expect(configOf({ VERIHUB_FCM_ENDPOINT: endpoint }).push, endpoint).to.deep.equal({ provider: 'simulated' });
    }
  });

  it('listens where it is told', () => {
    for (const host of ['localhost', '0.0.0.0', '::', '::1', 'fe80::1', 'hub.internal', '10.0.0.1']) {
      expect(configOf({ HOST: host }).http.host).to.equal(host);
    }
    for (const host of ['localhost', '::1', '127.0.0.2']) expect(warningsOf({ HOST: host }), host).to.deep.equal([]);
  });

  it('may keep nothing while developing', () => {
    const { store } = configOf({ VERIHUB_STORE: 'sqlite::memory:' });
    expect(store).to.deep.equal({ kind: 'sqlite', file: ':memory:' });
  });

  it('reads lists', () => {
    const { http } = configOf({
      VERIHUB_ALLOWED_ORIGINS: 'https://app.example.com, capacitor://localhost ,',
      VERIHUB_TRUSTED_PROXIES: '10.0.0.0/8,::1,fd00::/8',
    });
    expect(http.allowedOrigins).to.deep.equal(['https://app.example.com', 'capacitor://localhost']);
    expect(http.trustedProxies).to.deep.equal(['10.0.0.0/8', '::1', 'fd00::/8']);
  });

  it('reads the first application and its webhook', () => {
    const { application } = configOf({
      VERIHUB_API_KEY: apiKey,
      VERIHUB_APPLICATION_NAME: 'Bank für Jedermann',
      VERIHUB_APPLICATION_DOMAIN: 'login.bank.example',
      VERIHUB_WEBHOOK_URL: 'https://bank.example/hooks?from=verihub',
      VERIHUB_WEBHOOK_SECRET: webhookSecret,
    });
    expect(application).to.deep.equal({
      apiKey,
      name: 'Bank für Jedermann',
      domain: 'login.bank.example',
      webhook: { url: 'https://bank.example/hooks?from=verihub', secret: webhookSecret },
    });
  });

  it('reads providers and stores once they are built in', () => {
    const fcm = {
      VERIHUB_PUSH: 'fcm',
      VERIHUB_FCM_PROJECT_ID: 'my-project',
      VERIHUB_FCM_ENDPOINT: 'http://127.0.0.1:9099',
    };
    const config = configOf({ ...fcm, ...vonage, VERIHUB_STORE: 'redis-cluster://a:7000,[::1]:7001' }, everything);
    expect(config.push).to.deep.equal({
      provider: 'fcm',
      projectId: 'my-project',
      credentials: undefined,
      endpoint: 'http://127.0.0.1:9099',
    });
    expect(config.sms).to.deep.equal({
      provider: 'vonage',
      applicationId: vonage.VERIHUB_VONAGE_APPLICATION_ID,
      privateKey: '/run/secrets/vonage.pem',
      signatureSecret: undefined,
      from: 'Example',
      fromByCountry: {},
      endpoint: undefined,
      countries: ['NL', 'DE'],
    });
    expect(config.store).to.deep.equal({
      kind: 'redis-cluster',
      nodes: [
        { host: 'a', port: 7000 },
        { host: '[::1]', port: 7001 },
      ],
    });
    const url = 'rediss://user:pass@redis.example:6380/0';
    expect(configOf({ VERIHUB_STORE: url }, everything).store).to.deep.equal({ kind: 'redis', url });
  });
});

/** Each value is refused with a fault that names its option and says this. */
const refused: [name: string, value: string, says: string, besides?: Environment][] = [
  ['VERIHUB_PROFILE', 'prod', 'give one of development, production'],
  ['VERIHUB_DEMO', 'yes', 'give true or false'],
  ['PORT', '65536', 'from 0 to 65535'],
  ['PORT', '3000.5', 'whole number'],
  ['PORT', '-1', 'whole number'],
  ['PORT', '0x10', 'whole number'],
  ['PORT', '９９', 'whole number'],
  ['HOST', 'http://localhost', 'host name or an IP address'],
  ['HOST', '1.2.3.4.5', 'host name or an IP address'],
  ['HOST', '999.1.1.1', 'host name or an IP address'],
  ['HOST', ':::', 'host name or an IP address'],
  ['VERIHUB_PUBLIC_URL', 'https://a.example/', 'as https://a.example: no path and no trailing slash'],
  ['VERIHUB_PUBLIC_URL', 'https://a.example/hub', 'no path'],
  ['VERIHUB_PUBLIC_URL', 'https://A.example:443', 'as https://a.example'],
  ['VERIHUB_PUBLIC_URL', 'a.example', 'http or https origin'],
  ['VERIHUB_PUBLIC_URL', 'ftp://a.example', 'http or https origin'],
  ['VERIHUB_PUBLIC_URL', 'https://u:p@a.example', 'origin only'],
  ['VERIHUB_DRAIN_TIMEOUT_MS', '30001', 'from 100 to 30000'],
  ['VERIHUB_STORE', 'postgres://x', 'sqlite:<file>'],
  ['VERIHUB_STORE', 'data.db', 'sqlite:<file>'],
  ['VERIHUB_STORE', 'sqlite:', 'name the database file'],
  ['VERIHUB_STORE', 'sqlite::temp:', 'name the database file'],
  ['VERIHUB_STORE', 'sqlite:///var/x.db', 'right after sqlite:'],
  ['VERIHUB_STORE', 'redis://', 'redis://host:port'],
  ['VERIHUB_STORE', 'redis-cluster://a:1,b', 'redis-cluster://host:port'],
  ['VERIHUB_STORE', 'redis-cluster:a:1', 'redis-cluster://host:port'],
  ['VERIHUB_STORE', 'redis://localhost:6379', 'not built into this version'],
  ['VERIHUB_STORE', 'redis-cluster://a:1,b:2', 'not built into this version'],
  ['VERIHUB_RETENTION_DAYS', '0', 'from 1 to 365'],
  ['VERIHUB_API_KEY', 'secret', 'reads vh_<key id>'],
  ['VERIHUB_API_KEY', `vh_a_${apiKey.slice(-42)}`, '32 random bytes'],
  ['VERIHUB_API_KEY', `vh_a_${'a'.repeat(43)}`, 'placeholder'],
  ['VERIHUB_API_KEY', ' ', 'is empty'],
  ['VERIHUB_APPLICATION_NAME', 'Bank\u202Eknab', 'printable'],
  ['VERIHUB_APPLICATION_NAME', 'a\nb', 'printable'],
  ['VERIHUB_APPLICATION_NAME', 'x'.repeat(65), '1 to 64'],
  ['VERIHUB_APPLICATION_DOMAIN', 'https://a.example', 'without scheme'],
  ['VERIHUB_APPLICATION_DOMAIN', 'a.example:80', 'without scheme, port'],
  ['VERIHUB_APPLICATION_DOMAIN', 'A.example', 'lower case'],
  ['VERIHUB_WEBHOOK_URL', 'javascript:alert(1)', 'http or https URL', { VERIHUB_WEBHOOK_SECRET: webhookSecret }],
  ['VERIHUB_WEBHOOK_URL', 'https://u:p@a.example/', 'user and password', { VERIHUB_WEBHOOK_SECRET: webhookSecret }],
  ['VERIHUB_WEBHOOK_URL', 'https://user@a.example/', 'user and password', { VERIHUB_WEBHOOK_SECRET: webhookSecret }],
  ['VERIHUB_WEBHOOK_URL', 'https://a.example/#x', 'from # on', { VERIHUB_WEBHOOK_SECRET: webhookSecret }],
  ['VERIHUB_WEBHOOK_URL', 'https://a.example/', 'needs VERIHUB_WEBHOOK_SECRET'],
  [
    'VERIHUB_WEBHOOK_URL',
    'http://a.example/',
    'https://, unless VERIHUB_WEBHOOK_ALLOW_PRIVATE',
    { VERIHUB_WEBHOOK_SECRET: webhookSecret },
  ],
  ['VERIHUB_WEBHOOK_SECRET', 'hunter2', 'whsec_', { VERIHUB_WEBHOOK_URL: 'https://a.example/' }],
  [
    'VERIHUB_WEBHOOK_SECRET',
    `whsec_${Buffer.alloc(8).toString('base64')}`,
    '24 to 64 random bytes',
    { VERIHUB_WEBHOOK_URL: 'https://a.example/' },
  ],
  ['VERIHUB_WEBHOOK_SECRET', 'whsec_abc', 'base64', { VERIHUB_WEBHOOK_URL: 'https://a.example/' }],
  ['VERIHUB_WEBHOOK_SECRET', webhookSecret, 'no VERIHUB_WEBHOOK_URL'],
  ['VERIHUB_WEBHOOK_ALLOW_PRIVATE', '1', 'true or false'],
  ['VERIHUB_SOCKET_WAIT_MS', '99', 'from 100 to 600000'],
  ['VERIHUB_PUSH_WAIT_MS', '3 s', 'from 100 to 600000'],
  ['VERIHUB_ANSWER_WAIT_MS', '600001', 'from 100 to 600000'],
  ['VERIHUB_PUSH', 'apns', 'give one of none, simulated, fcm'],
  ['VERIHUB_FCM_PROJECT_ID', 'My Project', 'project id'],
  ['VERIHUB_FCM_CREDENTIALS', 'a\0b', 'path of a file'],
  ['VERIHUB_FCM_ENDPOINT', 'http://fcm.example', 'plain http is for 127.0.0.1'],
  ['VERIHUB_SMS', 'twilio', 'give one of none, simulated, vonage'],
  ['VERIHUB_SMS_COUNTRIES', 'NL,nld', 'two-letter country codes in capitals, e.g. NL,GB (not "nld")'],
  ['VERIHUB_SMS_COUNTRIES', 'NL,UK', 'in capitals, e.g. NL,GB (not "UK")'],
  ['VERIHUB_SMS_PER_NUMBER', '0', 'from 1 to 100'],
  ['VERIHUB_SMS_PER_PREFIX', '0', 'from 1 to 1000000'],
  ['VERIHUB_SMS_PER_COUNTRY', '1e3', 'from 1 to 10000000'],
  ['VERIHUB_SMS_PER_APPLICATION', '-1', 'from 1 to 10000000'],
  ['VERIHUB_SMS_DAILY_BUDGET', '0', 'from 1 to 1000000000'],
  ['VERIHUB_SMS_MIN_CONVERSION_PERCENT', '101', 'from 0 to 100'],
  ['VERIHUB_VONAGE_APPLICATION_ID', 'abc', 'UUID'],
  ['VERIHUB_VONAGE_PRIVATE_KEY', 'a\0b', 'path of a file'],
  ['VERIHUB_VONAGE_SIGNATURE_SECRET', 'short', '16 to 256'],
  ['VERIHUB_VONAGE_FROM', 'A name far too long', 'up to 11'],
  ['VERIHUB_VONAGE_ENDPOINT', 'http://api.example', 'plain http is for 127.0.0.1'],
  ['VERIHUB_ALLOWED_ORIGINS', '*', 'every page'],
  ['VERIHUB_ALLOWED_ORIGINS', 'https://a.example,null', 'every page'],
  ['VERIHUB_ALLOWED_ORIGINS', 'https://a.example/x', 'no path'],
  ['VERIHUB_ALLOWED_ORIGINS', 'https://*.example', 'origin'],
  ['VERIHUB_ALLOWED_ORIGINS', 'http://a.example:80', 'as http://a.example'],
  ['VERIHUB_ALLOWED_ORIGINS', 'App://localhost', 'origin'],
  ['VERIHUB_ALLOWED_ORIGINS', 'app.example', 'origin'],
  ['VERIHUB_TRUSTED_PROXIES', '10.0.0.0/33', 'IP addresses or networks'],
  ['VERIHUB_TRUSTED_PROXIES', 'proxy.example', 'IP addresses or networks'],
  ['VERIHUB_TRUSTED_PROXIES', '0.0.0.0/0', 'trust everybody'],
  ['VERIHUB_TRUSTED_PROXIES', '10.0.0.0/8/8', 'IP addresses or networks'],
  ['VERIHUB_HEADERS_TIMEOUT_MS', '999', 'from 1000 to 120000'],
  ['VERIHUB_REQUEST_TIMEOUT_MS', '120001', 'from 1000 to 120000'],
  ['VERIHUB_REQUEST_TIMEOUT_MS', '5000', 'below VERIHUB_HEADERS_TIMEOUT_MS'],
  ['VERIHUB_KEEP_ALIVE_TIMEOUT_MS', '0', 'from 1000 to 600000'],
  ['VERIHUB_PING_INTERVAL_MS', '999', 'from 1000 to 300000'],
  ['VERIHUB_PING_TIMEOUT_MS', '499', 'from 500 to 300000'],
  ['VERIHUB_CONNECT_TIMEOUT_MS', '499', 'from 500 to 120000'],
  ['VERIHUB_MAX_PAYLOAD_BYTES', '1048577', 'from 16384 to 1048576'],
  ['VERIHUB_LOG_LEVEL', 'trace', 'give one of debug'],
  ['VERIHUB_METRICS_TOKEN', 'short', '16 to 256'],
];

describe('a config fault', () => {
  for (const [name, value, says, besides] of refused) {
    it(`${name}=${JSON.stringify(value)}: ${says}`, () => {
      const faults = faultsOf({ ...besides, [name]: value });
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include(name).and.include(says).and.match(/\.$/);
    });
  }

  it('is tried for every option', () => {
    const tried = new Set(refused.map(([name]) => name));
    expect(Object.values(options).filter((row) => !tried.has(row.name))).to.deep.equal([]);
  });

  it('is told together with all the others', () => {
    const env = Object.fromEntries(refused.toReversed().map(([name, value]) => [name, value]));
    const faults = faultsOf(env);
    for (const name of new Set(refused.map(([tried]) => tried))) {
      expect(
        faults.some((fault) => fault.includes(name)),
        name,
      ).to.equal(true);
    }
  });

  it('never shows a secret', () => {
    const canary = 'canary-7c1f';
    const secrets = Object.values(options).filter((row) => 'secret' in row);
    expect(secrets.map((row) => row.name)).to.include.members([
      'VERIHUB_API_KEY',
      'VERIHUB_STORE',
      'VERIHUB_METRICS_TOKEN',
    ]);
    const faults = faultsOf(Object.fromEntries(secrets.map((row) => [row.name, `${canary} ${canary}`])));
    expect(faults).to.have.length.of.at.least(secrets.length);
    expect(faults.join('\n')).not.to.include('canary');
  });

  it('shows a long value cut, on one line', () => {
    const [fault] = faultsOf({ PORT: `1\n${'2'.repeat(500)}` });
    expect(fault).to.have.length.below(140).and.not.include('\n');
  });
});

describe('in production', () => {
  const cases: [env: Environment, says: string][] = [
    [{ VERIHUB_DEMO: 'true' }, 'VERIHUB_DEMO is true in production'],
    [{ VERIHUB_PUBLIC_URL: undefined }, 'VERIHUB_PUBLIC_URL must be set in production'],
    [{ VERIHUB_PUBLIC_URL: 'http://localhost:3000' }, 'VERIHUB_PUBLIC_URL must begin with https://'],
    [{ VERIHUB_PUSH: 'simulated' }, 'VERIHUB_PUSH is simulated in production'],
    [{ VERIHUB_SMS: 'simulated' }, 'VERIHUB_SMS is simulated in production'],
    [{ VERIHUB_STORE: 'sqlite::memory:' }, 'VERIHUB_STORE is in memory in production'],
  ];
  for (const [env, says] of cases) {
    it(`refuses: ${says}`, () => {
      const faults = faultsOf({ ...production, ...env });
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include(says);
    });
  }
});

describe('a provider', () => {
  for (const name of Object.keys(vonage).filter((key) => key !== 'VERIHUB_SMS')) {
    it(`vonage needs ${name}`, () => {
      expect(faultsOf({ ...vonage, [name]: undefined }, everything)).to.deep.equal([
        `${name} must be set for VERIHUB_SMS=vonage.`,
      ]);
    });
  }

  it('fcm needs its project', () => {
    const faults = faultsOf({ VERIHUB_PUSH: 'fcm' }, everything);
    expect(faults).to.deep.equal(['VERIHUB_FCM_PROJECT_ID must be set for VERIHUB_PUSH=fcm.']);
  });
});

describe('a config warning', () => {
  const cases: [env: Environment, says: string][] = [
    [
      { VERIHUB_SOCKET_WAIT: '1' },
      'VERIHUB_SOCKET_WAIT is not an option and has no effect. Did you mean VERIHUB_SOCKET_WAIT_MS?',
    ],
    [{ VERIHUB_PUBLICURL: 'x' }, 'Did you mean VERIHUB_PUBLIC_URL?'],
    [{ HOST: '0.0.0.0' }, 'The demo is open to everybody'],
    [{ VERIHUB_PUBLIC_URL: 'http://192.168.1.4:3000' }, 'browsers keep no device keys there'],
    [{ ...production, VERIHUB_ALLOWED_ORIGINS: 'http://a.example' }, 'plain http origin'],
    [{ ...production, VERIHUB_WEBHOOK_ALLOW_PRIVATE: 'true' }, 'reach into your network'],
    [
      { VERIHUB_DEMO: 'false', VERIHUB_WEBHOOK_URL: 'https://a.example/', VERIHUB_WEBHOOK_SECRET: webhookSecret },
      'no VERIHUB_API_KEY',
    ],
  ];
  for (const [env, says] of cases) {
    it(says, () => {
      const warnings = warningsOf(env);
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.include(says);
    });
  }

  it('about an unknown name suggests nothing far-fetched, and never shows its value', () => {
    expect(warningsOf({ VERIHUB_BANANA: 'canary' })).to.deep.equal([
      'VERIHUB_BANANA is not an option and has no effect.',
    ]);
  });

  it('leaves other programs alone', () => {
    expect(warningsOf({ PATH: '/bin', HOSTNAME: 'x', PORTS: '1' })).to.deep.equal([]);
  });
});
