// Strings that come in: the tricks that are refused, and the honest text of the world that is not.
import { expect } from 'chai';
import { isValid } from '../../server/wire/parse.ts';
import * as text from '../../server/wire/text.ts';
import { digitsOf } from '../../server/wire/verification-calls.ts';

const line = text.text(64);
const opaque = text.opaque(64);

/** Code points that hide, turn around or break text. */
const tricks: Record<string, number> = {
  NUL: 0x00,
  tab: 0x09,
  'line feed': 0x0a,
  'carriage return': 0x0d,
  escape: 0x1b,
  delete: 0x7f,
  'next line': 0x85,
  'line separator': 0x2028,
  'paragraph separator': 0x2029,
  'left-to-right embedding': 0x202a,
  'right-to-left embedding': 0x202b,
  'pop directional formatting': 0x202c,
  'left-to-right override': 0x202d,
  'right-to-left override': 0x202e,
  'left-to-right isolate': 0x2066,
  'right-to-left isolate': 0x2067,
  'first strong isolate': 0x2068,
  'pop directional isolate': 0x2069,
  'zero-width space': 0x200b,
  'word joiner': 0x2060,
  'byte order mark': 0xfeff,
  'soft hyphen': 0xad,
  'combining grapheme joiner': 0x34f,
  'Hangul filler': 0x3164,
  'half-width Hangul filler': 0xffa0,
  'braille blank': 0x2800,
  'interlinear annotation': 0xfff9,
  'tag letter a': 0xe0061,
};

describe('text for people', () => {
  for (const [name, code] of Object.entries(tricks)) {
    it(`refuses ${name}`, () => {
      const char = String.fromCodePoint(code);
      for (const value of [char, `a${char}b`, `${char}ab`, `ab${char}`]) {
        expect(isValid(line, value), 'text').to.equal(false);
        expect(isValid(opaque, value), 'id').to.equal(false);
      }
    });
  }

  it('refuses lone surrogates', () => {
    for (const value of ['\ud800', 'a\udfffb', '\udc00\ud800']) {
      expect(isValid(line, value)).to.equal(false);
      expect(isValid(opaque, value)).to.equal(false);
    }
  });

  it('refuses text that nobody can see', () => {
    for (const value of ['', ' ', '   ', '\u00a0', '\u3000\u2003']) expect(isValid(line, value)).to.equal(false);
  });

  it('takes the text of the world', () => {
    const honest = [
      'Sign in to Example Bank',
      "O'Brien & Söhne <GmbH>",
      'Подтвердите вход',
      'تسجيل الدخول',
      'می\u200cخواهم', // Persian needs the zero-width non-joiner
      'שלום\u200f!',
      '로그인 승인',
      'ログインの確認 葛\u{e0100}城',
      'अनुमोदन',
      '👩‍👩‍👧‍👦 €120,00 🏳️‍🌈',
      'e\u0301 is not made é',
    ];
    for (const value of honest) expect(isValid(line, value), value).to.equal(true);
  });

  it('counts code points', () => {
    expect(isValid(line, '😀'.repeat(64))).to.equal(true);
    expect(isValid(line, '😀'.repeat(65))).to.equal(false);
    expect(isValid(line, `e${'\u0301'.repeat(64)}`), 'one letter with 64 accents').to.equal(false);
  });

  it('keeps ids that differ in code points apart: nothing is normalised', () => {
    expect(isValid(opaque, '\u00e9')).to.equal(true);
    expect(isValid(opaque, 'e\u0301')).to.equal(true);
  });

  it('takes ids with a plain space, and with no other', () => {
    expect(isValid(opaque, 'alice smith')).to.equal(true);
    for (const space of ['\u00a0', '\u2003', '\u3000', '\u202f']) {
      expect(isValid(opaque, `alice${space}smith`)).to.equal(false);
      expect(isValid(opaque, `alice\u200dsmith`)).to.equal(false);
    }
  });
});

describe('patterns', () => {
  const cases: [name: string, schema: ReturnType<typeof text.text>, good: string[], bad: string[]][] = [
    [
      'phone numbers',
      text.phoneNumber(),
      ['+31612345678', '+15555550100', '+8613800138000'],
      [
        '31612345678',
        '+0612345678',
        '+316',
        '+1234567890123456',
        '+31 6 12345678',
        '+３１６１２３４５６７８',
        ' +31612345678',
        '+31612345678\n',
      ],
    ],
    [
      'IP addresses',
      text.ipAddress(),
      [
        '203.0.113.7',
        '::',
        '::1',
        '2001:db8::1',
        '1:2:3:4:5:6:7:8',
        '1::8',
        '1:2:3:4:5:6:7::',
        '::ffff:192.0.2.1',
        'FE80::ABCD',
      ],
      [
        '256.1.1.1',
        '1.2.3',
        '01.2.3.4',
        '1.2.3.4.5',
        ':::',
        '1::2::3',
        '12345::',
        '1:2:3:4:5:6:7:8:9',
        'fe80::1%eth0',
        '[::1]',
        '1.2.3.4 ',
        '',
      ],
    ],
    [
      'language tags',
      text.locale(),
      ['en', 'pt-BR', 'zh-Hant-TW', 'de-CH-1996'],
      ['e', 'en_US', 'en-', '-en', 'english language', 'en-verylongsubtag', 'ён', `en${'-abcdefgh'.repeat(4)}`],
    ],
    [
      'SMS codes',
      text.smsCode(),
      ['123456', '123 456', ' 1 2 3 4 5 6 ', '000000'],
      [
        '12345',
        '1234567',
        '12345a',
        '１２３４５６',
        '١٢٣٤٥٦',
        '123\u00a0456',
        '123-456',
        '123\t456',
        '123456\n',
        `123456${' '.repeat(27)}`,
      ],
    ],
    [
      'coordinates',
      text.base64url(43),
      ['A'.repeat(43)],
      ['A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, `${'A'.repeat(42)}+`],
    ],
    [
      'compact JWS',
      text.compactJws(),
      ['a.b.c', 'eyJhbGciOiJub25lIn0.e30.', 'a.b.c.d.e'],
      ['', 'a.b', 'abc', 'a.b.c d', '.b.c', 'a.b.c\n', 'a.b.ü', `${'a'.repeat(8190)}.b.c`],
    ],
  ];
  for (const [name, schema, good, bad] of cases) {
    it(`know ${name}`, () => {
      for (const value of good) expect(isValid(schema, value), JSON.stringify(value)).to.equal(true);
      for (const value of bad) expect(isValid(schema, value), JSON.stringify(value)).to.equal(false);
      for (const value of [null, 1, true, [], {}])
        expect(isValid(schema, value), JSON.stringify(value)).to.equal(false);
    });
  }

  it('are explained in words', () => {
    expect(text.wordsFor('^\\+[1-9][0-9]{6,14}$')).to.include('E.164');
    expect(text.wordsFor('^unheard of$')).to.equal(undefined);
  });

  it('leave the six digits of a code', () => expect(digitsOf(' 12 34 56 ')).to.equal('123456'));
});
