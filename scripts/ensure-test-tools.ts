// Runs before the tests: sees to it that Chromium and Python's Socket.IO client are on this machine.
import { spawnSync } from 'node:child_process';
import { testTools } from './test-tools.ts';
import { installMissingTools } from './install-tools.ts';

const ready = installMissingTools(testTools, {
  run(program, args) {
    const quiet = program === 'sudo' ? args.includes('true') : args.includes('--version');
    return spawnSync(program, args, { stdio: quiet ? 'ignore' : 'inherit' }).status ?? undefined;
  },
  isRoot: process.getuid?.() === 0,
  say: (line) => console.log(line),
});
if (!ready) process.exitCode = 1;
