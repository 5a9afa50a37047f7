/** The relying party's REST client: every call of the contract, repeats that are safe, and errors that say what to do. */
import { expect } from 'chai';
import { createRelyingParty } from '../../client-sdk/relying-party.ts';
import type { RelyingParty, VerihubError } from '../../client-sdk/relying-party.ts';
import { rejectionOf, until } from './support/conditions.ts';
import { createFakeRuntime } from './support/fake-runtime.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub, Scripted } from './support/fake-hub.ts';
import { verification } from './support/wire.ts';

const create = 'POST /v1/verifications';
const created: Scripted = {
  status: 201,
  body: { verification: verification(), waiterToken: 'w', serverTime: '2026-01-01T00:00:00Z' },
};
const request = { userId: 'alice', action: 'Sign in' };

describe('the relying party client', () => {
  let hub: FakeHub;
  let party: RelyingParty;

  beforeEach(async () => {
    hub = await startFakeHub();
    party = createRelyingParty({ hub: hub.origin, apiKey: 'vh_k_s', runtime: { random: () => 0 } });
  });
  afterEach(() => hub.close());

  it('creates with its API key and an idempotency key, the same one when the reply was lost', async () => {
    let calls = 0;
    hub.route(create, () => (++calls === 1 ? 'drop' : calls === 2 ? problem('request-in-flight', 409) : created));
    const reply = await party.createVerification(request);
    expect(reply).to.include({ waiterToken: 'w' });
    const headers = hub.seen(create).map((call) => call.headers);
    expect(headers.map((each) => each['idempotency-key'])).to.deep.equal(Array(3).fill(headers[0]!['idempotency-key']));
    expect(headers[0]!['idempotency-key']).to.be.a('string').with.length.above(20);
    expect(headers[0]!.authorization).to.equal('Bearer vh_k_s');
    expect(hub.seen(create)[0]!.body).to.deep.equal(request);
    await party.createVerification(request);
    expect(hub.seen(create)[3]!.headers['idempotency-key']).not.to.equal(headers[0]!['idempotency-key']);
    await party.createVerification(request, { idempotencyKey: 'mine' });
    expect(hub.seen(create)[4]!.headers['idempotency-key']).to.equal('mine');
  });

  it('speaks every call of the contract', async () => {
    const view = { verification: verification(), serverTime: 'x' };
    const user = { user: { userId: 'a/b', delivery: 'push', createdAt: 'x' }, serverTime: 'x' };
    const table: [string, () => Promise<unknown>, Scripted, unknown, unknown?][] = [
      [
        'GET /v1/verifications/ver_1',
        () => party.getVerification('ver_1'),
        { status: 200, body: view },
        view.verification,
      ],
      [
        'POST /v1/verifications/ver_1/code',
        () => party.submitCode('ver_1', '123456'),
        { status: 200, body: view },
        view.verification,
        { code: '123456' },
      ],
      [
        'POST /v1/verifications/ver_1/resend',
        () => party.resend('ver_1', 'sms'),
        { status: 200, body: view },
        view.verification,
        { step: 'sms' },
      ],
      [
        'POST /v1/verifications/ver_1/resend',
        () => party.resend('ver_1'),
        { status: 200, body: view },
        view.verification,
        {},
      ],
      [
        'POST /v1/verifications/ver_1/cancel',
        () => party.cancel('ver_1'),
        { status: 200, body: view },
        view.verification,
        {},
      ],
      [
        'GET /v1/verifications/ver_1/timeline',
        () => party.timeline('ver_1'),
        { status: 200, body: { timeline: [], serverTime: 'x' } },
        [],
      ],
      [
        'POST /v1/verifications/ver_1/trust',
        () => party.trust('ver_1', { days: 7 }),
        { status: 201, body: { trustToken: 't' } },
        { trustToken: 't' },
        { days: 7 },
      ],
      [
        'PUT /v1/users/a%2Fb',
        () => party.putUser('a/b', { delivery: 'push' }),
        { status: 200, body: user },
        user.user,
        { delivery: 'push' },
      ],
      ['GET /v1/users/a%2Fb', () => party.getUser('a/b'), { status: 200, body: user }, user.user],
      ['DELETE /v1/users/a%2Fb', () => party.deleteUser('a/b'), { status: 204 }, undefined],
      [
        'POST /v1/users/a%2Fb/enrollments',
        () => party.createEnrollment('a/b', { deviceName: 'P' }),
        { status: 201, body: { enrollmentToken: 'e' } },
        { enrollmentToken: 'e' },
        { deviceName: 'P' },
      ],
      ['GET /v1/users/a%2Fb/devices', () => party.listDevices('a/b'), { status: 200, body: { devices: [] } }, []],
      ['DELETE /v1/users/a%2Fb/devices/dev_1', () => party.revokeDevice('a/b', 'dev_1'), { status: 204 }, undefined],
      [
        'GET /v1/users/a%2Fb/trusted-browsers',
        () => party.listTrustedBrowsers('a/b'),
        { status: 200, body: { trustedBrowsers: [] } },
        [],
      ],
      [
        'DELETE /v1/users/a%2Fb/trusted-browsers/tru_1',
        () => party.revokeTrustedBrowser('a/b', 'tru_1'),
        { status: 204 },
        undefined,
      ],
    ];
    for (const [route, call, answer, expected, body] of table) {
      hub.route(route, () => answer);
      expect(await call(), route).to.deep.equal(expected);
      expect(hub.requests.at(-1), route).to.deep.include({ body });
    }
  });

  it('long-polls', async () => {
    hub.route('GET /v1/verifications/ver_1', () => ({ status: 200, body: { verification: verification({ rev: 3 }) } }));
    expect(await party.getVerification('ver_1', { waitSeconds: 30, rev: 2 })).to.have.property('rev', 3);
    expect(Object.fromEntries(hub.requests[0]!.query)).to.deep.equal({ wait: '30', rev: '2' });
  });

  it('does not repeat what counts each time', async () => {
    for (const [route, call] of [
      ['POST /v1/verifications/ver_1/code', () => party.submitCode('ver_1', '1')],
      ['POST /v1/verifications/ver_1/resend', () => party.resend('ver_1')],
    ] as const) {
      hub.route(route, () => 'drop');
      expect(await rejectionOf(call())).to.have.property('code', 'network');
      expect(hub.seen(route)).to.have.length(1);
    }
  });

  it('takes a repeated delete of what is gone for done', async () => {
    let calls = 0;
    const route = 'DELETE /v1/users/alice/devices/dev_1';
    hub.route(route, () => (++calls === 1 ? 'drop' : problem('not-found', 404)));
    await party.revokeDevice('alice', 'dev_1');
    expect(await rejectionOf(party.revokeDevice('alice', 'dev_1'))).to.have.property('code', 'not-found');
  });

  it('waits as long as the hub asks, within the deadline', async () => {
    const runtime = createFakeRuntime();
    party = createRelyingParty({ hub: hub.origin, apiKey: 'k', runtime });
    let calls = 0;
    hub.route(create, () =>
      ++calls === 1 ? { ...problem('store-unavailable', 503), headers: { 'retry-after': '3' } } : created,
    );
    const done = party.createVerification(request);
    await until('the pause', () => runtime.timers().includes(3_000));
    await runtime.advance(2_999);
    expect(hub.seen(create)).to.have.length(1);
    await runtime.advance(1);
    await done;

    hub.route(create, () => ({ ...problem('store-unavailable', 503), headers: { 'retry-after': '600' } }));
    const error = (await rejectionOf(party.createVerification(request))) as VerihubError;
    expect(error).to.include({ code: 'store-unavailable', retryAfter: 600 });
    expect(error.message).to.match(/in 10 minutes/);
  });

  it('gives up on a hub that hangs, try by try, by its deadline', async () => {
    const runtime = createFakeRuntime();
    party = createRelyingParty({ hub: hub.origin, apiKey: 'k', runtime, timeoutMs: 1_000, deadlineMs: 5_000 });
    hub.route(create, () => 'hang');
    const failed = rejectionOf(party.createVerification(request));
    for (let step = 0; step < 12; step++) {
      await until('a timer', () => runtime.timers().length > 0 || runtime.elapsed() >= 5_000);
      await runtime.advance(500);
    }
    expect(await failed).to.have.property('code', 'timeout');
    expect(hub.seen(create).length).to.be.within(2, 5);
  });

  it('tells which field was refused, and the request id', async () => {
    const errors = [{ pointer: '/action', detail: 'must not be empty' }];
    hub.route(create, () => problem('invalid', 422, { errors }));
    const error = await rejectionOf(party.createVerification(request));
    expect(error).to.deep.include({ code: 'invalid', status: 422, requestId: 'req_1', errors });
    expect(hub.seen(create)).to.have.length(1);
  });

  it('knows codes of a newer hub by their status', async () => {
    hub.route(create, () => problem('brand-new', 422));
    expect(await rejectionOf(party.createVerification(request))).to.have.property('code', 'invalid');
  });

  it('reaches an internal endpoint under the public identity', async () => {
    party = createRelyingParty({ hub: 'https://verify.example.com', endpoint: hub.origin, apiKey: 'k' });
    hub.route(create, () => created);
    await party.createVerification(request);
    expect(hub.seen(create)).to.have.length(1);
  });

  it('follows no redirect with its key', async () => {
    party = createRelyingParty({ hub: hub.origin, apiKey: 'k', deadlineMs: 300 });
    hub.route(create, () => ({ status: 307, headers: { location: `${hub.origin}/elsewhere` } }));
    await rejectionOf(party.createVerification(request));
    expect(hub.requests.filter(({ path }) => path === '/elsewhere')).to.deep.equal([]);
  });

  it('can be stopped', async () => {
    hub.route(create, () => 'hang');
    const stop = new AbortController();
    const failed = rejectionOf(party.createVerification(request, { signal: stop.signal }));
    await until('the call', () => hub.seen(create).length === 1);
    stop.abort();
    expect(await failed).to.have.property('code', 'aborted');
    expect(await rejectionOf(party.createVerification(request, { signal: stop.signal }))).to.have.property(
      'code',
      'aborted',
    );
  });
});
