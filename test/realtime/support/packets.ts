// Packets that no honest client sends: cut, doubled, mixed up and made up, from a seed.
const pieces = [
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '40',
  '41',
  '42',
  '43',
  '44',
  '45',
  '46',
  '2probe',
  'b',
  '\u001e',
  '\u0000',
  '-',
  ',',
  '/',
  '?',
  '/device',
  '/browser',
  '/device,',
  '/browser,',
  '/admin,',
  '1-',
  '10-',
  '11-',
  '999999999999',
  '[',
  ']',
  '{',
  '}',
  '"',
  ':',
  'null',
  'true',
  '1e999',
  '-0',
  '["decide"',
  '["prompts"]',
  '["code",{"code":"123456"}]',
  '["decide",{"decision":"aaa.bbb.ccc"}]',
  '["__proto__",{}]',
  '{"token":"dev_1"}',
  '{"token":"waiter:ver_1"}',
  '{"token":{}}',
  '{"_placeholder":true,"num":0}',
  '{"_placeholder":true,"num":-1}',
  '["connect"]',
  '["disconnect"]',
  '["error"]',
  '[[]]',
  '[null]',
  '[1,2,3]',
  '\uD800',
  '\u202E',
  '💥',
] as const;

const honest = [
  '40/device,{"token":"dev_1"}',
  '40/browser,{"token":"waiter:ver_1"}',
  '42/device,1["prompts"]',
  '42/device,2["decide",{"decision":"aaa.bbb.ccc"}]',
  '42/browser,3["code",{"code":"123456"}]',
  '42/browser,4["resend",{}]',
  '41/device,',
  '43/device,0[]',
  '3',
  '451-/device,5["decide",{"_placeholder":true,"num":0}]',
] as const;

/** Mulberry32: small, seeded, good enough to mix. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One frame: text, or bytes. */
export function oddPacket(random: () => number): string | Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  switch (below(6)) {
    case 0:
      return Array.from({ length: 1 + below(8) }, () => pick(pieces)).join('');
    case 1: {
      const text: string = pick(honest);
      const at = below(text.length);
      return text.slice(0, at) + pick(pieces) + text.slice(at + below(3));
    }
    case 2:
      return pick(honest).slice(0, below(30));
    case 3:
      return Uint8Array.from({ length: below(40) }, () => below(256));
    case 4:
      return pick(honest) + '['.repeat(below(3_000));
    default:
      return pick(honest);
  }
}
