// The source tree as the architecture tests see it: every file with its code, its comments and what it imports.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { maskSource, type MaskedSource } from './mask-source.ts';

export const root = resolve(import.meta.dirname, '../..');

export interface SourceFile extends MaskedSource {
  /** From the root of the repository, with forward slashes. */
  path: string;
  text: string;
  imports: Import[];
}

export interface Import {
  /** As written; `undefined` for an `import()` of something computed. */
  specifier: string | undefined;
  /** The file from the root of the repository, for a relative import. */
  file: string | undefined;
  line: number;
}

const skipped = /(^|\/)(node_modules|dist|build|coverage)(\/|$)/;

/** Every TypeScript and JavaScript file of the project. */
export function readSources(): SourceFile[] {
  const pattern = '{server,client-sdk,test,scripts,bin}/**/*.{ts,tsx,mts,mjs,js}';
  const paths = globSync(pattern, { cwd: root, exclude: (path) => skipped.test(path) });
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  const { code, comments } = maskSource(text);
  return { path, text, code, comments, imports: findImports(path, text, code) };
}

/** `import … from`, `import '…'`, `export … from`, `import('…')` and the same for types; each ends where its specifier begins. */
const importForms = [
  /\bimport\s+(?:type\s+)?(?:[\w$*{}\s,]+?\s*\bfrom\s*)?(?=['"])/g,
  /\bexport\s+(?:type\s+)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*(?=['"])/g,
  /\bimport\s*\(\s*/g,
];

function findImports(path: string, text: string, code: string): Import[] {
  const ends = importForms.flatMap((form) => [...code.matchAll(form)].map((match) => match.index + match[0].length));
  return ends
    .toSorted((a, b) => a - b)
    .map((end) => {
      const specifier = /^(['"])(.*?)\1/.exec(text.slice(end))?.[2];
      const relative = specifier?.startsWith('.') === true;
      return {
        specifier,
        file: relative ? normalize(join(dirname(path), specifier)).replaceAll('\\', '/') : undefined,
        line: lineAt(text, end),
      };
    });
}

/** Counted from 1. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
