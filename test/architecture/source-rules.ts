// What may not be written where, as a table: each rule with its place, what to do instead, and a line that breaks it.
import { lineAt, type SourceFile } from './source-files.ts';

export interface SourceRule {
  rule: string;
  /** Paths it holds for, and those of them it lets off. */
  where: RegExp;
  except?: RegExp;
  /** What is looked at: code without comments and text inside quotes, the comments, what is imported, or all of it. */
  look: 'code' | 'comments' | 'imports' | 'text';
  pattern: RegExp;
  instead: string;
  /** Breaks the rule; a test holds the rule to it. */
  broken: { path: string; text: string };
}

const everywhere = /^/;
const typescript = /\.tsx?$/;
const product = /^(server|client-sdk)\//;
const core = /^server\/core\//;
const app = /^server\/app\//;
const specs = /^test\/(?!(.*\/)?support\/)/;

export const sourceRules: readonly SourceRule[] = [
  {
    rule: 'core reads no clock and throws no dice',
    where: core,
    look: 'code',
    pattern: /\bDate\.now\b|\bnew\s+Date(?!\s*\(\s*[^\s)])|\bMath\.random\b|\bperformance\.|\bcrypto\b/g,
    instead: 'take `now` and random values as arguments (law 8)',
    broken: { path: 'server/core/a.ts', text: 'const now = new Date();' },
  },
  {
    rule: 'core starts and touches nothing',
    where: core,
    look: 'code',
    pattern:
      /(?<![.\w$])(setTimeout|setInterval|setImmediate|queueMicrotask|process|console|globalThis|fetch|async|await)\b(?!\s*:)/g,
    instead: 'return an effect and let server/app carry it out',
    broken: { path: 'server/core/a.ts', text: 'setTimeout(() => {}, 1);' },
  },
  {
    rule: 'app takes time and chance through ports',
    where: app,
    look: 'code',
    pattern:
      /\bDate\.now\b|\bnew\s+Date(?!\s*\(\s*[^\s)])|\bMath\.random\b|\bperformance\.|\b(setTimeout|setInterval|setImmediate|crypto|console|globalThis)\b/g,
    instead: 'use the Clock, Random and Logger of server/ports/runtime.ts (law 8)',
    broken: { path: 'server/app/a.ts', text: 'const at = Date.now();' },
  },
  {
    rule: 'only the entries touch `process`',
    where: product,
    except: /^server\/(main|cli)\.ts$|^server\/require-node\.mjs$/,
    look: 'code',
    pattern: /(?<![.\w$])process\s*(\?\.|\.|\[)/g,
    instead: 'read it in server/main.ts or server/cli.ts and hand it down',
    broken: { path: 'server/hub.ts', text: 'const home = process.env.HOME;' },
  },
  {
    rule: 'no module keeps state',
    where: product,
    look: 'code',
    pattern: /^(export\s+)?(let|var)\s/gm,
    instead: 'keep it inside a factory, so that two hubs can live in one process',
    broken: { path: 'server/http/a.ts', text: 'let count = 0;' },
  },
  {
    rule: 'the first line states the purpose',
    where: everywhere,
    look: 'text',
    pattern: /^(?!(#![^\n]*\n)?(\/\/ \S|\/\*\* \S|\/\*\*\n \* \S))/g,
    instead: 'begin with a one-line comment that says what the file is for',
    broken: { path: 'server/core/a.ts', text: "import type { A } from './b.ts';\n// What it is for." },
  },
  {
    rule: 'exports have names',
    where: everywhere,
    look: 'code',
    pattern: /\bexport\s+default\b|\bas\s+default\b/g,
    instead: 'export it by the name of the file',
    broken: { path: 'server/core/a.ts', text: 'export default 1;' },
  },
  {
    rule: 'no barrels',
    where: everywhere,
    except: /^client-sdk\/(index|device|browser|relying-party)\.ts$/,
    look: 'code',
    pattern: /\bexport\s+(type\s+)?(\*|\{[^}]*\}\s*from\b)/g,
    instead: 'import from the file that has it; only the public entries of the SDK are lists',
    broken: { path: 'server/core/index.ts', text: "export { a } from './a.ts';" },
  },
  {
    rule: 'no `any`',
    where: typescript,
    look: 'code',
    pattern: /(?<![.\w$])any(?![\w$]|\s*[(:?])/g,
    instead: 'use the type, or `unknown` and a guard',
    broken: { path: 'server/core/a.ts', text: 'const list: any[] = [];' },
  },
  {
    rule: 'no cast through `unknown`',
    where: typescript,
    look: 'code',
    pattern: /\bas\s+(unknown|never)\s+as\b/g,
    instead: 'write a guard, or mend the type',
    broken: { path: 'server/core/a.ts', text: 'const a = b as unknown as C;' },
  },
  {
    rule: 'no compiler or linter is silenced',
    where: everywhere,
    except: /^test\/types\//,
    look: 'comments',
    pattern:
      /@ts-(ignore|expect-error|nocheck)|\b(eslint|oxlint|biome)-(disable|ignore)|prettier-ignore|oxfmt-ignore|c8 ignore|v8 ignore/g,
    instead: 'mend what it complains about (test/types/ may hold the compiler to an error)',
    broken: { path: 'test/core/a.test.ts', text: '// @ts-expect-error wrong' },
  },
  {
    rule: 'tests do not sleep',
    where: specs,
    look: 'code',
    pattern:
      /\bsetTimeout\s*\(\s*(resolve|res|done|ok|r|_?\w*[dD]one)\b|\bsetTimeout\s*\(\s*\(\s*\)\s*=>\s*(resolve|res|done|ok|r)\s*\(|\bsleep\s*\(/g,
    instead: 'await a condition, or advance a fake clock (law 8)',
    broken: { path: 'test/app/a.test.ts', text: 'await new Promise((resolve) => setTimeout(resolve, 50));' },
  },
  {
    rule: 'tests do not sleep with timers/promises',
    where: specs,
    look: 'imports',
    pattern: /^node:timers\/promises$/g,
    instead: 'await a condition, or advance a fake clock (law 8)',
    broken: { path: 'test/app/a.test.ts', text: "import { setTimeout as wait } from 'node:timers/promises';" },
  },
  {
    rule: 'every test runs',
    where: /^test\//,
    look: 'code',
    pattern:
      /\b(describe|context|suite|it|specify|test)\s*\.\s*(skip|only)\b|\bx(describe|context|it|specify)\s*\(|\bthis\.skip\s*\(/g,
    instead: 'mend it or take it out',
    broken: { path: 'test/app/a.test.ts', text: "it.skip('works', () => {});" },
  },
];

/** One sentence for each place that breaks a rule. */
export function brokenRules(sources: readonly SourceFile[], rules: readonly SourceRule[] = sourceRules): string[] {
  return rules.flatMap((rule) =>
    sources
      .filter(({ path }) => rule.where.test(path) && rule.except?.test(path) !== true)
      .flatMap((source) => breaches(rule, source)),
  );
}

function breaches({ look, pattern, rule, instead }: SourceRule, source: SourceFile): string[] {
  return linesOf(look, pattern, source).map((line) => `${source.path}:${line}: ${rule}; ${instead}`);
}

function linesOf(look: SourceRule['look'], pattern: RegExp, { text, code, comments, imports }: SourceFile): number[] {
  switch (look) {
    case 'comments':
      return comments
        .filter((comment) => comment.search(pattern) >= 0)
        .map((found) => lineAt(text, text.indexOf(found)));
    case 'imports':
      return imports.filter(({ specifier }) => specifier?.search(pattern) === 0).map(({ line }) => line);
    default:
      return [...(look === 'code' ? code : text).matchAll(pattern)].map((match) => lineAt(text, match.index));
  }
}
