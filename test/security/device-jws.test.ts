// Attacks on the envelope of what a device signs (security D2 to D4): algorithm, header, signature and encoding.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect } from 'chai';
import { CompactEncrypt, generateKeyPair, importJWK, SignJWT } from 'jose';
import {
  approval,
  checkDecision,
  checkToken,
  decisionHeader,
  deviceId,
  encryption,
  origin,
  outcome,
  proofs,
  refusal,
  signDecision,
  signing,
  signToken,
  stranger,
  tokenClaims,
  tokenHeader,
} from './device-fixture.ts';
import { encode, forge, signatureOf, withSignature } from './forge.ts';

const honest = signToken(tokenClaims);
const notOfTheKey = refusal('signature', 'the signature is not of the enrolled key');

describe('an honest device token', () => {
  it('is accepted, and names its device before anything is checked', async () => {
    expect(proofs.deviceIdOf(honest)).to.equal(deviceId);
    expect(await checkToken(honest)).to.deep.equal({ ok: true, claims: { deviceId } });
  });

  it('is accepted from another implementation of JWS, often, so that every length of r and s occurs', async () => {
    const key = await importJWK(signing.privateKey.export({ format: 'jwk' }), 'ES256');
    for (let n = 0; n < 300; n += 1) {
      const token = await new SignJWT({ ...tokenClaims, jti: String(n) }).setProtectedHeader(tokenHeader).sign(key);
      expect(await outcome(checkToken(token))).to.equal('ok');
    }
  });
});

describe('the algorithm of what a device signs (D2)', () => {
  const wrongAlg = refusal('malformed', 'alg must be ES256');

  for (const alg of [
    'none',
    'None',
    'NONE',
    'es256',
    'HS256',
    'RS256',
    'PS256',
    'ES384',
    'ES256K',
    'EdDSA',
    '',
    7,
    null,
    ['ES256'],
  ]) {
    it(`is refused as ${JSON.stringify(alg)}, whatever else holds`, async () => {
      const token = signToken(tokenClaims, { ...tokenHeader, alg });
      expect(await outcome(checkToken(token))).to.equal(wrongAlg);
      expect(proofs.deviceIdOf(token)).to.equal(undefined);
    });
  }

  it('is refused when absent', async () => {
    expect(await outcome(checkToken(signToken(tokenClaims, { typ: 'device+jwt', kid: deviceId })))).to.equal(wrongAlg);
  });

  it('none without a signature is refused', async () => {
    const unsigned = `${encode({ ...tokenHeader, alg: 'none' })}.${encode(tokenClaims)}.`;
    expect(await outcome(checkToken(unsigned))).to.equal(wrongAlg);
  });

  const { publicKey } = signing;
  const publicTexts = {
    PEM: publicKey.export({ format: 'pem', type: 'spki' }),
    JWK: JSON.stringify(signing.jwk),
    'the point': Buffer.from(`${signing.jwk.x}${signing.jwk.y}`, 'base64url'),
  };
  for (const [form, secret] of Object.entries(publicTexts)) {
    it(`HMAC under the public key as ${form} is refused, under HS256 and passed off as ES256`, async () => {
      for (const alg of ['HS256', 'ES256']) {
        const input = `${encode({ ...tokenHeader, alg })}.${encode(tokenClaims)}`;
        const mac = createHmac('sha256', secret).update(input).digest();
        const padded = Buffer.concat([mac, mac]);
        for (const signature of [mac, padded]) {
          const answer = await checkToken(`${input}.${signature.toString('base64url')}`);
          expect(answer.ok).to.equal(false);
        }
      }
    });
  }

  it('an RSA signature passed off as ES256 is refused', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const rsa = await new SignJWT(tokenClaims).setProtectedHeader({ ...tokenHeader, alg: 'RS256' }).sign(privateKey);
    const swapped = `${encode(tokenHeader)}.${rsa.split('.').slice(1).join('.')}`;
    expect(await outcome(checkToken(swapped))).to.equal(
      refusal('malformed', 'an ES256 signature is 64 bytes, base64url'),
    );
  });
});

describe('the signature of what a device signs (D2)', () => {
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  const zero = '00'.repeat(32);
  const one = `${'00'.repeat(31)}01`;
  const max = 'ff'.repeat(32);
  // CVE-2022-21449: Java took r = s = 0 for a signature of anything.
  const crooked = {
    'r = s = 0': zero + zero,
    'r = 0': zero + one,
    's = 0': one + zero,
    'r = s = n': order + order,
    'r = n, s = 1': order + one,
    'r = 1, s = n': one + order,
    'r = s = 2^256 - 1': max + max,
    'r = s = 1': one + one,
  };
  for (const [what, hex] of Object.entries(crooked)) {
    it(`with ${what} is refused`, async () => {
      expect(await outcome(checkToken(withSignature(honest, Buffer.from(hex, 'hex'))))).to.equal(notOfTheKey);
    });
  }

  it('is refused when s is brought up by the order of the curve', async () => {
    const signature = signatureOf(signing.privateKey, honest.slice(0, honest.lastIndexOf('.')));
    const s = BigInt(`0x${signature.subarray(32).toString('hex')}`) + BigInt(`0x${order}`);
    const hex = s.toString(16);
    const raised = Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'),
    ]);
    expect((await checkToken(withSignature(honest, raised))).ok).to.equal(false);
  });

  it('is refused in DER, with a byte less, with a byte more, and empty', async () => {
    const input = honest.slice(0, honest.lastIndexOf('.'));
    const signature = signatureOf(signing.privateKey, input);
    const wrongSize = refusal('malformed', 'an ES256 signature is 64 bytes, base64url');
    for (const bytes of [
      Buffer.concat([Buffer.of(0x30, 68, 2, 32), signature.subarray(0, 32), Buffer.of(2, 32), signature.subarray(32)]),
      signature.subarray(1),
      Buffer.concat([signature, Buffer.of(0)]),
      Buffer.concat([Buffer.of(0), signature]),
      Buffer.alloc(0),
    ]) {
      expect(await outcome(checkToken(withSignature(honest, bytes)))).to.equal(wrongSize);
    }
  });

  it('of another device is refused', async () => {
    expect(await outcome(checkToken(forge(stranger.privateKey, tokenHeader, tokenClaims)))).to.equal(notOfTheKey);
  });

  it("by the device's encryption key is refused", async () => {
    expect(await outcome(checkToken(forge(encryption.privateKey, tokenHeader, tokenClaims)))).to.equal(notOfTheKey);
  });

  it('does not hold when one bit of header, payload or signature is turned', async () => {
    const decision = signDecision(approval);
    const [header = '', payload = '', signature = ''] = decision.split('.');
    const otherHeader = encode(JSON.stringify(decisionHeader).replace(':', ': '));
    const otherPayload = encode({ ...approval, number: '43' });
    const turned = Buffer.from(signature, 'base64url');
    turned[40] = (turned[40] ?? 0) ^ 1;
    for (const text of [
      `${otherHeader}.${payload}.${signature}`,
      `${header}.${otherPayload}.${signature}`,
      withSignature(decision, turned),
    ]) {
      expect(await outcome(checkDecision(text))).to.equal(notOfTheKey);
    }
    expect(await outcome(checkDecision(decision))).to.equal('ok');
  });
});

describe('the header of what a device signs (D3)', () => {
  const extra = refusal('malformed', 'the header holds only alg, typ and kid');
  const own = { jwk: stranger.jwk, use: 'sig' };
  const smuggled: Record<string, unknown> = {
    jwk: stranger.jwk,
    jku: 'https://attacker.example/jwks.json',
    x5u: 'https://attacker.example/chain.pem',
    x5c: ['MIIB'],
    x5t: 'AAAA',
    'x5t#S256': 'AAAA',
    crit: ['exp'],
    b64: false,
    zip: 'DEF',
    cty: 'JWT',
    p2c: 1_000_000_000,
    enc: 'A256GCM',
    epk: own,
  };
  for (const [name, value] of Object.entries(smuggled)) {
    it(`with ${name} is refused, signed by the device or by a stranger`, async () => {
      const header = { ...tokenHeader, [name]: value };
      expect(await outcome(checkToken(signToken(tokenClaims, header)))).to.equal(extra);
      expect(await outcome(checkToken(forge(stranger.privateKey, header, tokenClaims)))).to.equal(extra);
    });
  }

  it('with __proto__ holding another algorithm or key is refused', async () => {
    const header = `{"alg":"ES256","typ":"device+jwt","kid":"${deviceId}","__proto__":{"alg":"none"}}`;
    expect(await outcome(checkToken(signToken(tokenClaims, header)))).to.equal(extra);
  });

  it('takes nothing from a prototype', async () => {
    const header = `{"typ":"device+jwt","kid":"${deviceId}","__proto__":{"alg":"ES256"}}`;
    expect(await outcome(checkToken(signToken(tokenClaims, header)))).to.equal(
      refusal('malformed', 'alg must be ES256'),
    );
  });

  it('never makes the hub fetch a key', async () => {
    let calls = 0;
    const server = createServer((_request, response) => {
      calls += 1;
      response.end(JSON.stringify({ keys: [stranger.jwk] }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}/jwks.json` : '';
    try {
      for (const name of ['jku', 'x5u']) {
        await checkToken(forge(stranger.privateKey, { ...tokenHeader, [name]: url }, tokenClaims));
      }
      // A call of its own shows that the server would have counted one.
      await (await fetch(url)).text();
      expect(calls).to.equal(1);
    } finally {
      server.close();
    }
  });

  const kids = [
    `x${deviceId}`,
    `${deviceId}\n`,
    '../../etc/passwd',
    "' OR 1=1 --",
    '__proto__',
    'constructor',
    'dev_',
    'DEV_A',
    'dev_a\u0000',
    `dev_${'a'.repeat(65)}`,
    '',
  ];
  for (const kid of kids) {
    it(`with kid ${JSON.stringify(kid.slice(0, 20))} names no device`, async () => {
      const token = signToken(tokenClaims, { ...tokenHeader, kid });
      expect(proofs.deviceIdOf(token)).to.equal(undefined);
      expect(await outcome(checkToken(token))).to.equal(refusal('malformed', 'kid must be the device id'));
    });
  }

  it('with a kid that is no string is refused', async () => {
    for (const kid of [1, null, { a: 1 }, [deviceId]]) {
      const token = signToken(tokenClaims, { ...tokenHeader, kid });
      expect(proofs.deviceIdOf(token)).to.equal(undefined);
      expect(await outcome(checkToken(token))).to.equal(refusal('malformed', 'kid must be a string'));
    }
  });

  it('without kid, or with the kid of another device, is refused', async () => {
    const wrong = refusal('malformed', 'kid must be the device id');
    expect(await outcome(checkToken(signToken(tokenClaims, { alg: 'ES256', typ: 'device+jwt' })))).to.equal(wrong);
    expect(await outcome(checkToken(signToken(tokenClaims, { ...tokenHeader, kid: 'dev_other' })))).to.equal(wrong);
    expect(await outcome(checkDecision(signDecision(approval, { ...decisionHeader, kid: 'dev_other' })))).to.equal(
      wrong,
    );
  });

  for (const typ of [
    'decision+jwt',
    'enrollment+jwt',
    'waiter+jwt',
    'result+jwt',
    'JWT',
    'application/device+jwt',
    'Device+JWT',
    '',
    null,
    1,
  ]) {
    it(`with typ ${JSON.stringify(typ)} is no device token`, async () => {
      const token = signToken(tokenClaims, { ...tokenHeader, typ });
      expect(await outcome(checkToken(token))).to.equal(refusal('malformed', 'typ must be device+jwt'));
      expect(proofs.deviceIdOf(token)).to.equal(undefined);
    });
  }

  it('of a device token makes no decision, and none makes either', async () => {
    const wrong = refusal('malformed', 'typ must be decision+jwt');
    expect(await outcome(checkDecision(signDecision(approval, tokenHeader)))).to.equal(wrong);
    expect(await outcome(checkDecision(signDecision(approval, { alg: 'ES256', kid: deviceId })))).to.equal(wrong);
    const untyped = signToken(tokenClaims, { alg: 'ES256', kid: deviceId });
    expect(await outcome(checkToken(untyped))).to.equal(refusal('malformed', 'typ must be device+jwt'));
  });
});

describe('what is no compact JWS (D4)', () => {
  it('a JWE to the same key is refused before any decryption', async () => {
    const key = await importJWK(encryption.jwk, 'ECDH-ES');
    const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(tokenClaims)))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'device+jwt', kid: deviceId })
      .encrypt(key);
    expect(await outcome(checkToken(jwe))).to.equal(refusal('malformed', 'a compact JWS has three parts'));
    expect(proofs.deviceIdOf(jwe)).to.equal(undefined);
  });

  it('PBES2 with a thousand million rounds is refused at once', async () => {
    const header = { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 1_000_000_000, p2s: 'AAAAAAAAAAA' };
    const started = process.cpuUsage();
    const answer = await checkToken(`${encode(header)}.AA.AA.AA.AA`);
    const { user } = process.cpuUsage(started);
    expect(await outcome(Promise.resolve(answer))).to.equal(refusal('malformed', 'a compact JWS has three parts'));
    expect(user).to.be.below(1_000_000);
  });

  it('a text above the bound is refused, and one at the bound is read', async () => {
    // JSON may have white space behind it: a device's token of any length.
    const padded = (header: number, payload: number): string =>
      signToken(JSON.stringify(tokenClaims).padEnd(payload), JSON.stringify(tokenHeader).padEnd(header));
    const tooLong = refusal('malformed', 'longer than 4096 characters');
    // 120 and 2,886 bytes make 160 and 3,848 characters; with 86 of signature and two dots 4,096.
    expect(padded(120, 2_886)).to.have.length(4_096);
    expect(await outcome(checkToken(padded(120, 2_886)))).to.equal('ok');
    expect(padded(121, 2_886)).to.have.length(4_098);
    expect(await outcome(checkToken(padded(121, 2_886)))).to.equal(tooLong);
    expect(await outcome(checkToken('.'.repeat(10_000_000)))).to.equal(tooLong);
  });

  const [header = '', payload = '', signature = ''] = honest.split('.');
  const shapes = {
    nothing: '',
    'one part': header,
    'two parts': `${header}.${payload}`,
    'four parts': `${honest}.`,
    'an empty header': `.${payload}.${signature}`,
    'an empty payload (detached)': `${header}..${signature}`,
    'an empty signature': `${header}.${payload}.`,
    'padding in the header': `${header}=.${payload}.${signature}`,
    'padding in the signature': `${header}.${payload}.${signature}==`,
    'a line break at the end': `${honest}\n`,
    'a blank before': ` ${honest}`,
    'a line break inside': `${header}.${payload.slice(0, 8)}\n${payload.slice(8)}.${signature}`,
    'plain base64': `${header}.${payload}.${'+'.repeat(86)}`,
    'JSON serialization': JSON.stringify({ protected: header, payload, signature }),
    'bytes that are no UTF-8': `${Buffer.from([0xff, 0xfe]).toString('base64url')}.${payload}.${signature}`,
    'a byte order mark': `${encode(`\ufeff${JSON.stringify(tokenHeader)}`)}.${payload}.${signature}`,
  };
  for (const [what, text] of Object.entries(shapes)) {
    it(`${what} is refused as malformed`, async () => {
      const answer = await checkToken(text);
      expect(answer).to.deep.include({ ok: false, fault: 'malformed' });
      expect(proofs.deviceIdOf(text)).to.equal(undefined);
    });
  }

  it('a second spelling of the same signature is refused, so that one token has one text', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(honest.at(-1) ?? '');
    // 64 bytes leave four bits of the last character unused.
    const respelled = `${honest.slice(0, -1)}${alphabet[last ^ 1]}`;
    expect(Buffer.from(respelled.split('.')[2] ?? '', 'base64url')).to.deep.equal(Buffer.from(signature, 'base64url'));
    expect(await outcome(checkToken(respelled))).to.equal(
      refusal('malformed', 'an ES256 signature is 64 bytes, base64url'),
    );
  });

  for (const text of ['[]', '"text"', '1', 'null', 'true', '', '{', `{"iss":"${deviceId}"} {}`]) {
    it(`a header or payload of ${text === '' ? 'nothing' : text} is refused`, async () => {
      expect(await checkToken(signToken(text))).to.deep.include({ ok: false, fault: 'malformed' });
      expect(await checkToken(signToken(tokenClaims, text))).to.deep.include({ ok: false, fault: 'malformed' });
    });
  }

  it('never throws, whatever the bytes', async () => {
    const pieces = ['', '.', '..', '{}', 'e30', origin, '\u0000', '💥', encode('{"a":'), encode('[[[')];
    for (const a of pieces) {
      for (const b of pieces) {
        const text = `${a}.${b}.${signature}`;
        expect((await checkToken(text)).ok).to.equal(false);
        expect((await checkDecision(text)).ok).to.equal(false);
        expect(proofs.deviceIdOf(text)).to.equal(undefined);
      }
    }
  });
});
