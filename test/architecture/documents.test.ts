// Documents in step with code: nothing that is generated has gone stale.
import { expect } from 'chai';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documents } from '../../scripts/docs/documents.ts';
import { bringUpToDate, type Pages } from '../../scripts/docs/generated-text.ts';
import { pages } from '../../scripts/docs/pages.ts';
import { options } from '../../server/config/options.ts';
import { root } from './source-files.ts';

describe('generated documents', () => {
  it('are up to date', async () => {
    const outcomes = await bringUpToDate(documents, pages, false);
    expect(outcomes).not.to.be.empty;
    expect(outcomes.filter(({ result }) => result !== 'fresh').map(({ message }) => message)).to.deep.equal([]);
  });
});

describe('hand-written documents', () => {
  it('name only options that there are', () => {
    const known = new Set(Object.values(options).map(({ name }) => name));
    const found = globSync(['*.md', 'docs/**/*.md', 'client-sdk/*.md', 'Dockerfile'], { cwd: root }).flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/\bVERIHUB_[A-Z_]*[A-Z]\b/g)].map(([name]) => ({
        path,
        name,
      })),
    );
    expect(found).not.to.be.empty;
    const unknown = found
      .filter(({ name }) => !known.has(name))
      .map(({ path, name }) => `${path}: there is no ${name}`);
    expect(unknown).to.deep.equal([]);
  });
});

describe('bringing documents up to date', () => {
  const section = { name: 'a', target: 'page.md', generate: () => 'new' };
  const whole = { name: 'b', target: 'whole.yaml', generate: async () => 'all: new' };

  it('replaces a section between its markers and nothing else', async () => {
    const shelf = inMemory({ 'page.md': 'Before\n<!-- generated:a -->\nold\n<!-- /generated:a -->\nAfter\n' });
    expect(await results([section], shelf, false)).to.deep.equal(['stale']);
    expect(await results([section], shelf, true)).to.deep.equal(['stale']);
    expect(shelf.read('page.md')).to.equal('Before\n<!-- generated:a -->\n\nnew\n\n<!-- /generated:a -->\nAfter\n');
    expect(await results([section], shelf, false)).to.deep.equal(['fresh']);
  });

  it('writes a whole file', async () => {
    const shelf = inMemory({});
    expect(await results([whole], shelf, true)).to.deep.equal(['stale']);
    expect(shelf.read('whole.yaml')).to.equal('all: new\n');
    expect(await results([whole], shelf, false)).to.deep.equal(['fresh']);
  });

  it('says which markers a page lacks', async () => {
    const [outcome] = await bringUpToDate([section], inMemory({ 'page.md': 'Nothing here' }), true);
    expect(outcome).to.have.property('result', 'fault');
    expect(outcome?.message).to.include('<!-- generated:a -->');
  });
});

async function results(...args: Parameters<typeof bringUpToDate>): Promise<string[]> {
  return (await bringUpToDate(...args)).map(({ result }) => result);
}

function inMemory(files: Record<string, string>): Pages {
  const shelf = new Map(Object.entries(files));
  return { read: (target) => shelf.get(target), write: (target, text) => void shelf.set(target, text) };
}
