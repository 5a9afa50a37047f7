// What the project is built from: exact pins, one pinned Node, known licences, and no host names in what is committed.
import { expect } from 'chai';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './source-files.ts';

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies: Record<string, string>;
}
interface Locked {
  version?: string;
  resolved?: string;
  license?: string;
  optionalDependencies?: Record<string, string>;
  dev?: boolean;
  link?: boolean;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };

const permissive = ['MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD'];
/** Licences outside the list that may ship all the same: package → licence, with the reason in a comment. */
const licenceExceptions: Record<string, string> = {
  // Permissive like MIT and approved by the OSI; through firebase-admin → jwks-rsa → lru-memoizer.
  'lru-cache': 'BlueOak-1.0.0',
};

describe('dependencies', () => {
  it('are pinned exactly', () => {
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      .filter(([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
      .map(([name, range]) => `${name}: write the exact version instead of ${range}`);
    expect(loose).to.deep.equal([]);
  });

  it('are what the lockfile holds', () => {
    const differing = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      .filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version)
      .map(([name, version]) => `${name}: ${version} is not locked; run \`npm run npm -- install\``);
    expect(differing).to.deep.equal([]);
  });

  it('are locked for every platform, or `npm ci` refuses the lockfile', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter(
          (name) =>
            packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined,
        )
        .map((name) => `${path}: ${name} is not locked; choose a version whose platform packages all exist`),
    );
    expect(missing).to.deep.equal([]);
  });

  it('are locked without the host they came from', () => {
    const hosts = Object.entries(packages)
      .filter(([, { resolved, link }]) => resolved !== undefined && link !== true)
      .map(([path]) => `${path}: has "resolved"; keep omit-lockfile-registry-resolved in .npmrc and install again`);
    expect(hosts).to.deep.equal([]);
  });

  it('ship under permissive licences', () => {
    const shipped = Object.entries(packages).filter(
      ([path, { dev }]) => path.startsWith('node_modules/') && dev !== true,
    );
    expect(shipped).not.to.be.empty;
    const others = shipped
      .map(([path, locked]) => ({ name: path.replace(/^.*node_modules\//, ''), licence: licenceOf(path, locked) }))
      .filter(({ name, licence }) => !isPermissive(licence) && licenceExceptions[name] !== licence)
      .map(({ name, licence }) => `${name}: ${licence}; replace it, or note the exception and its reason here`);
    expect(others).to.deep.equal([]);
  });

  it('run on one pinned Node', () => {
    const pinned = manifest.devDependencies['node'];
    expect(process.versions.node, 'start tests with `npm test`, which uses the pinned Node').to.equal(pinned);
    const images = [...read('Dockerfile').matchAll(/^FROM (node:\S+)/gm)].map((match) => match[1]);
    expect(images).not.to.be.empty;
    for (const image of images) expect(image, 'Dockerfile').to.match(new RegExp(`^node:${pinned}-`));
  });
});

describe('committed files', () => {
  it('name no machine paths and no package hosts', () => {
    const telling =
      /(?<![\w.~-])\/(?:root|work|Users|home\/(?!node\b)\w+)\/\w|\b[A-Z]:\\Users\\|\bregistry\.[\w-]+\.\w+|_auth[T]oken/;
    const found = committedTexts().flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (telling.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(found, 'take these out').to.deep.equal([]);
  });
});

function licenceOf(path: string, locked: Locked): string {
  if (locked.license !== undefined) return locked.license;
  const file = `${path}/package.json`;
  if (!existsSync(join(root, file))) return 'unknown';
  const { license, licenses } = JSON.parse(read(file)) as { license?: unknown; licenses?: { type?: unknown }[] };
  // Before SPDX expressions, npm took a list; some packages still ship it, and the lockfile leaves it out.
  const named = typeof license === 'string' ? license : licenses?.map(({ type }) => String(type)).join(' OR ');
  return named === undefined || named === '' ? 'unknown' : named;
}

/** An SPDX expression whose every `AND` part has a permissive `OR` choice. */
function isPermissive(licence: string): boolean {
  const parts = licence.replace(/[()]/g, '').split(' AND ');
  return parts.every((part) => part.split(' OR ').some((choice) => permissive.includes(choice.trim())));
}

function committedTexts(): { path: string; text: string }[] {
  const skipped = /(^|\/)(node_modules|\.git|data|dist|build|coverage)(\/|$)/;
  return globSync(['**/*', '.*', '.ci/**/*'], { cwd: root, exclude: (path) => skipped.test(path) })
    .filter((path) => !skipped.test(path) && path !== 'package-lock.json' && statSync(join(root, path)).isFile())
    .map((path) => ({ path, text: read(path) }))
    .filter(({ text }) => !text.includes('\0'));
}
