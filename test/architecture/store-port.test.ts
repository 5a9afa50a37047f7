// The store port stays small, and each verb says what it guarantees.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskSource } from './mask-source.ts';
import { root } from './source-files.ts';

const maximumVerbs = 12;
const promises = ['Atomic:', 'On conflict:', 'After crash:'];

describe('the store port', () => {
  const verbs = verbsOf(readFileSync(join(root, 'server/ports/store.ts'), 'utf8'));

  it(`has at most ${maximumVerbs} verbs`, () => {
    expect(verbs).not.to.be.empty;
    expect(verbs.map(({ name }) => name)).to.have.length.at.most(maximumVerbs);
  });

  it('says of each what is atomic, what a conflict does and what a crash leaves', () => {
    expect(faults(verbs)).to.deep.equal([]);
  });

  it('is read rightly', () => {
    const sample = [
      'export interface Store<T> {',
      '  /** Atomic: a. On conflict: b. After crash: c. */',
      '  read<R extends { a(): void }>(refs: R): Promise<{ now: number; of(): void }>;',
      '  // no promises',
      '  write: (a: { b: () => void }) => Promise<void>;',
      '}',
    ].join('\n');
    expect(verbsOf(sample).map(({ name }) => name)).to.deep.equal(['read', 'write']);
    expect(faults(verbsOf(sample))).to.have.length(promises.length);
  });
});

interface Verb {
  name: string;
  doc: string;
}

function faults(verbs: readonly Verb[]): string[] {
  return verbs.flatMap(({ name, doc }) =>
    promises.filter((promise) => !doc.includes(promise)).map((promise) => `${name}: its comment has no "${promise}"`),
  );
}

/** The members of `interface Store`, each with the comment right above it. */
function verbsOf(text: string): Verb[] {
  const { code } = maskSource(text);
  const start = code.indexOf('{', code.search(/\binterface Store\b/)) + 1;
  const verbs: Verb[] = [];
  let depth = 0;
  let memberStart = start;
  for (let at = start; at < code.length && depth >= 0; at++) {
    const char = code.charAt(at);
    if ('{(['.includes(char)) depth++;
    if ('})]'.includes(char)) depth--;
    if (char !== ';' || depth !== 0) continue;
    const name = /^\s*(?:readonly\s+)?([\w$]+)\s*[<(:?]/.exec(code.slice(memberStart, at))?.[1];
    if (name !== undefined) verbs.push({ name, doc: text.slice(memberStart, at) });
    memberStart = at + 1;
  }
  return verbs;
}
