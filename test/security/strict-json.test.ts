// JSON that two parsers could read differently is refused; everything else is read as it stands.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { parseStrictObject } from '../../server/security/strict-json.ts';

const parse = (text: string) => parseStrictObject(Buffer.from(text));

describe('a strict JSON object', () => {
  const accepted = [
    '{}',
    ' { "a" : 1 } ',
    '{"a":{"a":{"a":1}}}',
    '{"a":[{"b":1},{"b":2}],"b":3}',
    '{"a":"b","b":"a"}',
    '{"a":"\\"a\\":","b":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":["a","a","a"],"b":["b"]}',
    '{"a":[],"b":[[]],"c":{}}',
    '{"a\\\\":1,"a":2}',
    '{"constructor":1,"toString":2,"__proto__":3}',
    '{"":1}',
    '{"a":1,"A":2}',
  ];
  for (const text of accepted) {
    it(`is ${text}`, () => {
      expect(parse(text)).to.deep.equal(JSON.parse(text));
    });
  }

  const repeated = [
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1 , "a" : 2}',
    '{"a":{"b":1,"b":2}}',
    '{"a":[{"b":1},{"c":1,"c":2}]}',
    '{"a":{"x":1},"a":{}}',
    '{"a":[],"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"":1,"":2}',
    '{"a":"}","a":2}',
    '{"a":"\\\\","a":2}',
    '{"__proto__":1,"__proto__":2}',
    '[{"a":1}]',
  ];
  for (const text of repeated) {
    it(`is not ${text}`, () => {
      JSON.parse(text);
      expect(parse(text)).to.equal(undefined);
    });
  }

  it('is nothing else: no other value, no broken text, no bytes beyond UTF-8', () => {
    for (const text of [
      '',
      ' ',
      'null',
      '1',
      '"a"',
      '[]',
      '{',
      '{"a":1}x',
      "{'a':1}",
      '{a:1}',
      '{"a":1,}',
      '\ufeff{}',
    ]) {
      expect(parse(text)).to.equal(undefined);
    }
    for (const bytes of [
      [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d],
      [0xc0, 0xaf],
      [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
    ]) {
      expect(parseStrictObject(Uint8Array.from(bytes))).to.equal(undefined);
    }
  });

  it('takes a __proto__ member as a name like any other', () => {
    const value = parse('{"__proto__":{"alg":"none"}}');
    expect(value?.['alg']).to.equal(undefined);
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
  });

  it('reads whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(3), (value, indent) => {
        // toWellFormed: a lone surrogate cannot be written in UTF-8.
        const text = JSON.stringify(value, null, indent).toWellFormed();
        expect(parse(text)).to.deep.equal(JSON.parse(text));
      }),
    );
  });

  it('refuses whatever says a name twice, at any depth', () => {
    const wraps = [
      (inner: string) => inner,
      (inner: string) => `{"x":${inner}}`,
      (inner: string) => `{"x":[1,${inner}]}`,
    ];
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), fc.constantFrom(...wraps), (name, one, two, wrap) => {
        const key = JSON.stringify(name);
        const members = `${key}:${JSON.stringify(one)},"-other-":1,${key}:${JSON.stringify(two)}`;
        expect(parse(wrap(`{${members}}`))).to.equal(undefined);
      }),
    );
  });
});
