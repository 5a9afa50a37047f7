// The keys of a hub's first start: fresh, whole, and named as RFC 7638 says.
import { createPrivateKey } from 'node:crypto';
import { expect } from 'chai';
import { calculateJwkThumbprint } from 'jose';
import { generateHubKeys, privateJwk, publicHalf } from '../../server/security/hub-keys.ts';
import { createRandom } from '../../server/security/random.ts';

describe('the keys of a first start', () => {
  const keys = generateHubKeys(createRandom(), 1_000);

  it('are one P-256 signing key and a code key of 32 bytes, in a fresh record', async () => {
    expect(keys).to.deep.include({ id: 'hub', rev: 1 });
    expect(keys.signingKeys).to.have.length(1);
    const [{ kid, jwk, createdAt } = { kid: '', jwk: {}, createdAt: 0 }] = keys.signingKeys;
    expect(createdAt).to.equal(1_000);
    expect(Object.keys(jwk).toSorted()).to.deep.equal(['crv', 'd', 'kty', 'x', 'y']);
    expect(kid).to.equal(await calculateJwkThumbprint({ ...publicHalf(jwk) }));
    expect(createPrivateKey({ key: privateJwk(jwk), format: 'jwk' }).asymmetricKeyDetails).to.deep.include({
      namedCurve: 'prime256v1',
    });
    expect(Buffer.from(keys.codeKey, 'base64url')).to.have.length(32);
  });

  it('survive the store: plain JSON', () => {
    expect(JSON.parse(JSON.stringify(keys))).to.deep.equal(keys);
  });

  it('are never the same twice', () => {
    const other = generateHubKeys(createRandom(), 1_000);
    expect(other.codeKey).not.to.equal(keys.codeKey);
    expect(other.signingKeys[0]?.jwk['d']).not.to.equal(keys.signingKeys[0]?.jwk['d']);
    expect(other.signingKeys[0]?.kid).not.to.equal(keys.signingKeys[0]?.kid);
  });
});
