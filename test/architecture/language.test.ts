// How the source is written: the rules of source-rules.ts, sizes, names, and that plain Node can strip every file's types.
import { expect } from 'chai';
import { stripTypeScriptTypes } from 'node:module';
import { readSources, sourceFile } from './source-files.ts';
import { brokenRules, sourceRules } from './source-rules.ts';

const sources = readSources();
const maximumLines = 400;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$/;

describe('the source', () => {
  for (const rule of sourceRules) {
    it(rule.rule, () => {
      expect(brokenRules(sources, [rule])).to.deep.equal([]);
    });
  }

  it(`has no file over ${maximumLines} lines`, () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > maximumLines)
      .map(({ path, lines }) => `${path}: ${lines} lines; split it by what its parts are for`);
    expect(long).to.deep.equal([]);
  });

  it('has kebab-case names', () => {
    const odd = sources.filter(({ path }) =>
      path.split('/').some((part, index, parts) => !isKebab(part, index, parts)),
    );
    expect(odd.map(({ path }) => `${path}: name it in kebab-case`)).to.deep.equal([]);
  });

  it('runs as it is: every file strips', function () {
    this.timeout(20_000);
    const stubborn = sources
      .filter(({ path }) => path.endsWith('.ts'))
      .flatMap(({ path, text }) => strippingFault(path, text) ?? []);
    expect(stubborn, 'no enums, namespaces, parameter properties or decorators').to.deep.equal([]);
  });
});

describe('the source rules themselves', () => {
  for (const rule of sourceRules) {
    it(`see when broken: ${rule.rule}`, () => {
      const { path, text } = rule.broken;
      expect(brokenRules([sourceFile(path, text)], [rule]), 'broken on purpose').not.to.be.empty;
      const commented = rule.look === 'code' ? [`// ${text}`, `const text = ${JSON.stringify(text)};`] : [];
      for (const harmless of commented) expect(brokenRules([sourceFile(path, harmless)], [rule]), harmless).to.be.empty;
    });
  }

  it('let honest code pass', () => {
    const honest = [
      '// Honest code.',
      'const at = new Date(now).toISOString();',
      'const first = Promise.any(promises);',
      "const map = { any: 1, process: 2 }; // 'as unknown as' is only named here",
      'const half = width / 2; const odd = /any|as unknown as/.test(name);',
      'const shown = `${`nested ${count}`} any`;',
    ].join('\n');
    const paths = ['server/core/a.ts', 'server/app/a.ts', 'test/core/a.test.ts'];
    expect(brokenRules(paths.map((path) => sourceFile(path, honest)))).to.deep.equal([]);
  });

  it('see what cannot be stripped', () => {
    expect(strippingFault('a.ts', 'enum A { b }')).to.include('enum');
    expect(strippingFault('a.ts', 'class A { constructor(readonly b: string) {} }')).to.be.a('string');
    expect(strippingFault('a.ts', 'const a: string = "b";')).to.equal(undefined);
  });
});

function isKebab(part: string, index: number, parts: readonly string[]): boolean {
  return index < parts.length - 1 ? /^[a-z0-9]+(-[a-z0-9]+)*$/.test(part) : kebabCase.test(part);
}

function strippingFault(path: string, text: string): string | undefined {
  try {
    stripTypeScriptTypes(text);
    return undefined;
  } catch (error) {
    return `${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
