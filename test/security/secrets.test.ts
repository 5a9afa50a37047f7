// Hashes of secrets, digests of JSON and encrypted prompts.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { compactDecrypt, decodeProtectedHeader, importJWK } from 'jose';
import { createSecrets } from '../../server/security/secrets.ts';
import { encryption, signing, stranger } from './device-fixture.ts';

const secrets = createSecrets({ codeKey: Buffer.alloc(32, 7).toString('base64url') });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

describe('the hash of a secret', () => {
  it('is SHA-256 in base64url', () => {
    expect(secrets.hash('abc')).to.equal('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
    expect(secrets.hash('schlüssel')).to.equal(sha256('schlüssel'));
  });

  it('matches its secret and no other', () => {
    const hash = secrets.hash('right');
    expect(secrets.matches('right', hash)).to.equal(true);
    for (const wrong of ['Right', 'right ', '', 'righ', hash]) expect(secrets.matches(wrong, hash)).to.equal(false);
  });

  it('does not match, and does not throw, when it is damaged', () => {
    const hash = secrets.hash('right');
    for (const damaged of [
      '',
      hash.slice(1),
      `${hash}=`,
      `${hash}x`,
      hash.toUpperCase(),
      'é'.repeat(43),
      hash.slice(0, 42) + 'é',
    ]) {
      expect(secrets.matches('right', damaged)).to.equal(false);
    }
  });
});

describe('the digest of a JSON value', () => {
  it('is over its RFC 8785 form: order and spelling do not count', () => {
    const expected = sha256('{"a":[1,"é",null],"b":{"c":1e+21,"d":true}}');
    expect(secrets.digestJson({ b: { d: true, c: 1e21 }, a: [1.0, '\u00e9', null] })).to.equal(expected);
  });

  it('leaves out what is undefined, as JSON does', () => {
    expect(secrets.digestJson({ a: 1, b: undefined })).to.equal(sha256('{"a":1}'));
  });

  it('tells every change of a value', () => {
    const values = [{ a: 1 }, { a: '1' }, { a: [1] }, { b: 1 }, { a: 1, b: null }, [{ a: 1 }], 'a', 1, null, {}];
    expect(new Set(values.map((value) => secrets.digestJson(value))).size).to.equal(values.length);
  });

  it('throws for what has no JSON form', () => {
    expect(() => secrets.digestJson(undefined)).to.throw(TypeError, 'no JSON form');
    expect(() => secrets.digestJson({ a: Number.NaN })).to.throw('NaN');
    expect(() => secrets.digestJson('\ud800')).to.throw('surrogate');
  });
});

describe('an encrypted prompt', () => {
  const plaintext = JSON.stringify({ id: 'ver_1', action: 'Überweisung 120 €' });

  it('opens with the device key, to what was put in', async () => {
    const jwe = await secrets.encryptFor(encryption.jwk, plaintext);
    const key = await importJWK(encryption.privateKey.export({ format: 'jwk' }), 'ECDH-ES');
    const opened = await compactDecrypt(jwe, key, { keyManagementAlgorithms: ['ECDH-ES'] });
    expect(new TextDecoder().decode(opened.plaintext)).to.equal(plaintext);
  });

  it('is ECDH-ES with A256GCM, and shows nothing of the prompt or the device', async () => {
    const jwe = await secrets.encryptFor(encryption.jwk, plaintext);
    expect(jwe.split('.')).to.have.length(5);
    const header = decodeProtectedHeader(jwe);
    expect(Object.keys(header).toSorted()).to.deep.equal(['alg', 'enc', 'epk']);
    expect(header).to.deep.include({ alg: 'ECDH-ES', enc: 'A256GCM' });
    expect(JSON.stringify(header)).not.to.include(encryption.jwk.x);
    for (const part of jwe.split('.')) expect(Buffer.from(part, 'base64url').toString()).not.to.include('ver_1');
  });

  it('does not open with another key', async () => {
    const jwe = await secrets.encryptFor(encryption.jwk, plaintext);
    const key = await importJWK(stranger.privateKey.export({ format: 'jwk' }), 'ECDH-ES');
    const fault = await compactDecrypt(jwe, key).catch((error: unknown) => error);
    expect(fault).to.be.instanceOf(Error);
  });

  it('is new each time: one ephemeral key a message', async () => {
    const messages = await Promise.all(Array.from({ length: 8 }, () => secrets.encryptFor(encryption.jwk, plaintext)));
    const ephemeral = messages.map((jwe) => JSON.stringify(decodeProtectedHeader(jwe)['epk']));
    expect(new Set(ephemeral).size).to.equal(8);
  });

  it('goes to the key it was asked for, when devices take turns', async () => {
    for (const pair of [encryption, signing, encryption, stranger]) {
      const jwe = await secrets.encryptFor(pair.jwk, plaintext);
      const key = await importJWK(pair.privateKey.export({ format: 'jwk' }), 'ECDH-ES');
      expect(new TextDecoder().decode((await compactDecrypt(jwe, key)).plaintext)).to.equal(plaintext);
    }
  });

  it('is refused for a key that is not on the curve, again and again', async () => {
    const off = { ...encryption.jwk, y: encryption.jwk.x };
    for (let n = 0; n < 2; n += 1) {
      const fault = await secrets.encryptFor(off, plaintext).catch((error: unknown) => error);
      expect(fault).to.be.instanceOf(Error);
    }
  });
});
