// How many SMS a text takes: 160 characters of the GSM alphabet, or 70 of any other (3GPP TS 23.038, section 6; TS 23.040).

/** The default alphabet, each in one septet. */
const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** Its extension, each in two. */
const extension = '\f^{}\\[~]|€';

const widths: ReadonlyMap<string, number> = new Map([
  ...Array.from(basic, (char) => [char, 1] as const),
  ...Array.from(extension, (char) => [char, 2] as const),
]);

/** Of one SMS by itself, and of each of several: a header of six octets ties those together. */
const gsm = { alone: 160, each: 153 };
const ucs2 = { alone: 70, each: 67 };

export function isGsm(text: string): boolean {
  return Array.from(text).every((char) => widths.has(char));
}

/** How many SMS are paid for. Neither a surrogate pair nor an extension's two septets may be torn apart. */
export function smsSegments(text: string): number {
  const inGsm = isGsm(text);
  const { alone, each } = inGsm ? gsm : ucs2;
  const sizes = Array.from(text, (char) => (inGsm ? (widths.get(char) ?? 1) : char.length));
  if (sizes.reduce((sum, size) => sum + size, 0) <= alone) return 1;
  let segments = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > each) {
      segments += 1;
      used = 0;
    }
    used += size;
  }
  return segments;
}

/** Signs that a name may have and the alphabet has not, each with what stands for it. */
const stands: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '´': "'",
  '`': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '«': '"',
  '»': '"',
  '‐': '-',
  '‑': '-',
  '–': '-',
  '—': '-',
  '·': '-',
  '•': '-',
  '…': '...',
  '\u00A0': ' ',
  '\u202F': ' ',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  œ: 'oe',
  Œ: 'OE',
  '™': '',
  '®': '',
  '©': '',
};

/**
 * The text in the GSM alphabet where only accents and signs stand in the way: one letter outside it costs every letter
 * more than double. Unchanged when it is written in another script.
 */
export function toGsm(text: string): string {
  const letters = Array.from(text, (char) => (widths.has(char) ? char : (stands[char] ?? withoutAccents(char))));
  const spelled = letters.join('');
  return isGsm(spelled) ? spelled : text;
}

function withoutAccents(char: string): string {
  return char.normalize('NFD').replace(/\p{M}/gu, '');
}
