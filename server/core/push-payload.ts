// A prompt made to fit a push message, which holds 4 KB in all: what is long is shortened for everybody to see, nothing is left out.

/**
 * What a prompt may have as JSON in UTF-8, so that its JWE has at most 3,500 characters: base64url makes three bytes
 * four characters, and 264 are for header, key and tag. The rest of the 4,096 bytes of FCM, of Apple and of browsers
 * is for the notification and for what they add.
 */
export const pushPromptBytes = 2_400;

/** The parts of a prompt that a relying party words, and that may be long. */
interface Shown {
  action: string;
  details: readonly { label: string; value: string }[];
  context: { ip?: string; userAgent?: string; location?: string };
}

const mark = '…';
/** Bytes of a text below which it is left whole, as long as others have more. */
const least = 24;
/** Longer than any text of a prompt. */
const most = 4_096;

/**
 * The same prompt when it fits. Otherwise its longest texts end in `…`, each after as much as there is room for: details
 * and context first, the action only when those have little left. The device lets a person approve only the copy that
 * its acknowledgement returns, which is whole.
 * @param maxBytes of the prompt as JSON in UTF-8; what is not text of `Shown` must fit by itself
 */
export function fitPrompt<P extends Shown>(prompt: P, maxBytes: number): P {
  if (jsonBytes(prompt) <= maxBytes) return prompt;
  const around = (cap: number): P => shorten(prompt, { details: cap, action: most });
  if (jsonBytes(around(least)) <= maxBytes) return largest(around, least, most, maxBytes);
  return largest((cap) => shorten(prompt, { details: Math.min(cap, least), action: cap }), 0, most, maxBytes);
}

/** The prompt with the highest cap that fits, or with the lowest one if none does. */
function largest<P>(make: (cap: number) => P, low: number, high: number, maxBytes: number): P {
  let [fits, tooBig] = [low, high];
  while (tooBig - fits > 1) {
    const cap = Math.floor((fits + tooBig) / 2);
    if (jsonBytes(make(cap)) <= maxBytes) fits = cap;
    else tooBig = cap;
  }
  return make(fits);
}

function shorten<P extends Shown>(prompt: P, caps: { details: number; action: number }): P {
  const { action, details, context } = prompt;
  const { userAgent, location } = context;
  return {
    ...prompt,
    action: cut(action, caps.action),
    details: details.map(({ label, value }) => ({ label: cut(label, caps.details), value: cut(value, caps.details) })),
    context: {
      ...context,
      ...(userAgent === undefined ? {} : { userAgent: cut(userAgent, caps.details) }),
      ...(location === undefined ? {} : { location: cut(location, caps.details) }),
    },
  };
}

/** Between characters as people see them: half an emoji, or a letter without its accent, would read as another text. */
const characters = new Intl.Segmenter('und', { granularity: 'grapheme' });

function cut(text: string, maxBytes: number): string {
  if (bytesOf(text) <= maxBytes) return text;
  let kept = '';
  let left = maxBytes - bytesOf(mark);
  for (const { segment } of characters.segment(text)) {
    left -= bytesOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return kept.trimEnd() + mark;
}

function jsonBytes(value: unknown): number {
  return bytesOf(JSON.stringify(value));
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
