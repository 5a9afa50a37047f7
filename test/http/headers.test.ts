// What every reply carries: a request id, headers for browsers, and who may read it across origins.
import { expect } from 'chai';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { startVerification } from '../support/rest-scenes.ts';

const page = 'https://bank.test';

describe('reply headers', () => {
  let hub: CheckedHub;
  before(async () => {
    hub = await startCheckedHub({ VERIHUB_ALLOWED_ORIGINS: page, VERIHUB_PUBLIC_URL: 'https://hub.test' });
  });
  after(() => hub.close());

  const everywhere: [method: string, path: string][] = [
    ['GET', '/healthz'],
    ['GET', '/nowhere'],
    ['PATCH', '/v1/verifications'],
    ['POST', '/v1/verifications'],
    ['GET', '/v1/users/nobody'],
    ['OPTIONS', '/v1/verifications'],
    ['GET', '/v1/users/%ff'],
    ['GET', '/enroll'],
  ];
  for (const [method, path] of everywhere) {
    it(`come with ${method} ${path}`, async () => {
      const { headers } = await hub.call(method, path);
      expect(headers.get('x-request-id')).to.match(/^[0-9a-f-]{36}$/);
      expect(headers.get('x-content-type-options')).to.equal('nosniff');
      expect(headers.get('referrer-policy')).to.equal('no-referrer');
      expect(headers.get('x-frame-options')).to.equal('DENY');
      expect(headers.get('content-security-policy')).to.match(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(headers.get('strict-transport-security')).to.match(/^max-age=31536000/);
      expect(headers.get('vary')).to.include('Origin');
      expect(headers.get('x-powered-by')).to.equal(null);
      expect(headers.get('server')).to.equal(null);
    });
  }

  it('promise https only where the hub is reached over it', async () => {
    await using plain = await startCheckedHub();
    expect((await plain.call('GET', '/healthz')).headers.get('strict-transport-security')).to.equal(null);
  });

  it('keep API replies out of caches, and let keys and the page in', async () => {
    const { id } = await startVerification(hub, 'alice');
    for (const path of [`/v1/verifications/${id}`, '/v1/users/nobody', '/healthz']) {
      expect((await hub.call('GET', path)).headers.get('cache-control'), path).to.equal('no-store');
    }
    expect((await hub.call('GET', '/.well-known/jwks.json')).headers.get('cache-control')).to.match(
      /^public, max-age=/,
    );
  });

  it('take over a well-formed request id, and no other', async () => {
    const ask = (id: string) => hub.call('GET', '/nowhere', { headers: { 'x-request-id': id } });
    const taken = await ask('trace-4711.a_B');
    expect(taken.headers.get('x-request-id')).to.equal('trace-4711.a_B');
    expect(taken.body['requestId']).to.equal('trace-4711.a_B');
    for (const bad of ['short', 'x'.repeat(65), 'has space', 'semi;colon', '{"a":1}']) {
      expect((await ask(bad)).headers.get('x-request-id'), bad).to.match(/^[0-9a-f-]{36}$/);
    }
  });

  it('name the scheme with every 401', async () => {
    const { status, headers } = await hub.call('GET', '/v1/users/alice', { token: null });
    expect(status).to.equal(401);
    expect(headers.get('www-authenticate')).to.equal('Bearer realm="verihub"');
  });

  it('say when to come back, in the header and in the body', async () => {
    await hub.call('PUT', '/v1/users/carol', { body: { phoneNumber: '+31612345678' } });
    const { id } = await startVerification(hub, 'carol', { steps: ['sms'] });
    const { status, headers, body } = await hub.call('POST', `/v1/verifications/${id}/resend`);
    expect(status).to.equal(429);
    expect(body['code']).to.equal('resend-too-soon');
    expect(Number(headers.get('retry-after'))).to.be.within(1, 30);
    expect(body['retryAfter']).to.equal(Number(headers.get('retry-after')));
  });
});

describe('web origins', () => {
  let hub: CheckedHub;
  before(async () => {
    hub = await startCheckedHub({
      VERIHUB_ALLOWED_ORIGINS: `${page},http://localhost:8080`,
      VERIHUB_PUBLIC_URL: 'https://hub.test',
    });
  });
  after(() => hub.close());

  const from = (origin: string, path = '/v1/users/nobody', method = 'GET') =>
    hub.call(method, path, { headers: { origin } });

  for (const origin of [page, 'http://localhost:8080', 'https://hub.test']) {
    it(`lets ${origin} in`, async () => {
      const { status, headers } = await from(origin);
      expect(status).to.equal(404);
      expect(headers.get('access-control-allow-origin')).to.equal(origin);
      expect(headers.get('access-control-expose-headers')).to.equal('X-Request-Id, Retry-After');
      expect(headers.get('access-control-allow-credentials')).to.equal(null);
    });
  }

  const strangers = [
    'null',
    'https://bank.test.evil.test',
    'https://evilbank.test',
    'http://bank.test',
    'https://bank.test:8443',
    'https://BANK.test',
    'https://bank.test/',
    'https://sub.bank.test',
    '',
    'file://',
    'https://bank.test https://evil.test',
    '*',
  ];
  for (const origin of strangers) {
    it(`keeps ${JSON.stringify(origin)} out, with a good credential too`, async () => {
      for (const path of ['/v1/users/nobody', '/healthz', '/.well-known/jwks.json', '/nowhere']) {
        const { status, headers, body } = await from(origin, path);
        expect(status, path).to.equal(403);
        expect(body['code']).to.equal('origin-not-allowed');
        expect(headers.get('access-control-allow-origin')).to.equal(null);
      }
    });
  }

  it('does nothing for a stranger', async () => {
    const body = { delivery: 'push' };
    const { status } = await hub.call('PUT', '/v1/users/mallory', { body, headers: { origin: 'https://evil.test' } });
    expect(status).to.equal(403);
    expect((await hub.call('GET', '/v1/users/mallory')).status).to.equal(404);
  });

  it('answers preflights of listed origins, and of no other', async () => {
    const ask = (origin: string) =>
      hub.call('OPTIONS', '/v1/verifications', {
        token: null,
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      });
    const { status, headers } = await ask(page);
    expect(status).to.equal(204);
    expect(headers.get('access-control-allow-origin')).to.equal(page);
    expect(headers.get('access-control-allow-methods')).to.equal('GET, POST, PUT, DELETE');
    expect(headers.get('access-control-allow-headers')).to.match(/Authorization, Content-Type, Idempotency-Key/);
    expect((await ask('https://evil.test')).status).to.equal(403);
  });

  it('lets a page read problems too', async () => {
    const { status, headers } = await hub.call('POST', '/v1/verifications', { token: null, headers: { origin: page } });
    expect(status).to.equal(401);
    expect(headers.get('access-control-allow-origin')).to.equal(page);
  });
});
