// Installs the Debian packages that missing test tools come from, saying what and why; where it cannot, says what to run instead.
import type { TestTool } from './test-tools.ts';

/** What this touches of the machine, so that a test can stand in for it. */
export interface Machine {
  /** Runs a program to its end with its output shown; answers its exit code, or `undefined` when it is not there. */
  run: (program: string, args: readonly string[]) => number | undefined;
  isRoot: boolean;
  say: (line: string) => void;
}

/** `true` when every tool is present in the end. Never throws for a machine that will not let it install. */
export function installMissingTools(tools: readonly TestTool[], machine: Machine): boolean {
  const missing = tools.filter((tool) => !tool.isPresent());
  if (missing.length === 0) return true;
  machine.say('The tests need what this machine does not have yet:');
  for (const tool of missing) machine.say(`  ${tool.name} (${tool.packages.join(' ')}): ${tool.why}.`);

  const wanted = missing.filter((tool) => tool.unpack === undefined);
  const installed = wanted.length === 0 || installPackages(wanted, machine);
  // After the installation, which may have refreshed the package lists.
  const taken = missing.filter((tool) => tool.unpack !== undefined).every((tool) => takeOut(tool, machine));
  return installed && taken;
}

/** The one file out of a package that is fetched and not installed. */
function takeOut(tool: TestTool, machine: Machine): boolean {
  const { packages, unpack } = tool;
  if (unpack === undefined) return false;
  machine.say(`Taking ${unpack.file} out of the Debian package ${packages.join(' ')}, into ${unpack.folder}`);
  const script = [
    'set -e; mkdir -p "$1"; cd "$1"; fresh=$(mktemp -d -p .); trap \'rm -r "$fresh"\' EXIT',
    '(cd "$fresh"; apt-get -qq -o APT::Sandbox::User=root download "$2")',
    'dpkg-deb --fsys-tarfile "$fresh"/*.deb | tar -x "$3"',
  ].join('; ');
  const take = () => machine.run('sh', ['-c', script, 'sh', unpack.folder, packages.join(' '), unpack.file]);
  take();
  if (tool.isPresent()) return true;
  const prefix = privileges(machine);
  if (prefix !== undefined) machine.run(prefix.program, [...prefix.args, 'apt-get', '-qq', 'update']);
  take();
  return tool.isPresent() || complain(machine, packages, true);
}

function installPackages(missing: readonly TestTool[], machine: Machine): boolean {
  const packages = missing.flatMap((tool) => tool.packages);
  const prefix = privileges(machine);
  const hasApt = machine.run('apt-get', ['--version']) === 0;
  if (!hasApt || prefix === undefined) return complain(machine, packages, hasApt);

  machine.say(`Installing with apt-get, from the Debian archive this machine is set up for: ${packages.join(' ')}`);
  const apt = (...args: readonly string[]) => machine.run(prefix.program, [...prefix.args, 'apt-get', ...args]);
  if (apt(...installOptions, ...packages) !== 0) {
    // Package lists that are missing or older than the archive: refresh them once and try again.
    apt('-qq', 'update');
    apt(...installOptions, ...packages);
  }
  const stillMissing = missing.filter((tool) => !tool.isPresent());
  if (stillMissing.length === 0) return true;
  machine.say(`After the installation these are still missing: ${stillMissing.map((tool) => tool.name).join(', ')}.`);
  return complain(machine, packages, hasApt);
}

const installOptions = ['-qq', '-o', 'DPkg::Lock::Timeout=120', 'install', '--yes', '--no-install-recommends'] as const;

/** What to put before `apt-get`: for root no more than the environment, else `sudo` where it needs no password. */
function privileges(machine: Machine): { program: string; args: readonly string[] } | undefined {
  const noQuestions = 'DEBIAN_FRONTEND=noninteractive';
  if (machine.isRoot) return { program: 'env', args: [noQuestions] };
  if (machine.run('sudo', ['--non-interactive', 'true']) !== 0) return undefined;
  return { program: 'sudo', args: ['env', noQuestions] };
}

function complain(machine: Machine, packages: readonly string[], hasApt: boolean): false {
  if (hasApt) {
    machine.say(`They cannot be installed from here. Run this, then the tests again:`);
    machine.say(`  sudo apt-get update && sudo apt-get install --yes ${packages.join(' ')}`);
  } else {
    machine.say('This is not Debian (there is no apt-get), so install the same programs your own way, at the paths');
    machine.say('that scripts/test-tools.ts names, or run the tests in a container of the image node:24-bookworm.');
  }
  return false;
}
