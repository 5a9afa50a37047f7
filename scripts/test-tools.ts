// What the tests need beyond node_modules: which programs, from which Debian packages, and how to tell that they are there.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Debian's own interpreter: a version manager's `python3` earlier on the PATH does not see Debian's packages. */
export const pythonPath = '/usr/bin/python3';
export const chromiumPath = '/usr/bin/chromium';
/** Taken out of its package, which would install a whole Prometheus and start it. */
const promtoolFolder = join(import.meta.dirname, '../node_modules/.cache/test-tools');
/** The machine's own, if it has one. */
export const promtoolPath = isExecutable('/usr/bin/promtool')
  ? '/usr/bin/promtool'
  : join(promtoolFolder, 'usr/bin/promtool');

export interface TestTool {
  name: string;
  /** What the tests do with it, said to the person whose machine it goes on. */
  why: string;
  /** Debian packages. */
  packages: readonly string[];
  /** Not installed: only this file is taken out of the (one) package, into this folder. Needs no privileges. */
  unpack?: { file: string; folder: string };
  isPresent: () => boolean;
}

export const testTools: readonly TestTool[] = [
  {
    name: 'Chromium',
    why: 'the browser tests drive the demo in it, headless',
    packages: ['chromium', 'fonts-liberation'],
    isPresent: () => isExecutable(chromiumPath),
  },
  {
    name: "Python's Socket.IO client",
    why: 'a foreign client, written from the contract alone, enrols and approves with it',
    packages: ['python3-socketio', 'python3-aiohttp', 'python3-requests', 'python3-websocket', 'python3-cryptography'],
    isPresent: () => pythonImports('socketio', 'aiohttp', 'requests', 'websocket', 'cryptography'),
  },
  {
    name: 'promtool',
    why: 'it checks the alert rules and what the hub shows to Prometheus',
    packages: ['prometheus'],
    unpack: { file: './usr/bin/promtool', folder: promtoolFolder },
    isPresent: () => isExecutable(promtoolPath),
  },
];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function pythonImports(...modules: string[]): boolean {
  return spawnSync(pythonPath, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0;
}
