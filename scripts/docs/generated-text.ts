// Texts that are generated from code: a section between two markers of a Markdown page, or a whole file.

export interface GeneratedText {
  /** For a Markdown target the text goes between `<!-- generated:name -->` and `<!-- /generated:name -->`. */
  name: string;
  /** From the root of the repository. Any other file than `*.md` is generated whole. */
  target: string;
  generate: () => string | Promise<string>;
}

/** Where the target files are; a test keeps them in memory. */
export interface Pages {
  /** `undefined` when there is no such file. */
  read: (target: string) => string | undefined;
  write: (target: string, text: string) => void;
}

export interface Outcome {
  name: string;
  target: string;
  /** `fault`: the page lacks the markers; `message` says what to do. */
  result: 'fresh' | 'stale' | 'fault';
  message: string;
}

/** Compares every text with its page and, when asked, writes those that differ. */
export async function bringUpToDate(texts: readonly GeneratedText[], pages: Pages, write: boolean): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  // One after the other: two sections may stand on the same page.
  for (const text of texts) outcomes.push(await bringOneUpToDate(text, pages, write));
  return outcomes;
}

async function bringOneUpToDate(text: GeneratedText, pages: Pages, write: boolean): Promise<Outcome> {
  const { name, target } = text;
  const page = pages.read(target);
  const wanted = place(page, text, (await text.generate()).trim());
  if (wanted === undefined) {
    const message = `${target} lacks the lines ${markers(name).join(' and ')}; put them where the section belongs`;
    return { name, target, result: 'fault', message };
  }
  if (wanted === page) return { name, target, result: 'fresh', message: `${target}: ${name} is up to date` };
  if (write) pages.write(target, wanted);
  const message = write ? `${target}: ${name} written` : `${target}: ${name} is stale; run \`npm run docs\``;
  return { name, target, result: 'stale', message };
}

/** The page with the generated text in its place; `undefined` when it has no such place. */
function place(page: string | undefined, { name, target }: GeneratedText, generated: string): string | undefined {
  if (!target.endsWith('.md')) return `${generated}\n`;
  const [open, close] = markers(name);
  const start = page?.indexOf(open) ?? -1;
  const end = page?.indexOf(close, start) ?? -1;
  if (page === undefined || start < 0 || end < 0) return undefined;
  return `${page.slice(0, start + open.length)}\n\n${generated}\n\n${page.slice(end)}`;
}

function markers(name: string): [open: string, close: string] {
  return [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`];
}
