// The demo's pages, styles and pictures as they lie in `pages/`, by an explicit list: no path from a request touches the disk.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface PageFile {
  type: string;
  body: string;
}

const folder = join(import.meta.dirname, 'pages');

const html = 'text/html; charset=utf-8';
const css = 'text/css; charset=utf-8';
const svg = 'image/svg+xml';

/** Path below `/demo/` → file below `pages/`. */
const files: Readonly<Record<string, { file: string; type: string }>> = {
  '': { file: 'stage/stage.html', type: html },
  bank: { file: 'bank/bank.html', type: html },
  phone: { file: 'phone/phone.html', type: html },
  outbox: { file: 'outbox/outbox.html', type: html },
  'phone.webmanifest': { file: 'phone/phone.webmanifest', type: 'application/manifest+json' },
  'assets/base.css': { file: 'shared/base.css', type: css },
  'assets/stage.css': { file: 'stage/stage.css', type: css },
  'assets/bank.css': { file: 'bank/bank.css', type: css },
  'assets/bank-waiting.css': { file: 'bank/bank-waiting.css', type: css },
  'assets/phone.css': { file: 'phone/phone.css', type: css },
  'assets/phone-prompt.css': { file: 'phone/phone-prompt.css', type: css },
  'assets/phone-system.css': { file: 'phone/phone-system.css', type: css },
  'assets/outbox.css': { file: 'outbox/outbox.css', type: css },
  'assets/icons.svg': { file: 'shared/icons.svg', type: svg },
  'assets/mark.svg': { file: 'shared/mark.svg', type: svg },
  'assets/dunes.svg': { file: 'bank/dunes.svg', type: svg },
  'assets/dunes-night.svg': { file: 'bank/dunes-night.svg', type: svg },
};

export const pagePaths: readonly string[] = Object.keys(files);

/** One of `pagePaths`; `names` replace `{{name}}` in pages. */
export async function readPageFile(path: string, names: Readonly<Record<string, string>>): Promise<PageFile> {
  const known = files[path];
  if (known === undefined) throw new TypeError(`there is no page ${path}`);
  const text = await readFile(join(folder, known.file), 'utf8');
  if (known.type !== html) return { type: known.type, body: text };
  const body = text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => escapeHtml(names[name] ?? ''));
  return { type: known.type, body };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
