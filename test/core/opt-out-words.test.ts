// What a person answers when they want no SMS, in five languages, and what they may answer without meaning that.
import { expect } from 'chai';
import { optOutWord } from '../../server/core/opt-out-words.ts';

describe('the words that stop SMS', () => {
  const stop = [
    'STOP',
    'stop',
    ' Stop. ',
    'STOP!',
    '"stop"',
    'Stop sending me this',
    'STOP ALL',
    'stopall',
    'Unsubscribe',
    'CANCEL',
    'end',
    'Quit',
    'Stopp',
    'Abmelden',
    'Ende',
    'Afmelden',
    'uitschrijven',
    'Arrêt',
    'ARRÊTEZ',
    'arret svp',
    'Désabonner',
    'Parar',
    'baja',
    'STOP\n\nSent from my phone',
  ];
  for (const text of stop) it(`${JSON.stringify(text)} stops them`, () => expect(optOutWord(text)).to.equal('stop'));

  const start = ['START', 'start!', 'Unstop', 'Anmelden', 'AANMELDEN', 'Reprendre', 'alta', 'Iniciar'];
  for (const text of start) it(`${JSON.stringify(text)} starts them`, () => expect(optOutWord(text)).to.equal('start'));

  const other = [
    '',
    ' ',
    '?',
    '123456',
    'Yes',
    'No',
    'Who is this?',
    'End of the month?',
    'Cancel my order please',
    "Don't stop",
    'nonstop',
    'Start sending me the code',
    'constructor',
    '🛑',
    'stoppage time',
  ];
  for (const text of other)
    it(`${JSON.stringify(text)} does neither`, () => expect(optOutWord(text)).to.equal(undefined));
});
