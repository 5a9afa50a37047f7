// The hub's own tokens (contract sections 3 and 4): standard to others, strict here, and alive across a change of keys.
import { createHmac, createPrivateKey } from 'node:crypto';
import { expect } from 'chai';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import type { ResultClaims, Tokens } from '../../server/ports/security.ts';
import { generateHubKeys, generateSigningKey } from '../../server/security/hub-keys.ts';
import { createRandom } from '../../server/security/random.ts';
import { createTokens } from '../../server/security/tokens.ts';
import { now, origin, stranger, verificationId } from './device-fixture.ts';
import { encode, forge, withSignature, without } from './forge.ts';

const hubKeys = generateHubKeys(createRandom(), now);
const tokens = createTokens({ hubKeys, origin });
const [newest] = hubKeys.signingKeys;
if (newest === undefined) throw new Error('no signing key was made');
const privateKey = createPrivateKey({ key: newest.jwk, format: 'jwk' });

const expiresAt = now + 300_000;
const iat = now / 1_000;
const header = { alg: 'ES256', typ: 'waiter+jwt', kid: newest.kid };
const claims = { iss: origin, aud: origin, sub: verificationId, iat, exp: iat + 600 };
const result: ResultClaims = {
  applicationId: 'app_1',
  userId: 'alice',
  verificationId,
  status: 'approved',
  method: 'app',
  amr: ['hwk', 'user'],
};

function publishedKeys(of: Tokens): ReturnType<typeof createLocalJWKSet> {
  return createLocalJWKSet(of.jwks());
}

describe('a waiter token', () => {
  it('is good for its verification until five minutes after the verification ends', async () => {
    const token = await tokens.mintWaiter(verificationId, expiresAt, now);
    expect(await tokens.checkWaiter(token, now)).to.equal(verificationId);
    expect(await tokens.checkWaiter(token, expiresAt + 299_999)).to.equal(verificationId);
    expect(await tokens.checkWaiter(token, expiresAt + 300_000)).to.equal(undefined);
  });

  it('is never cut short by a fraction of a second', async () => {
    const token = await tokens.mintWaiter(verificationId, expiresAt + 1, now);
    expect(await tokens.checkWaiter(token, expiresAt + 300_000)).to.equal(verificationId);
    expect(decodeJwt(token).exp).to.equal(iat + 601);
  });

  it('holds what the contract says, and nothing of the person', async () => {
    const token = await tokens.mintWaiter(verificationId, expiresAt, now + 999);
    expect(decodeProtectedHeader(token)).to.deep.equal(header);
    expect(decodeJwt(token)).to.deep.equal(claims);
  });

  it('verifies with the published keys by a standard library', async () => {
    const token = await tokens.mintWaiter(verificationId, expiresAt, now);
    const options = {
      typ: 'waiter+jwt',
      audience: origin,
      issuer: origin,
      algorithms: ['ES256'],
      currentDate: new Date(now),
    };
    const { payload } = await jwtVerify(token, publishedKeys(tokens), options);
    expect(payload.sub).to.equal(verificationId);
  });

  it('made by hand in the same way is accepted: what follows is refused for its one fault', async () => {
    expect(await tokens.checkWaiter(forge(privateKey, header, claims), now)).to.equal(verificationId);
  });

  const wrongClaims: Record<string, object> = {
    'aud of another hub': { ...claims, aud: 'https://other.example' },
    'aud with a slash behind': { ...claims, aud: `${origin}/` },
    'aud of an application': { ...claims, aud: 'app_1' },
    'aud in a list': { ...claims, aud: [origin] },
    'no aud': without(claims, 'aud'),
    'iss of another hub': { ...claims, iss: 'https://other.example' },
    'no iss': without(claims, 'iss'),
    'no sub': without(claims, 'sub'),
    'an empty sub': { ...claims, sub: '' },
    'sub in a list': { ...claims, sub: [verificationId] },
    'sub a number': { ...claims, sub: 1 },
    'no exp': without(claims, 'exp'),
    'exp as a string': { ...claims, exp: String(claims.exp) },
    'exp null': { ...claims, exp: null },
    'exp now': { ...claims, exp: iat },
    'exp past': { ...claims, exp: iat - 1 },
  };
  for (const [what, payload] of Object.entries(wrongClaims)) {
    it(`with ${what} is refused`, async () => {
      expect(await tokens.checkWaiter(forge(privateKey, header, payload), now)).to.equal(undefined);
    });
  }

  for (const name of ['iss', 'aud', 'sub', 'exp']) {
    it(`with ${name} twice is refused`, async () => {
      const json = JSON.stringify(claims).replace('{', `{"${name}":"ver_other",`);
      expect(await tokens.checkWaiter(forge(privateKey, header, json), now)).to.equal(undefined);
    });
  }

  const wrongHeaders: Record<string, object> = {
    'alg none': { ...header, alg: 'none' },
    'alg HS256': { ...header, alg: 'HS256' },
    'no alg': without(header, 'alg'),
    'the typ of a result token': { ...header, typ: 'result+jwt' },
    'the typ of a device token': { ...header, typ: 'device+jwt' },
    'typ JWT': { ...header, typ: 'JWT' },
    'no typ': without(header, 'typ'),
    'no kid': without(header, 'kid'),
    'an unknown kid': { ...header, kid: 'other' },
    'kid __proto__': { ...header, kid: '__proto__' },
    'a jwk of its own': { ...header, jwk: stranger.jwk },
    'a jku': { ...header, jku: 'https://attacker.example' },
    crit: { ...header, crit: ['exp'] },
  };
  for (const [what, head] of Object.entries(wrongHeaders)) {
    it(`with ${what} is refused`, async () => {
      expect(await tokens.checkWaiter(forge(privateKey, head, claims), now)).to.equal(undefined);
      expect(await tokens.checkWaiter(forge(stranger.privateKey, head, claims), now)).to.equal(undefined);
    });
  }

  it('signed by another key, by HMAC with the public key, or with r = s = 0 is refused', async () => {
    expect(await tokens.checkWaiter(forge(stranger.privateKey, header, claims), now)).to.equal(undefined);
    const honest = await tokens.mintWaiter(verificationId, expiresAt, now);
    expect(await tokens.checkWaiter(withSignature(honest, Buffer.alloc(64)), now)).to.equal(undefined);
    const input = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
    const mac = createHmac('sha256', JSON.stringify(tokens.jwks().keys[0])).update(input).digest('base64url');
    expect(await tokens.checkWaiter(`${input}.${mac}`, now)).to.equal(undefined);
  });

  it('that is none is refused without an error', async () => {
    for (const text of ['', '.', '..', '...', 'null', 'x'.repeat(5_000_000), '💥.💥.💥']) {
      expect(await tokens.checkWaiter(text, now)).to.equal(undefined);
    }
  });
});

describe('a result token', () => {
  it('says what happened, for sixty seconds', async () => {
    const token = await tokens.mintResult(result, now + 999);
    expect(decodeProtectedHeader(token)).to.deep.equal({ alg: 'ES256', typ: 'result+jwt', kid: newest.kid });
    expect(decodeJwt(token)).to.deep.equal({
      iss: origin,
      aud: 'app_1',
      sub: 'alice',
      jti: verificationId,
      status: 'approved',
      method: 'app',
      amr: ['hwk', 'user'],
      iat,
      exp: iat + 60,
    });
  });

  it('verifies with the published keys by a standard library, for its application only', async () => {
    const token = await tokens.mintResult(result, now);
    const options = { typ: 'result+jwt', issuer: origin, audience: 'app_1', currentDate: new Date(now + 59_000) };
    expect((await jwtVerify(token, publishedKeys(tokens), options)).payload.jti).to.equal(verificationId);
    const fault = await jwtVerify(token, publishedKeys(tokens), { ...options, audience: 'app_2' }).catch(String);
    expect(fault).to.match(/unexpected "aud"/);
    const late = await jwtVerify(token, publishedKeys(tokens), {
      ...options,
      currentDate: new Date(now + 60_000),
    }).catch(String);
    expect(late).to.match(/"exp"/);
  });

  it('names no method where nobody decided', async () => {
    const { method: _none, ...undecided } = { ...result, status: 'expired', amr: [] };
    expect(decodeJwt(await tokens.mintResult(undecided, now))).not.to.have.property('method');
  });

  it('never passes for a waiter token, whatever the application is called', async () => {
    const token = await tokens.mintResult({ ...result, applicationId: origin, userId: verificationId }, now);
    expect(await tokens.checkWaiter(token, now)).to.equal(undefined);
  });

  it('carries any user id unharmed', async () => {
    const userId = '"}\u2028,"status":"approved","sub":"bob';
    expect(decodeJwt(await tokens.mintResult({ ...result, userId, status: 'denied' }, now))).to.deep.include({
      sub: userId,
      status: 'denied',
    });
  });
});

describe('the published keys', () => {
  it('are public, each with its id, algorithm and use, and nothing else', () => {
    const { keys } = tokens.jwks();
    expect(keys).to.have.length(1);
    expect(Object.keys(keys[0] ?? {}).toSorted()).to.deep.equal(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(keys[0]).to.deep.include({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: newest.kid });
    expect(JSON.stringify(keys)).not.to.include(newest.jwk['d']);
  });

  it('cannot be changed from outside', async () => {
    const published = tokens.jwks();
    published.keys.length = 0;
    expect(tokens.jwks().keys).to.have.length(1);
    const [key] = tokens.jwks().keys;
    if (key !== undefined) key['x'] = 'changed';
    expect(tokens.jwks().keys[0]).not.to.deep.include({ x: 'changed' });
  });
});

describe('a change of signing keys', () => {
  const added = generateSigningKey(now + 1);
  const announced = createTokens({ hubKeys: { ...hubKeys, signingKeys: [newest, added] }, origin });
  const changed = createTokens({ hubKeys: { ...hubKeys, signingKeys: [added, newest] }, origin });
  const withdrawn = createTokens({ hubKeys: { ...hubKeys, signingKeys: [added] }, origin });
  const kidOf = (token: string) => decodeProtectedHeader(token).kid;

  it('signs with the first key, and accepts tokens of all', async () => {
    const old = await tokens.mintWaiter(verificationId, expiresAt, now);
    const young = await changed.mintWaiter(verificationId, expiresAt, now);
    expect([kidOf(old), kidOf(young)]).to.deep.equal([newest.kid, added.kid]);
    expect(kidOf(await changed.mintResult(result, now))).to.equal(added.kid);
    for (const token of [old, young]) expect(await changed.checkWaiter(token, now)).to.equal(verificationId);
  });

  it('is safe node by node when the new key is announced before it signs', async () => {
    const young = await changed.mintWaiter(verificationId, expiresAt, now);
    expect(await announced.checkWaiter(young, now)).to.equal(verificationId);
    expect(kidOf(await announced.mintWaiter(verificationId, expiresAt, now))).to.equal(newest.kid);
  });

  it('publishes all keys, newest first, so that results in flight verify', async () => {
    expect(changed.jwks().keys.map(({ kid }) => kid)).to.deep.equal([added.kid, newest.kid]);
    const options = { typ: 'result+jwt', issuer: origin, audience: 'app_1', currentDate: new Date(now) };
    for (const minter of [tokens, changed]) {
      await jwtVerify(await minter.mintResult(result, now), publishedKeys(changed), options);
    }
  });

  it('ends the tokens of a withdrawn key', async () => {
    const old = await tokens.mintWaiter(verificationId, expiresAt, now);
    expect(await withdrawn.checkWaiter(old, now)).to.equal(undefined);
  });

  it("does not let one key's token pass under the other's id", async () => {
    const crossed = forge(privateKey, { ...header, kid: added.kid }, claims);
    expect(await changed.checkWaiter(crossed, now)).to.equal(undefined);
  });
});

describe('damaged hub keys', () => {
  const damaged: Record<string, [Record<string, string>[], RegExp]> = {
    'no key': [[], /holds no signing key/],
    'no private part': [[without(newest.jwk, 'd') as Record<string, string>], /no private part/],
    'another type': [[{ ...newest.jwk, kty: 'RSA' }], /not a P-256 key/],
    'another curve': [[{ ...newest.jwk, crv: 'P-384' }], /not a P-256 key/],
    'the other half of a point': [[without(newest.jwk, 'x') as Record<string, string>], /not a P-256 key/],
    'half a point': [[without(newest.jwk, 'y') as Record<string, string>], /not a P-256 key/],
    'a point off the curve': [[{ ...newest.jwk, x: newest.jwk['y'] ?? '' }], /Invalid JWK/],
  };
  for (const [what, [jwks, told]] of Object.entries(damaged)) {
    it(`with ${what} stop the start, without showing the key`, () => {
      const signingKeys = jwks.map((jwk) => ({ kid: 'k', jwk, createdAt: now }));
      const start = () => createTokens({ hubKeys: { ...hubKeys, signingKeys }, origin });
      expect(start).to.throw(told);
      expect(start).not.to.throw(newest.jwk['d'] ?? '');
    });
  }
});
