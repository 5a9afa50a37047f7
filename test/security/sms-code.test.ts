// The SMS code (security C6, C7): six digits, each code equally likely, derived and never kept.
import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { createSecrets } from '../../server/security/secrets.ts';
import { uniformCode } from '../../server/security/sms-code.ts';

const codeKey = Buffer.alloc(32, 7).toString('base64url');
const secrets = createSecrets({ codeKey });

/** A stream whose words are these, eight a block, then zeros. */
function stream(...words: number[]): (n: number) => Buffer {
  return (n) => {
    const block = Buffer.alloc(32);
    for (let at = 0; at < 8; at += 1) block.writeUInt32BE(words[n * 8 + at] ?? 0, at * 4);
    return block;
  };
}

describe('an SMS code', () => {
  it('is the same on every resend, and six digits', () => {
    const code = secrets.smsCode('ver_1', 'salt');
    expect(code).to.match(/^\d{6}$/);
    expect(secrets.smsCode('ver_1', 'salt')).to.equal(code);
    expect(createSecrets({ codeKey }).smsCode('ver_1', 'salt')).to.equal(code);
  });

  it('is the HMAC-SHA256 of verification and salt under the code key, and of nothing else', () => {
    const mac = createHmac('sha256', Buffer.alloc(32, 7)).update('verihub sms-code\0ver_1\0salt\x000').digest();
    expect(mac.readUInt32BE(0)).to.be.below(4_294_000_000);
    expect(secrets.smsCode('ver_1', 'salt')).to.equal(String(mac.readUInt32BE(0) % 1_000_000).padStart(6, '0'));
  });

  it('depends on the key, the verification and the salt, and on where one ends', () => {
    const otherKey = createSecrets({ codeKey: Buffer.alloc(32, 8).toString('base64url') });
    const codes = [
      secrets.smsCode('ver_1', 'salt'),
      secrets.smsCode('ver_2', 'salt'),
      secrets.smsCode('ver_1', 'other'),
      secrets.smsCode('ver_1s', 'alt'),
      otherKey.smsCode('ver_1', 'salt'),
    ];
    expect(new Set(codes).size).to.equal(codes.length);
  });

  it('keeps leading zeros', () => {
    expect(uniformCode(stream(7))).to.equal('000007');
    expect(uniformCode(stream(5_000_042))).to.equal('000042');
  });

  it('draws again where taking the rest would favour low codes', () => {
    expect(uniformCode(stream(4_293_999_999))).to.equal('999999');
    expect(uniformCode(stream(4_294_000_000, 123_456))).to.equal('123456');
    expect(uniformCode(stream(0xffff_ffff, 0xffff_ffff, 654_321))).to.equal('654321');
  });

  it('uses every word of a block before it goes on', () => {
    const seven = Array.from({ length: 7 }, () => 0xffff_ffff);
    expect(uniformCode(stream(...seven, 2_000_099))).to.equal('000099');
  });

  it('goes on to the next block when a whole one is drawn again', () => {
    const block = Array.from({ length: 8 }, () => 0xffff_ffff);
    expect(uniformCode(stream(...block, 1_000_077))).to.equal('000077');
    expect(uniformCode(stream(...block, ...block, 88))).to.equal('000088');
  });

  it('is spread evenly over all codes: χ² over 100,000, in whole and digit by digit', function () {
    this.timeout(20_000);
    const drawn = 100_000;
    const thousands = Array.from({ length: 1_000 }, () => 0);
    const digits = Array.from({ length: 6 }, () => Array.from({ length: 10 }, () => 0));
    for (let n = 0; n < drawn; n += 1) {
      const code = secrets.smsCode(`ver_${n}`, 'salt');
      const bucket = Number(code.slice(0, 3));
      thousands[bucket] = (thousands[bucket] ?? 0) + 1;
      for (const [at, counts] of digits.entries()) counts[Number(code[at])] = (counts[Number(code[at])] ?? 0) + 1;
    }
    // The key is fixed, so the figures are too. Bounds at p = 0.0001 on both sides: too even is no chance either.
    expect(chiSquare(thousands, drawn)).to.be.within(840, 1_172);
    for (const counts of digits) expect(chiSquare(counts, drawn)).to.be.within(0.5, 33.7);
  });
});

function chiSquare(counts: readonly number[], drawn: number): number {
  const expected = drawn / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('the code key', () => {
  it('is refused when it is short, empty or no base64url, without being shown', () => {
    for (const key of ['', 'c2hvcnQ', Buffer.alloc(31).toString('base64url'), '!'.repeat(60)]) {
      expect(() => createSecrets({ codeKey: key })).to.throw('less than 32 bytes');
      if (key !== '') expect(() => createSecrets({ codeKey: key })).not.to.throw(key);
    }
  });
});
