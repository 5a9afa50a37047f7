// Loading the core or a use case does nothing: no timer, no socket, no listener, no new global.
import { expect } from 'chai';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { readSources, root } from './source-files.ts';

const loaded = /^server\/(core|app|ports)\//;

describe('core, ports and app', () => {
  it('load without touching anything', async () => {
    const before = footprint();
    for (const { path } of readSources().filter((source) => loaded.test(source.path))) {
      await import(pathToFileURL(join(root, path)).href);
      const after = footprint();
      expect(after.globals, `${path} defines a global`).to.deep.equal(before.globals);
      expect(after.listeners, `${path} listens to the process`).to.deep.equal(before.listeners);
      expect(after.open, `${path} leaves something open`).to.be.at.most(before.open);
    }
  });
});

function footprint(): { globals: string[]; listeners: (string | symbol)[]; open: number } {
  return {
    globals: Object.getOwnPropertyNames(globalThis).toSorted(),
    listeners: process.eventNames(),
    // Reading the files themselves does not count.
    open: process.getActiveResourcesInfo().filter((name) => !/^(FSReq|Close)/.test(name)).length,
  };
}
