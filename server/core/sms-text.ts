// What an SMS says, in the person's language and in one segment if it can be, ending in the origin-bound one-time code line.
import { smsSegments, toGsm } from './sms-segments.ts';

type Language = 'en' | 'nl' | 'de' | 'fr' | 'es';

interface Wording {
  plain: (name: string) => string;
  /** When the app was tried first and not reached. */
  fallback: (name: string) => string;
}

/** In letters of the GSM alphabet only: `clave` and not `código`, whose ó would make two or three SMS of one. */
const wordings: Readonly<Record<Language, Wording>> = {
  en: {
    plain: (name) => `Your code for ${name}. Never share it.`,
    fallback: (name) => `We could not reach your app. Your code for ${name}. Never share it.`,
  },
  nl: {
    plain: (name) => `Uw code voor ${name}. Deel deze nooit.`,
    fallback: (name) => `Uw app was niet bereikbaar. Uw code voor ${name}. Deel deze nooit.`,
  },
  de: {
    plain: (name) => `Ihr Code für ${name}. Niemals weitergeben.`,
    fallback: (name) => `Ihre App war nicht erreichbar. Ihr Code für ${name}. Niemals weitergeben.`,
  },
  fr: {
    plain: (name) => `Votre code pour ${name}. Ne le communiquez jamais.`,
    fallback: (name) => `Application injoignable. Votre code pour ${name}. Ne le communiquez jamais.`,
  },
  es: {
    plain: (name) => `Su clave para ${name}. No la comparta nunca.`,
    fallback: (name) => `No pudimos contactar con su app. Su clave para ${name}. No la comparta nunca.`,
  },
};

/** Own members only: a locale may be named like a member that every object has (`constructor`). */
function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(wordings, tag);
}

function languageOf(locale: string | undefined): Language {
  const primary = locale?.toLowerCase().split(/[-_]/u)[0] ?? 'en';
  return isLanguage(primary) ? primary : 'en';
}

/** Less of a name than this tells nobody who asks. */
const shortestName = 12;

interface SmsFacts {
  applicationName: string;
  domain: string;
  code: string;
  locale: string | undefined;
  isFallback: boolean;
}

/**
 * The text of an SMS. Its last line is `@<domain> #<code>`, so that a browser fills the code in on that site only
 * (WICG "Origin-bound one-time codes delivered via SMS"). A name that would make it two is spelled in the GSM alphabet,
 * and then cut; the last line is never touched.
 */
export function smsText({ applicationName, domain, code, locale, isFallback }: SmsFacts): string {
  const wording = wordings[languageOf(locale)];
  const compose = (name: string): string =>
    `${code} ${(isFallback ? wording.fallback : wording.plain)(name)}\n\n@${domain} #${code}`;
  const name = toGsm(applicationName);
  const whole = compose(name);
  if (smsSegments(whole) === 1) return whole;
  return cutTexts(name, compose).find((text) => smsSegments(text) === 1) ?? whole;
}

/** From the least that is cut to the most. */
function cutTexts(name: string, compose: (name: string) => string): string[] {
  const letters = Array.from(name);
  const most = Math.max(0, letters.length - shortestName);
  return Array.from({ length: most }, (_, cut) =>
    compose(
      `${letters
        .slice(0, -cut - 1)
        .join('')
        .trimEnd()}..`,
    ),
  );
}
