// What an SMS says, in each language, and its origin-bound last line.
import { expect } from 'chai';
import { smsSegments } from '../../server/core/sms-segments.ts';
import { smsText } from '../../server/core/sms-text.ts';

const message = {
  applicationName: 'Example Bank',
  domain: 'bank.test',
  code: '012345',
  locale: undefined,
  isFallback: false,
};

const languages: Record<string, { plain: string; fallback: string }> = {
  en: {
    plain: '012345 Your code for Example Bank. Never share it.',
    fallback: '012345 We could not reach your app. Your code for Example Bank. Never share it.',
  },
  nl: {
    plain: '012345 Uw code voor Example Bank. Deel deze nooit.',
    fallback: '012345 Uw app was niet bereikbaar. Uw code voor Example Bank. Deel deze nooit.',
  },
  de: {
    plain: '012345 Ihr Code für Example Bank. Niemals weitergeben.',
    fallback: '012345 Ihre App war nicht erreichbar. Ihr Code für Example Bank. Niemals weitergeben.',
  },
  fr: {
    plain: '012345 Votre code pour Example Bank. Ne le communiquez jamais.',
    fallback: '012345 Application injoignable. Votre code pour Example Bank. Ne le communiquez jamais.',
  },
  es: {
    plain: '012345 Su clave para Example Bank. No la comparta nunca.',
    fallback: '012345 No pudimos contactar con su app. Su clave para Example Bank. No la comparta nunca.',
  },
};

const firstLine = (text: string): string | undefined => text.split('\n')[0];

describe('the text of an SMS', () => {
  for (const [locale, { plain, fallback }] of Object.entries(languages)) {
    it(`is written in ${locale}, and says when the app was not reached`, () => {
      expect(firstLine(smsText({ ...message, locale }))).to.equal(plain);
      expect(firstLine(smsText({ ...message, locale, isFallback: true }))).to.equal(fallback);
    });
  }

  it('ends in the origin-bound line, with the code and nothing after it', () => {
    for (const locale of [undefined, ...Object.keys(languages)]) {
      for (const isFallback of [false, true]) {
        const lines = smsText({ ...message, locale, isFallback }).split('\n');
        expect(lines.at(-1)).to.equal('@bank.test #012345');
        expect(lines.at(-2)).to.equal('');
      }
    }
  });

  it('takes a region for its language, in any case', () => {
    for (const locale of ['nl-BE', 'NL', 'nl_NL', 'nl-Latn-NL']) {
      expect(firstLine(smsText({ ...message, locale }))).to.equal(languages['nl']?.plain);
    }
  });

  it('is in English where there is no wording, also for names that every object has', () => {
    for (const locale of [
      undefined,
      '',
      'tlh',
      'xx-YY',
      '-',
      'constructor',
      '__proto__',
      'hasOwnProperty',
      'tostring',
    ]) {
      expect(firstLine(smsText({ ...message, locale })), String(locale)).to.equal(languages['en']?.plain);
    }
  });

  it('begins with the code, so that a notification shows it', () => {
    expect(smsText(message)).to.match(/^012345 /);
  });

  const names = [
    'Bank',
    'Example Bank',
    'Crédit Agricole',
    'Sparkasse KölnBonn',
    'Banco Santander España',
    'Caixa Geral de Depósitos',
    'L’Assurance Maladie',
    'Łódź – Bank Spółdzielczy',
    'A rather long name of a bank',
    'Rabobank [Zakelijk] €',
  ];
  it(`is one SMS for each of ${names.length} ordinary names, in every language`, () => {
    for (const locale of Object.keys(languages)) {
      for (const applicationName of names) {
        for (const isFallback of [false, true]) {
          const text = smsText({ ...message, applicationName, locale, isFallback, domain: 'login.examplebank.com' });
          expect(smsSegments(text), `${locale}: ${text}`).to.equal(1);
          expect(text).not.to.include('..');
        }
      }
    }
  });

  it('cuts a name only as far as it must, and never the last line', () => {
    const applicationName = 'The Very Long And Distinguished Name Of An Old Family Savings Bank';
    for (const locale of Object.keys(languages)) {
      const text = smsText({ ...message, applicationName, locale, isFallback: true, domain: 'login.examplebank.com' });
      expect(smsSegments(text), text).to.equal(1);
      expect(text.length).to.be.within(155, 160);
      expect(text)
        .to.include('The Very Long')
        .and.to.match(/\n\n@login\.examplebank\.com #012345$/);
    }
  });

  it('is not cut when that would not help', () => {
    for (const applicationName of ['Сбербанк', '三菱UFJ銀行', 'Bank 🏦']) {
      const text = smsText({ ...message, applicationName, isFallback: true, domain: 'login.examplebank.com' });
      expect(text).to.include(applicationName);
      expect(smsSegments(text)).to.be.within(2, 3);
    }
    const domain = `${'a-very-long-label.'.repeat(8)}example`;
    const text = smsText({ ...message, applicationName: 'A rather long name of a bank', domain });
    expect(text)
      .to.include('A rather long name of a bank')
      .and.to.match(new RegExp(`@${domain} #012345$`));
  });
});
