// Bundles the pages' TypeScript in memory, once, at the first page that wants it.
import { resolve } from 'node:path';
import type { build } from 'esbuild';

export interface PageScripts {
  /** The text of a bundle such as `bank-page.js` or its `.map`; undefined: there is no such file. Rejects with `ScriptsUnavailable`. */
  find(name: string): Promise<string | undefined>;
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

export function createPageScripts(): PageScripts {
  let bundles: Promise<ReadonlyMap<string, string>> | undefined;
  return {
    async find(name) {
      bundles ??= bundle().catch((thrown: unknown) => {
        bundles = undefined;
        throw thrown;
      });
      return (await bundles).get(name);
    },
  };
}

async function bundle(): Promise<ReadonlyMap<string, string>> {
  const esbuild = await loadEsbuild();
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

/** A development dependency: an installation without those has the hub but not the demo. */
async function loadEsbuild(): Promise<{ build: typeof build }> {
  try {
    return await import('esbuild');
  } catch (thrown) {
    throw new ScriptsUnavailable('The demo needs esbuild, which is not installed. Run `npm ci` without `--omit=dev`.', {
      cause: thrown,
    });
  }
}
