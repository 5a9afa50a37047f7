// What an SMS says, in the person's language, ending in the origin-bound one-time code line.

type Language = 'en' | 'nl' | 'de' | 'fr' | 'es';

interface Wording {
  plain: (name: string) => string;
  /** When the app was tried first and not reached. */
  fallback: (name: string) => string;
}

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
    plain: (name) => `Su código para ${name}. No lo comparta nunca.`,
    fallback: (name) => `No pudimos contactar con su app. Su código para ${name}. No lo comparta nunca.`,
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

/**
 * The text of an SMS. Its last line is `@<domain> #<code>`, so that a browser fills the code in on that site only
 * (WICG "Origin-bound one-time codes delivered via SMS").
 */
export function smsText(message: { applicationName: string; domain: string; code: string; locale: string | undefined; isFallback: boolean }): string {
  const wording = wordings[languageOf(message.locale)];
  const sentence = (message.isFallback ? wording.fallback : wording.plain)(message.applicationName);
  return `${message.code} ${sentence}\n\n@${message.domain} #${message.code}`;
}
