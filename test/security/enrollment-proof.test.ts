// Proof of possession at enrollment, and the keys that may be enrolled (contract section 5, security E2).
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { calculateJwkThumbprint } from 'jose';
import type { PublicKeyJwk } from '../../server/ports/records.ts';
import { encryption, enrollmentToken, origin, outcome, proofs, refusal, signing, stranger } from './device-fixture.ts';
import { forge, without } from './forge.ts';

const header = { alg: 'ES256', typ: 'enrollment+jwt' };
const claims = {
  aud: origin,
  enrollment: createHash('sha256').update(enrollmentToken).digest('base64url'),
  encryptionKey: await calculateJwkThumbprint(encryption.jwk),
};
const expected = { enrollmentToken, signingKey: signing.jwk, encryptionKey: encryption.jwk };
const prove = (payload: unknown, head: unknown = header): string => forge(signing.privateKey, head, payload);
const check = (jws: string, changed: Partial<typeof expected> = {}) =>
  outcome(proofs.checkEnrollment(jws, { ...expected, ...changed }));
const notOfTheKey = refusal('signature', 'the signature is not of the enrolled key');

describe('an enrollment proof', () => {
  it('is accepted, and names the signing key by its thumbprint (RFC 7638)', async () => {
    expect(await proofs.checkEnrollment(prove(claims), expected)).to.deep.equal({
      ok: true,
      claims: { signingKeyThumbprint: await calculateJwkThumbprint(signing.jwk) },
    });
  });

  it('by a key other than the one to be enrolled is refused', async () => {
    expect(await check(forge(stranger.privateKey, header, claims))).to.equal(notOfTheKey);
    expect(await check(forge(encryption.privateKey, header, claims))).to.equal(notOfTheKey);
    expect(await check(prove(claims), { signingKey: stranger.jwk })).to.equal(notOfTheKey);
  });

  it('made for another enrollment token is refused', async () => {
    const detail = 'enrollment must be the SHA-256 of the enrollment token';
    expect(await check(prove(claims), { enrollmentToken: `${enrollmentToken}x` })).to.equal(refusal('claims', detail));
    expect(await check(prove({ ...claims, enrollment: enrollmentToken }))).to.equal(refusal('claims', detail));
  });

  it('made for another encryption key is refused', async () => {
    const detail = 'encryptionKey must be the thumbprint of that key';
    expect(await check(prove(claims), { encryptionKey: stranger.jwk })).to.equal(refusal('claims', detail));
    expect(await check(prove({ ...claims, encryptionKey: encryption.jwk }))).to.equal(refusal('claims', detail));
  });

  it('made for another hub is refused', async () => {
    const detail = refusal('claims', 'aud must be the hub origin');
    expect(await check(prove({ ...claims, aud: 'https://other.example' }))).to.equal(detail);
    expect(await check(prove({ ...claims, aud: [origin] }))).to.equal(detail);
  });

  const missing = {
    aud: 'aud must be the hub origin',
    enrollment: 'enrollment must be the SHA-256 of the enrollment token',
    encryptionKey: 'encryptionKey must be the thumbprint of that key',
  } as const;
  for (const name of ['aud', 'enrollment', 'encryptionKey'] as const) {
    it(`without ${name} is refused`, async () => {
      expect(await check(prove(without(claims, name)))).to.equal(refusal('claims', missing[name]));
    });
    it(`with ${name} twice is refused`, async () => {
      const json = JSON.stringify(claims).replace('{', `{"${name}":1,`);
      expect(await check(prove(json))).to.match(/^malformed: the payload .* unique names$/);
    });
  }

  it('of another type, algorithm or with a key of its own is refused', async () => {
    expect(await check(prove(claims, { ...header, typ: 'device+jwt' }))).to.equal(
      refusal('malformed', 'typ must be enrollment+jwt'),
    );
    expect(await check(prove(claims, { ...header, alg: 'HS256' }))).to.equal(refusal('malformed', 'alg must be ES256'));
    expect(await check(prove(claims, { ...header, jwk: signing.jwk }))).to.equal(
      refusal('malformed', 'the header holds only alg, typ and kid'),
    );
    expect(await check(prove(claims, { ...header, kid: 'dev_1' }))).to.equal(
      refusal('malformed', 'kid must be absent'),
    );
  });

  it('that is none is refused', async () => {
    for (const text of ['', 'x', 'a.b.c', `${prove(claims)}.x`]) expect(await check(text)).to.match(/^malformed: /);
  });
});

describe('a key that asks to be enrolled (E2)', () => {
  const { x, y } = signing.jwk;
  const prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const coordinate = (value: bigint): string =>
    Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toString('base64url');
  const numberOf = (text: string): bigint => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);
  // A point whose x is so small that x + p still fits 32 bytes: found with the curve's equation.
  const smallY = coordinate(0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n);

  const crooked: Record<string, [object, string]> = {
    'a point off the curve': [{ x: coordinate(1n), y: coordinate(1n) }, 'x and y are not a point on P-256'],
    'a point one off': [{ x, y: coordinate(numberOf(y) ^ 1n) }, 'x and y are not a point on P-256'],
    'the origin': [{ x: coordinate(0n), y: coordinate(0n) }, 'x and y are not a point on P-256'],
    'coordinates swapped': [{ x: y, y: x }, 'x and y are not a point on P-256'],
    'a coordinate not reduced': [{ x: coordinate(prime), y: smallY }, 'x and y are not a point on P-256'],
    'a short x': [{ x: x.slice(1), y }, 'x and y are 32 bytes each, base64url (RFC 7518 section 6.2.1)'],
    'a padded x': [{ x: `${x}=`, y }, 'x and y are 32 bytes each, base64url (RFC 7518 section 6.2.1)'],
    'a y of 33 bytes': [{ x, y: `A${y}` }, 'x and y are 32 bytes each, base64url (RFC 7518 section 6.2.1)'],
    'another alphabet': [{ x: `+${x.slice(1)}`, y }, 'x and y are 32 bytes each, base64url (RFC 7518 section 6.2.1)'],
    'another curve': [{ crv: 'P-384' }, 'only EC keys on P-256 are accepted'],
    secp256k1: [{ crv: 'secp256k1' }, 'only EC keys on P-256 are accepted'],
    'an RSA key of 512 bits': [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }, 'a public key holds only kty, crv, x and y'],
    'another type': [{ kty: 'OKP' }, 'only EC keys on P-256 are accepted'],
    'its private part': [{ d: x }, 'a public key holds only kty, crv, x and y'],
    'a certificate': [{ x5c: ['MIIB'] }, 'a public key holds only kty, crv, x and y'],
  };
  for (const [what, [change, detail]] of Object.entries(crooked)) {
    for (const name of ['signingKey', 'encryptionKey'] as const) {
      it(`is refused as ${name} with ${what}`, async () => {
        const key = { ...expected[name], x, y, ...change } as PublicKeyJwk;
        expect(await check(prove(claims), { [name]: key })).to.equal(refusal('malformed', `${name}: ${detail}`));
      });
    }
  }

  it('may have a small x that is reduced: the one above is refused for not being so', async () => {
    const small = { kty: 'EC', crv: 'P-256', x: coordinate(0n), y: smallY } as const;
    expect(await check(prove(claims), { encryptionKey: small })).to.equal(
      refusal('claims', 'encryptionKey must be the thumbprint of that key'),
    );
  });

  it('is refused in both uses at once, mirrored too', async () => {
    const detail = refusal('malformed', 'signingKey and encryptionKey must be two different keys');
    const mirrored = { ...signing.jwk, y: coordinate(prime - numberOf(y)) };
    for (const encryptionKey of [signing.jwk, { ...signing.jwk }, mirrored]) {
      const proof = prove({ ...claims, encryptionKey: await calculateJwkThumbprint(encryptionKey) });
      expect(await check(proof, { encryptionKey })).to.equal(detail);
    }
  });
});
