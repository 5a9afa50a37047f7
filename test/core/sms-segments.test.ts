// How many SMS a text takes, at every edge.
import { expect } from 'chai';
import { isGsm, smsSegments, toGsm } from '../../server/core/sms-segments.ts';

describe('the segments of an SMS', () => {
  const counted: [what: string, text: string, segments: number][] = [
    ['nothing', '', 1],
    ['160 letters', 'a'.repeat(160), 1],
    ['161 letters', 'a'.repeat(161), 2],
    ['306 letters', 'a'.repeat(306), 2],
    ['307 letters', 'a'.repeat(307), 3],
    ['letters of the alphabet that are not English', 'äöüñàèéùìòÄÖÜÑÉÅåØøÆæßÇ'.repeat(6).slice(0, 160), 1],
    ['80 of its extension', '€'.repeat(80), 1],
    ['81 of its extension', '€'.repeat(81), 2],
    // 76 fit into 153 septets, with one left over that cannot be used.
    ['153 of its extension, which are never torn apart', '€'.repeat(153), 3],
    ['70 letters, one of them accented', `ó${'a'.repeat(69)}`, 1],
    ['71 letters, one of them accented', `ó${'a'.repeat(70)}`, 2],
    ['134 of another script', 'я'.repeat(134), 2],
    ['135 of another script', 'я'.repeat(135), 3],
    ['35 emoji', '🏦'.repeat(35), 1],
    ['36 emoji', '🏦'.repeat(36), 2],
    // 33 pairs fit into 67 units, with one left over.
    ['67 emoji, which are never torn apart', '🏦'.repeat(67), 3],
  ];
  for (const [what, text, segments] of counted) {
    it(`${what}: ${segments}`, () => expect(smsSegments(text)).to.equal(segments));
  }

  it('are counted in the alphabet of the standard', () => {
    const ascii = Array.from({ length: 95 }, (_, index) => String.fromCodePoint(index + 32));
    expect(ascii.filter((char) => !isGsm(char))).to.deep.equal(['`']);
    expect(ascii.filter((char) => smsSegments(char.repeat(160)) > 1)).to.deep.equal([
      '[',
      '\\',
      ']',
      '^',
      '`',
      '{',
      '|',
      '}',
      '~',
    ]);
    const latin = Array.from({ length: 96 }, (_, index) => String.fromCodePoint(index + 160));
    expect(latin.filter(isGsm).join('')).to.equal('¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùü');
  });
});

describe('spelling in the GSM alphabet', () => {
  const spelled: [text: string, as: string][] = [
    ['Crédit à für España', 'Crédit à für España'],
    ['Depósitos', 'Depositos'],
    ['Façade', 'Facade'],
    ['L’Équipe – «Œuvre»…', `L'Équipe - "OEuvre"...`],
    ['Łódź', 'Lodz'],
    ['Bank™', 'Bank'],
    ['Сбербанк', 'Сбербанк'],
    ['Bank 🏦', 'Bank 🏦'],
    ['Depósitos 銀行', 'Depósitos 銀行'],
    ['constructor', 'constructor'],
  ];
  for (const [text, as] of spelled) it(`${text}: ${as}`, () => expect(toGsm(text)).to.equal(as));
});
