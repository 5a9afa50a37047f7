// Loading the core or a use case does nothing: no timer, no socket, no listener, no new global.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readSources, root } from './source-files.ts';

const loaded = /^server\/(core|app|ports)\//;

/** Runs in a process of its own, where nothing else opens anything; one that leaves something open does not end by itself. */
const script = `
  const footprint = () => JSON.stringify([Object.getOwnPropertyNames(globalThis).sort(), process.eventNames().map(String)]);
  const before = footprint();
  for (const url of JSON.parse(process.argv[1])) {
    await import(url);
    if (footprint() !== before) throw new Error(url + ' defines a global or listens to the process');
  }
`;

function load(urls: string[]) {
  const args = ['--input-type=module', '-e', script, JSON.stringify(urls)];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 10_000 });
}

describe('core, ports and app', () => {
  it('load without touching anything', function () {
    this.timeout(15_000);
    const paths = readSources().flatMap(({ path }) => (loaded.test(path) ? [path] : []));
    const { status, signal, stderr } = load(paths.map((path) => pathToFileURL(join(root, path)).href));
    expect(signal, 'something was left open: the process did not end by itself').to.equal(null);
    expect(status, stderr).to.equal(0);
  });

  for (const [fault, code] of [
    ['a global', 'globalThis.leak = 1'],
    ['a listener', 'process.on("exit", () => {})'],
  ] as const) {
    it(`would be caught leaving ${fault}`, () => {
      expect(load([`data:text/javascript,${encodeURIComponent(code)}`]).status).to.equal(1);
    });
  }
});
