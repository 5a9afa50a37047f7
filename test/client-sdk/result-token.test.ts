/** The check of a result token: each claim wrong, each key trick, and one-time use. */
import { expect } from 'chai';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createRelyingParty } from '../../client-sdk/relying-party.ts';
import type { RelyingParty } from '../../client-sdk/relying-party.ts';
import { rejectionOf } from './support/conditions.ts';
import { createFakeRuntime } from './support/fake-runtime.ts';
import type { FakeRuntime } from './support/fake-runtime.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub } from './support/fake-hub.ts';
import { verification } from './support/wire.ts';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const jwks = 'GET /.well-known/jwks.json';
const expected = { verificationId: 'ver_1' };

describe('checking a result token', () => {
  let hub: FakeHub;
  let party: RelyingParty;
  let runtime: FakeRuntime;
  let keys: Pair;
  let published: [string, Pair][];

  before(async () => {
    keys = await generateKeyPair('ES256');
  });
  beforeEach(async () => {
    hub = await startFakeHub();
    runtime = createFakeRuntime();
    party = createRelyingParty({ hub: hub.origin, apiKey: 'k', applicationId: 'app_1', runtime });
    published = [['k1', keys]];
    hub.route(jwks, async () => {
      const list = published.map(async ([kid, pair]) => ({
        ...(await exportJWK(pair.publicKey)),
        kid,
        alg: 'ES256',
        use: 'sig',
      }));
      return { status: 200, body: { keys: await Promise.all(list) } };
    });
  });
  afterEach(() => hub.close());

  const now = (): number => Math.floor(runtime.now() / 1_000);
  function token(claims: Record<string, unknown> = {}, header: object = {}, pair: Pair = keys): Promise<string> {
    const payload = {
      ...{
        iss: hub.origin,
        aud: 'app_1',
        sub: 'alice',
        jti: 'ver_1',
        status: 'approved',
        method: 'app',
        amr: ['pop', 'user'],
      },
      ...{ iat: now(), exp: now() + 60 },
      ...claims,
    };
    return new SignJWT(payload)
      .setProtectedHeader({ alg: 'ES256', typ: 'result+jwt', kid: 'k1', ...header })
      .sign(pair.privateKey);
  }

  it('tells who approved what, and how', async () => {
    const claims = await party.verifyResultToken(await token(), expected);
    expect(claims).to.deep.include({
      userId: 'alice',
      verificationId: 'ver_1',
      applicationId: 'app_1',
      method: 'app',
      status: 'approved',
    });
    expect(claims.amr).to.deep.equal(['pop', 'user']);
  });

  const wrong: [string, Record<string, unknown>, object?][] = [
    ['another hub', { iss: 'https://evil.example.com' }],
    ['no issuer', { iss: undefined }],
    ['another application', { aud: 'app_2' }],
    ['no audience', { aud: undefined }],
    ['another verification', { jti: 'ver_2' }],
    ['no verification', { jti: undefined }],
    ['no user', { sub: undefined }],
    ['no status', { status: undefined }],
    ['expired', { iat: 1, exp: 61 }],
    ['no expiry', { exp: undefined }],
    ['no time of issue', { iat: undefined }],
    ['another type', {}, { typ: 'waiter+jwt' }],
    ['no type', {}, { typ: undefined }],
    ['an unknown key', {}, { kid: 'k9' }],
  ];
  for (const [name, claims, header] of wrong) {
    it(`refuses ${name}`, async () => {
      const error = await rejectionOf(party.verifyResultToken(await token(claims, header), expected));
      expect(error).to.have.property('code', 'result-invalid');
    });
  }

  for (const status of ['pending', 'denied', 'expired', 'canceled', 'undeliverable']) {
    it(`refuses a verification that is ${status}`, async () => {
      const error = await rejectionOf(party.verifyResultToken(await token({ status }), expected));
      expect(error).to.have.property('code', 'result-not-approved');
    });
  }

  it('refuses another key, another algorithm, no signature, and what is no token', async () => {
    const foreign = await token({}, {}, await generateKeyPair('ES256'));
    const [header, payload] = (await token()).split('.');
    const none = `${Buffer.from('{"alg":"none","typ":"result+jwt"}').toString('base64url')}.${payload}.`;
    const publicPem = new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)));
    const hmac = await new SignJWT({ iss: hub.origin, aud: 'app_1', sub: 'alice', jti: 'ver_1', status: 'approved' })
      .setProtectedHeader({ alg: 'HS256', typ: 'result+jwt', kid: 'k1' })
      .setIssuedAt(now())
      .setExpirationTime(now() + 60)
      .sign(publicPem);
    for (const forged of [foreign, none, hmac, `${header}.${payload}.AAAA`, '', 'x', 'a.b.c']) {
      expect(await rejectionOf(party.verifyResultToken(forged, expected)), forged).to.have.property(
        'code',
        'result-invalid',
      );
    }
  });

  it('goes by the hub’s clock', async () => {
    const hubAhead = 600_000;
    hub.route('GET /v1/users/alice', () => ({
      status: 200,
      body: { user: {}, serverTime: new Date(runtime.now() + hubAhead).toISOString() },
    }));
    const minted = await token({ iat: now() + 600, exp: now() + 660 });
    await party.getUser('alice');
    await party.verifyResultToken(minted, expected);
    expect(await rejectionOf(party.verifyResultToken(await token(), expected))).to.have.property(
      'code',
      'result-invalid',
    );
  });

  it('keeps the keys, and fetches them anew for an unknown key id only so often', async () => {
    await party.verifyResultToken(await token(), expected);
    await party.verifyResultToken(await token(), expected);
    expect(hub.seen(jwks)).to.have.length(1);
    for (let forged = 0; forged < 20; forged++) {
      await rejectionOf(party.verifyResultToken(await token({}, { kid: `forged-${forged}` }), expected));
    }
    expect(hub.seen(jwks)).to.have.length(1);
    const rotated = await generateKeyPair('ES256');
    published.push(['k2', rotated]);
    await runtime.advance(10_000);
    await party.verifyResultToken(await token({}, { kid: 'k2' }, rotated), expected);
    expect(hub.seen(jwks)).to.have.length(2);
  });

  it('stops trusting a withdrawn key', async () => {
    await party.verifyResultToken(await token(), expected);
    published = [];
    await runtime.advance(600_000);
    expect(await rejectionOf(party.verifyResultToken(await token(), expected))).to.have.property(
      'code',
      'result-invalid',
    );
  });

  it('fetches the keys once for many checks at a time', async () => {
    const minted = await token();
    await Promise.all(Array.from({ length: 5 }, () => party.verifyResultToken(minted, expected)));
    expect(hub.seen(jwks)).to.have.length(1);
  });

  it('is not a forgery when the keys cannot be had', async () => {
    hub.route(jwks, () => problem('forbidden', 403));
    expect(await rejectionOf(party.verifyResultToken(await token(), expected))).to.have.property('code', 'forbidden');
  });

  it('is used once', async () => {
    const used = new Set<string>();
    const seen = (id: string): boolean => used.has(id) || !used.add(id);
    const minted = await token();
    await party.verifyResultToken(minted, { ...expected, seen });
    expect(await rejectionOf(party.verifyResultToken(minted, { ...expected, seen }))).to.have.property(
      'code',
      'result-used',
    );
    expect(
      await rejectionOf(
        party.verifyResultToken(await token({ status: 'denied' }), { verificationId: 'ver_1', seen: () => false }),
      ),
    ).to.have.property('code', 'result-not-approved');
  });

  describe('without a configured application id', () => {
    beforeEach(() => {
      party = createRelyingParty({ hub: hub.origin, apiKey: 'k', runtime });
    });

    it('learns it from the hub, once', async () => {
      const own = await token();
      hub.route('GET /v1/verifications/ver_1', () => ({
        status: 200,
        body: { verification: verification({ status: 'approved', resultToken: own }) },
      }));
      await party.verifyResultToken(own, expected);
      await party.verifyResultToken(own, expected);
      expect(hub.seen('GET /v1/verifications/ver_1')).to.have.length(1);
      expect(await rejectionOf(party.verifyResultToken(await token({ aud: 'app_2' }), expected))).to.have.property(
        'code',
        'result-invalid',
      );
    });

    it('refuses what our key does not know, or what has not ended', async () => {
      expect(await rejectionOf(party.verifyResultToken(await token(), expected))).to.have.property(
        'code',
        'result-invalid',
      );
      hub.route('GET /v1/verifications/ver_1', () => ({ status: 200, body: { verification: verification() } }));
      expect(await rejectionOf(party.verifyResultToken(await token(), expected))).to.have.property(
        'code',
        'result-invalid',
      );
    });
  });
});
