// The claims and the clock of a device token (contract section 3), each checked on its own.
import { expect } from 'chai';
import { createDeviceProofs } from '../../server/security/device-proofs.ts';
import {
  checkToken,
  deviceId,
  iat,
  now,
  origin,
  outcome,
  refusal,
  signing,
  signToken,
  stranger,
  tokenClaims,
} from './device-fixture.ts';
import { without } from './forge.ts';

describe('the claims of a device token (D5)', () => {
  const refused: Record<string, [object, string]> = {
    'iss of another device': [{ iss: 'dev_other' }, 'iss must be the device id'],
    'iss in a list': [{ iss: [deviceId] }, 'iss must be the device id'],
    'aud of another hub': [{ aud: 'https://other.example' }, 'aud must be the hub origin'],
    'aud with a slash behind': [{ aud: `${origin}/` }, 'aud must be the hub origin'],
    'aud over plain HTTP': [{ aud: origin.replace('https', 'http') }, 'aud must be the hub origin'],
    'aud with a longer name': [{ aud: `${origin}.attacker.example` }, 'aud must be the hub origin'],
    'aud in other letters': [{ aud: origin.toUpperCase() }, 'aud must be the hub origin'],
    'aud in a list': [{ aud: [origin] }, 'aud must be the hub origin'],
    'an empty jti': [{ jti: '' }, 'jti must be a string of 1 to 256 characters'],
    'a jti of 257 characters': [{ jti: 'j'.repeat(257) }, 'jti must be a string of 1 to 256 characters'],
    'a jti that is a number': [{ jti: 1 }, 'jti must be a string of 1 to 256 characters'],
    'iat as a string': [{ iat: String(iat) }, 'iat must be a time in seconds'],
    'iat null': [{ iat: null }, 'iat must be a time in seconds'],
    'a negative iat': [{ iat: -1 }, 'iat must be a time in seconds'],
    'exp as a string': [{ exp: String(iat + 300) }, 'exp must be a time in seconds'],
    'exp at iat': [{ exp: iat }, 'exp must be after iat'],
    'exp before iat': [{ exp: iat - 1 }, 'exp must be after iat'],
    'exp 301 s after iat': [{ exp: iat + 301 }, 'exp must be at most 300 s after iat'],
    'exp a year after iat': [{ exp: iat + 31_536_000 }, 'exp must be at most 300 s after iat'],
  };
  for (const [what, [change, detail]] of Object.entries(refused)) {
    it(`are refused with ${what}`, async () => {
      expect(await outcome(checkToken(signToken({ ...tokenClaims, ...change })))).to.equal(refusal('claims', detail));
    });
  }

  const missing = {
    iss: 'iss must be the device id',
    aud: 'aud must be the hub origin',
    jti: 'jti must be a string of 1 to 256 characters',
    iat: 'iat must be a time in seconds',
    exp: 'exp must be a time in seconds',
  } as const;
  for (const name of ['iss', 'aud', 'jti', 'iat', 'exp'] as const) {
    it(`are refused without ${name}, also when a prototype would have it`, async () => {
      const rest = without(tokenClaims, name);
      expect(await outcome(checkToken(signToken(rest)))).to.equal(refusal('claims', missing[name]));
      const json = JSON.stringify(rest).replace('{', `{"__proto__":${JSON.stringify(tokenClaims)},`);
      expect(await outcome(checkToken(signToken(json)))).to.equal(refusal('claims', missing[name]));
    });
  }

  it('are refused with a time beyond every number', async () => {
    const json = JSON.stringify(tokenClaims).replace(`"exp":${iat + 300}`, '"exp":1e999');
    expect(await outcome(checkToken(signToken(json)))).to.equal(refusal('claims', 'exp must be a time in seconds'));
  });

  it('are accepted with a fraction of a second and with claims of the app itself', async () => {
    expect(await outcome(checkToken(signToken({ ...tokenClaims, iat: iat + 0.5, app: '1.2' })))).to.equal('ok');
  });

  for (const name of ['iss', 'aud', 'iat', 'exp', 'jti', '\\u0061ud', 'extra'] as const) {
    it(`are refused when ${name} is there twice`, async () => {
      const json = JSON.stringify({ ...tokenClaims, extra: 1 }).replace('{', `{"${name}":1,`);
      expect(JSON.parse(json)).to.deep.equal({ ...tokenClaims, extra: 1 });
      const detail = 'the payload is not base64url of one JSON object with unique names';
      expect(await outcome(checkToken(signToken(json)))).to.equal(refusal('malformed', detail));
    });
  }

  it('are not looked at when the signature does not hold', async () => {
    const token = signToken({ ...tokenClaims, aud: 'https://other.example' });
    const check = createDeviceProofs({ origin }).checkDeviceToken(token, deviceId, stranger.jwk, now);
    expect(await outcome(check)).to.equal(refusal('signature', 'the signature is not of the enrolled key'));
  });
});

describe('the clock of a device token', () => {
  const skew = refusal('clock-skew', "iat is more than 300 s off the hub's clock");
  const expired = refusal('expired', 'exp has passed');
  const lived = (seconds: number): string => signToken({ ...tokenClaims, exp: iat + seconds });

  const moments: [string, number, number, string][] = [
    ['made now', 300, 0, 'ok'],
    ['299.999 s old', 300, 299_999, 'ok'],
    ['at its exp', 300, 300_000, expired],
    ['300.001 s old: skew is said before expiry', 300, 300_001, skew],
    ['an hour old', 300, 3_600_000, skew],
    ['300 s ahead', 300, -300_000, 'ok'],
    ['300.001 s ahead', 300, -300_001, skew],
    ['a day ahead', 300, -86_400_000, skew],
    ['short-lived, 1 ms before its exp', 60, 59_999, 'ok'],
    ['short-lived, at its exp', 60, 60_000, expired],
    ['short-lived, long after its exp but within the skew', 60, 299_000, expired],
  ];
  for (const [what, seconds, later, answer] of moments) {
    it(`is ${answer.split(':')[0]} when ${what}`, async () => {
      expect(await outcome(checkToken(lived(seconds), now + later))).to.equal(answer);
    });
  }

  it("is the caller's: the machine's own is never asked", async () => {
    const past = Date.UTC(2001, 0, 1);
    const token = signToken({ ...tokenClaims, iat: past / 1_000, exp: past / 1_000 + 300 });
    expect(await outcome(checkToken(token, past))).to.equal('ok');
  });

  it('may be used again until it ends', async () => {
    const token = lived(300);
    for (const later of [0, 0, 1_000]) expect(await outcome(checkToken(token, now + later))).to.equal('ok');
  });
});

describe('many devices', () => {
  it('each are checked with their own key, in whatever order they come', async () => {
    const proofs = createDeviceProofs({ origin });
    const token = signToken(tokenClaims);
    for (const key of [signing, stranger, signing, stranger]) {
      const { ok } = await proofs.checkDeviceToken(token, deviceId, key.jwk, now);
      expect(ok).to.equal(key === signing);
    }
  });
});
