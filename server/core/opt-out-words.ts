// The words by which a person says that they want no SMS any more, or want them again, in the languages that the hub writes.

/** After these anything may follow: "Stop sending me this" is a refusal too (47 CFR 64.1200(a)(10), since 2025). */
const stopFirst = new Set(
  'STOP STOPP STOPALL UNSUBSCRIBE OPTOUT REVOKE AFMELDEN UITSCHRIJVEN ABMELDEN ARRET ARRETER ARRETEZ DESABONNER DESINSCRIRE PARAR'.split(
    ' ',
  ),
);
/** These mean it only when they stand alone. */
const stopAlone = new Set('CANCEL END QUIT ENDE BAJA ALTO CANCELAR'.split(' '));
const startAlone = new Set(
  'START UNSTOP SUBSCRIBE AANMELDEN ANMELDEN REPRENDRE ABONNER ALTA INICIAR EMPEZAR'.split(' '),
);

/** Undefined: it says something else. Case, accents and punctuation do not matter. */
export function optOutWord(text: string): 'stop' | 'start' | undefined {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toUpperCase();
  const [first = '', ...more] = plain.split(/[^\p{L}]+/u).filter((word) => word !== '');
  if (stopFirst.has(first) || (more.length === 0 && stopAlone.has(first))) return 'stop';
  return more.length === 0 && startAlone.has(first) ? 'start' : undefined;
}
