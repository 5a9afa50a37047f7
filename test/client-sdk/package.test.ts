/** The SDK as others get it: packed, installed elsewhere, imported by plain Node, and understood by their compiler. */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');
const sdk = join(root, 'client-sdk');

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
}
const read = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8'));
const manifest = read(join(sdk, 'package.json'));

const consumer = `
import { createBrowserClient, createDeviceClient, createMemoryKeyStore, createRelyingParty, VerihubError } from '@verihub/client';
import type { KeyStore, PromptView } from '@verihub/client/device';
import { createDeviceClient as device } from '@verihub/client/device';
import type { BrowserState, VerificationView } from '@verihub/client/browser';
import { createBrowserClient as browser } from '@verihub/client/browser';
import { createRelyingParty as party, verifyWebhook } from '@verihub/client/relying-party';
import { problemCodes } from '@verihub/client/protocol';
import type { CreateVerificationRequest } from '@verihub/client/protocol';

export const same: boolean = device === createDeviceClient && browser === createBrowserClient && party === createRelyingParty;
export const store: KeyStore = createMemoryKeyStore();
const client = createDeviceClient({ keyStore: store });
client.onPrompt((prompt: PromptView) => client.approve(prompt.id, { number: '42' }));
export const request: CreateVerificationRequest = { userId: 'alice', action: 'Sign in' };
export function status(view: VerificationView, state: BrowserState): string { return view.status + state.text; }
// @ts-expect-error a number is a text
void client.approve('ver_1', { number: 42 });
// @ts-expect-error an API key is needed
export const wrong = () => createRelyingParty({ hub: 'https://verify.example.com' });
export const known: boolean = 'already-decided' in problemCodes && typeof verifyWebhook === 'function' && new VerihubError('network') instanceof Error;
if (!same || !known) throw new Error('the entries disagree');
`;

/** What the examples of the readme take for granted; one that an example declares itself is left out there. */
const surroundings = [
  "declare const device: import('@verihub/client/device').DeviceClient;",
  "declare const prompt: import('@verihub/client/device').PromptView;",
  "declare const verihub: import('@verihub/client/relying-party').RelyingParty;",
  'declare const scannedLink: string, token: string, currentSecret: string, previousSecret: string, rawBody: string;',
  'declare const waiterToken: string;',
  'declare const serverTime: string;',
  'declare const resultToken: string;',
  'declare const show: (...things: unknown[]) => void, showStatus: typeof show, showRequest: typeof show;',
  'declare const takeDown: typeof show, showText: typeof show, signIn: typeof show, handle: typeof show;',
  'declare const isNew: (id: string) => boolean;',
  'declare const usedResults: { checkAndAdd(id: string): boolean };',
  'declare const session: { id: string; verificationId: string };',
  'declare const request: { ip: string; headers: Record<string, string | string[] | undefined> };',
  'declare const process: { env: { VERIHUB_API_KEY: string } };',
  "declare const AppState: { addEventListener(name: 'change', then: (state: string) => void): void };",
  'declare const NetInfo: { addEventListener(then: (state: { isConnected: boolean }) => void): void };',
  'declare const messaging: () => { onMessage(then: (message: { data: Record<string, string> }) => void): void };',
];
const nameIn = (declaration: string): string => /const (\w+)/.exec(declaration)?.[1] ?? '';

describe('the SDK package', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const installed = join(folder.path, 'node_modules/@verihub/client');

  before(() => {
    execFileSync(process.execPath, [join(root, 'scripts/build-sdk.ts')], { stdio: 'pipe' });
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder.path], {
      cwd: sdk,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', [
      '-xzf',
      join(folder.path, filename.replace('@', '').replace('/', '-')),
      '--strip-components=1',
      '-C',
      installed,
    ]);
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(folder.path, 'node_modules', name));
    }
    writeFileSync(join(folder.path, 'package.json'), '{"type": "module"}');
    writeFileSync(join(folder.path, 'consumer.ts'), consumer);
  });
  after(folder.remove);

  it('holds what runs, its types, a readme and the licence, and no sources or tests', () => {
    const files = globSync('**/*', { cwd: installed }).filter((path) => /\.\w+$|LICENSE/.test(path));
    expect(files).to.include.members(['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']);
    expect(files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).to.deep.equal([]);
    for (const target of Object.values(manifest.exports).flatMap((entry) =>
      Object.values(typeof entry === 'string' ? [entry] : entry),
    )) {
      if (!target.includes('*')) expect(files, target).to.include(target.slice(2));
    }
    expect(files).to.include.members(['dist/standalone/device.js', 'dist/standalone/browser.js']);
  });

  it('is imported by plain Node, entry by entry', () => {
    const run = spawnSync(process.execPath, ['consumer.ts'], { cwd: folder.path, encoding: 'utf8' });
    expect(run.stderr).to.equal('');
    expect(run.status).to.equal(0);
  });

  const compile = (args: string[]) => {
    const flags = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2023,dom'];
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const all = [compiler, ...flags, '--types', '', ...args];
    return spawnSync(process.execPath, all, { cwd: folder.path, encoding: 'utf8' });
  };

  for (const resolution of ['nodenext', 'bundler']) {
    it(`has types that a strict compiler understands (${resolution})`, () => {
      const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
      const run = compile(['--module', module, '--moduleResolution', resolution, 'consumer.ts']);
      expect(run.stdout).to.equal('');
      expect(run.status).to.equal(0);
    });
  }

  it('has a readme whose examples compile', () => {
    const examples = [...readFileSync(join(installed, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)];
    expect(examples).to.have.length.above(4);
    const files = examples.map((example, index) => {
      const file = `example-${index}.ts`;
      const free = surroundings.filter((line) => !new RegExp(`const \\{?[^=]*\\b${nameIn(line)}\\b`).test(example[1]!));
      writeFileSync(join(folder.path, file), `${free.join('\n')}\n${example[1]}\nexport {};\n`);
      return file;
    });
    const run = compile(['--module', 'nodenext', '--moduleResolution', 'nodenext', ...files]);
    expect(run.stdout).to.equal('');
    expect(run.status).to.equal(0);
  });

  it('pins its dependencies as the hub does, and needs nothing else: no Node either', () => {
    const hub = read(join(root, 'package.json'));
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect(hub.dependencies[name] ?? hub.devDependencies[name], name).to.equal(version);
    }
    const imported = globSync('dist/*.js', { cwd: installed })
      .flatMap((file) => [...readFileSync(join(installed, file), 'utf8').matchAll(/\bfrom '([^'.][^']*)'/g)])
      .map((match) => match[1]!);
    expect(imported.filter((name) => isBuiltin(name))).to.deep.equal([]);
    expect([...new Set(imported)].toSorted()).to.deep.equal(Object.keys(manifest.dependencies).toSorted());
  });

  it('loads in one file where there is no bundler', async () => {
    for (const [entry, name] of [
      ['device', 'createDeviceClient'],
      ['browser', 'createBrowserClient'],
    ] as const) {
      const path = join(installed, `dist/standalone/${entry}.js`);
      expect(readFileSync(path, 'utf8')).not.to.match(/\bfrom\s*["'][^"']+["']/);
      expect(await import(path))
        .to.have.property(name)
        .that.is.a('function');
    }
  });
});
