// Bundles the pages' TypeScript in memory, once, at the first page that wants it.
import { resolve } from 'node:path';
import type { build } from 'esbuild';

export interface PageScripts {
  /** Rejects with `ScriptsUnavailable`. */
  ready(): Promise<void>;
  /** The text of one of `scriptNames`. Rejects with `ScriptsUnavailable`. */
  read(name: string): Promise<string>;
}

/** The demo cannot be shown; the text says what to do. */
export class ScriptsUnavailable extends Error {
  override readonly name = 'ScriptsUnavailable';
}

const pages = resolve(import.meta.dirname, 'pages');
const entries = [
  'bank/bank-page.ts',
  'phone/phone-page.ts',
  'phone/phone-worker.ts',
  'stage/stage-page.ts',
  'outbox/outbox-page.ts',
];

export const scriptNames: readonly string[] = entries
  .map((entry) => entry.replace(/^.*\/(.*)\.ts$/, '$1.js'))
  .flatMap((name) => [name, `${name}.map`]);

interface Bundler {
  build: typeof build;
}

/** @param load a development dependency: an installation without those has the hub but not the demo */
export function createPageScripts(load: () => Promise<Bundler> = () => import('esbuild')): PageScripts {
  let bundles: Promise<ReadonlyMap<string, string>> | undefined;
  const bundled = (): Promise<ReadonlyMap<string, string>> => {
    bundles ??= bundle(load).catch((thrown: unknown) => {
      bundles = undefined;
      throw thrown;
    });
    return bundles;
  };
  return {
    ready: async () => void (await bundled()),
    async read(name) {
      const text = (await bundled()).get(name);
      if (text === undefined) throw new TypeError(`there is no script ${name}`);
      return text;
    },
  };
}

async function bundle(load: () => Promise<Bundler>): Promise<ReadonlyMap<string, string>> {
  const esbuild = await loaded(load);
  const { outputFiles } = await esbuild.build({
    absWorkingDir: pages,
    entryPoints: entries,
    entryNames: '[name]',
    outdir: pages,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minify: true,
    // Whoever opens the developer tools reads the pages as they were written.
    sourcemap: 'linked',
    logLevel: 'silent',
  });
  return new Map(outputFiles.map(({ path, text }) => [path.slice(path.search(/[^/\\]+$/)), text]));
}

async function loaded(load: () => Promise<Bundler>): Promise<Bundler> {
  try {
    return await load();
  } catch (thrown) {
    throw new ScriptsUnavailable('The demo needs esbuild, which is not installed. Run `npm ci` without `--omit=dev`.', {
      cause: thrown,
    });
  }
}
