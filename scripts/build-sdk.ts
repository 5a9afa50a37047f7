// `npm run build:sdk`: client-sdk/dist with ES modules and their types, and one self-contained file per browser entry.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const root = join(import.meta.dirname, '..');
const sdk = join(root, 'client-sdk');
const dist = join(sdk, 'dist');

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', sdk], { stdio: 'inherit' });

// The compiler rewrites `./x.ts` in what runs, but not in declarations; not every TypeScript resolves it there.
for (const file of globSync('*.d.ts', { cwd: dist })) {
  const text = readFileSync(join(dist, file), 'utf8');
  writeFileSync(join(dist, file), text.replaceAll(/(from '\.\/[^']+)\.ts'/g, "$1.js'"));
}

// For pages without a bundler: everything in one file, minified.
const { metafile } = await build({
  entryPoints: ['device', 'browser'].map((entry) => join(dist, `${entry}.js`)),
  outdir: join(dist, 'standalone'),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  banner: { js: '/*! @verihub/client, Apache-2.0; with socket.io-client and canonicalize, see their licences */' },
  metafile: true,
  absWorkingDir: root,
});
for (const [path, { bytes }] of Object.entries(metafile.outputs)) {
  const zipped = gzipSync(readFileSync(join(root, path))).length;
  console.log(`${path}: ${(bytes / 1_024).toFixed(1)} kB, ${(zipped / 1_024).toFixed(1)} kB gzip`);
}
