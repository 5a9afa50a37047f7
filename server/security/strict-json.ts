// JSON objects as RFC 8725 section 2.4 and RFC 8259 section 4 want them read: valid UTF-8, one member a name, an object on top.

export type JsonObject = Readonly<Record<string, unknown>>;

// A byte order mark stays, so that JSON.parse refuses it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strings and the marks that open, close or part members; in valid JSON nothing else holds these characters. */
const marks = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;

/** The object these bytes spell; undefined for anything that two parsers could read differently. */
export function parseStrictObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return isObject(value) && !repeatsName(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether valid JSON names a member twice in one object, however the name is escaped: parsers differ in which one they keep. */
function repeatsName(text: string): boolean {
  const open: (Set<unknown> | undefined)[] = [];
  let expectsName = false;
  for (const [mark] of text.matchAll(marks)) {
    const names = open.at(-1);
    if (mark === '{' || mark === '[') open.push(mark === '{' ? new Set() : undefined);
    if (mark === '}' || mark === ']') open.pop();
    if (expectsName && names !== undefined && mark.startsWith('"')) {
      const name: unknown = JSON.parse(mark);
      if (names.has(name)) return true;
      names.add(name);
    }
    // In a list the next string is no name, and finds no names to be held against.
    expectsName = mark === '{' || mark === ',';
  }
  return false;
}
