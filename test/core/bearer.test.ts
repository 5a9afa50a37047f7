// The text forms of API keys and bearer tokens: what is read, what is refused, and how a fault is told.
import { expect } from 'chai';
import { apiKeyFault, formatApiKey, formatBearer, parseApiKey, parseBearer } from '../../server/core/bearer.ts';

const secret = 'Zk3_9-Qw7RtYuIoP_aSdFgHjKlZxCvBnM_1234567-9';

describe('an API key', () => {
  it('comes back from its text, underscores and dashes of the secret included', () => {
    expect(secret).to.have.length(43);
    expect(parseApiKey(formatApiKey('k1', secret))).to.deep.equal({ keyId: 'k1', secret });
  });

  it('splits on the first two underscores only', () => {
    const tricky = `_${secret.slice(1)}`;
    expect(parseApiKey(`vh_k1_${tricky}`)).to.deep.equal({ keyId: 'k1', secret: tricky });
  });

  const unreadable = {
    'another prefix': `vx_k1_${secret}`,
    'no key id': `vh__${secret}`,
    'a dash in the key id': `vh_k-1_${secret}`,
    'a key id of 65 characters': `vh_${'k'.repeat(65)}_${secret}`,
    'a secret of 42 characters': `vh_k1_${secret.slice(1)}`,
    'a secret of 257 characters': `vh_k1_${'s'.repeat(257)}`,
    'a blank before': ` vh_k1_${secret}`,
    'a line break after': `vh_k1_${secret}\n`,
    padding: `vh_k1_${secret}=`,
    nothing: '',
    'a prototype name as a whole': '__proto__',
  };
  for (const [what, text] of Object.entries(unreadable)) {
    it(`is not read from ${what}`, () => {
      expect(parseApiKey(text)).to.equal(undefined);
    });
  }
});

describe('what is wrong with an API key', () => {
  it('is nothing for a good one', () => {
    expect(apiKeyFault(formatApiKey('demo', secret))).to.equal(undefined);
  });

  const faults: Record<string, [string, RegExp]> = {
    'no shape of a key at all': ['hunter2', /reads vh_<key id>_<secret>/],
    'an empty one': ['', /reads vh_<key id>_<secret>/],
    'a bad key id': [`vh_k-1_${secret}`, /key id .* letters and digits/],
    'an empty secret': ['vh_k1_', /has 0 characters; 32 random bytes make 43/],
    'a short secret': [`vh_k1_${secret.slice(0, 20)}`, /has 20 characters; 32 random bytes make 43/],
    'a long secret': [`vh_k1_${secret.repeat(6)}`, /at most 256/],
    'another alphabet': [`vh_k1_${secret.slice(1)}+`, /base64url/],
    'a secret of 42 characters': [`vh_k1_${secret.slice(1)}`, /has 42 characters/],
    'a secret of 257 characters': [`vh_k1_${secret.repeat(6).slice(0, 257)}`, /at most 256/],
    'an empty key id': [`vh__${secret}`, /is 1 to 64 letters and digits/],
    'a key id of 65 characters': [`vh_${'k'.repeat(65)}_${secret}`, /is 1 to 64 letters and digits/],
    'something before': [`x vh_k1_${secret}`, /reads vh_<key id>_<secret>/],
    'a line break after': [`vh_k1_${secret}\n`, /base64url/],
    'eleven different characters': [`vh_k1_${'abcdefghijk'.repeat(4)}`, /placeholder/],
    'a placeholder': [`vh_k1_${'changeme'.repeat(6)}`, /placeholder/],
  };
  for (const [what, [text, told]] of Object.entries(faults)) {
    it(`is told for ${what}, without repeating the key`, () => {
      const fault = apiKeyFault(text) ?? '';
      expect(fault).to.match(told);
      if (text.length > 6) expect(fault).not.to.include(text.slice(6));
    });
  }

  it('agrees with the reader: what has no fault can be read', () => {
    for (const text of [
      formatApiKey('A9', secret),
      formatApiKey('k'.repeat(64), secret.repeat(6).slice(0, 256)),
      formatApiKey('k', 'abcdefghijkl'.repeat(4)),
    ]) {
      expect(apiKeyFault(text)).to.equal(undefined);
      expect(parseApiKey(text)).not.to.equal(undefined);
    }
  });
});

describe('an enrollment or trust token', () => {
  const id = 'enr_019a5f0c2b7e7d4f8a1b2c3d4e5f60718a';

  it('comes back from its text as the id of its record and the secret', () => {
    expect(parseBearer('enr', formatBearer(id, secret))).to.deep.equal({ id, secret });
  });

  it('is not read as one of another kind', () => {
    expect(parseBearer('tru', formatBearer(id, secret))).to.equal(undefined);
  });

  it('may have an id of 64 characters after the prefix', () => {
    const long = `tru_${'a'.repeat(64)}`;
    expect(parseBearer('tru', formatBearer(long, secret))).to.deep.equal({ id: long, secret });
  });

  const unreadable = {
    'an empty id': `enr__${secret}`,
    'an id of 65 characters after the prefix': `enr_${'a'.repeat(65)}_${secret}`,
    'a short secret': `${id}_${secret.slice(1)}`,
    'no id': `enr_${secret}`,
    'an id with capitals': `enr_ABC_${secret}`,
    'a line break after': `${id}_${secret}\n`,
    'something before': `x${id}_${secret}`,
    'a very long secret': `${id}_${'s'.repeat(257)}`,
    'a path': `enr_../app_1_${secret}`,
  };
  for (const [what, text] of Object.entries(unreadable)) {
    it(`is not read from ${what}`, () => {
      expect(parseBearer('enr', text)).to.equal(undefined);
    });
  }
});
