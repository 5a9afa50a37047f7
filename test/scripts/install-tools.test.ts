// The installation of test tools, against a machine that is played.
import { expect } from 'chai';
import { installMissingTools } from '../../scripts/install-tools.ts';

interface Played {
  /** Answers by the first word that `apt-get` or `sudo` is asked to do. */
  root?: boolean;
  sudo?: boolean;
  apt?: boolean;
  staleLists?: boolean;
  refuses?: boolean;
}

function play({ root = false, sudo = false, apt = true, staleLists = false, refuses = false }: Played) {
  const said: string[] = [];
  const ran: string[] = [];
  let fresh = !staleLists;
  let installed = false;
  const run = (program: string, args: readonly string[]): number | undefined => {
    const line = [program, ...args].join(' ');
    if (line === 'sudo --non-interactive true') return sudo ? 0 : undefined;
    if (line === 'apt-get --version') return apt ? 0 : undefined;
    ran.push(line);
    if (line.endsWith(' update')) fresh = true;
    else if (fresh && !refuses) installed = true;
    else return 100;
    return 0;
  };
  const tool = { name: 'A browser', why: 'to look at pages', packages: ['browser-a'], isPresent: () => installed };
  const install = () => installMissingTools([tool], { run, isRoot: root, say: (line) => said.push(line) });
  return { install, said, ran };
}

describe('installing test tools', () => {
  it('does and says nothing when all is there', () => {
    const said: string[] = [];
    const tool = { name: 'A', why: 'b', packages: ['c'], isPresent: () => true };
    const run = () => expect.fail('nothing to run');
    expect(installMissingTools([tool], { run, isRoot: true, say: (line) => said.push(line) })).to.equal(true);
    expect(said).to.deep.equal([]);
  });

  it('installs as root and says what and why', () => {
    const { install, said, ran } = play({ root: true });
    expect(install()).to.equal(true);
    expect(said.join('\n')).to.include('A browser (browser-a): to look at pages.');
    expect(ran).to.have.length(1);
    expect(ran[0]).to.match(/^env DEBIAN_FRONTEND=noninteractive apt-get .*install .*browser-a$/);
  });

  it('refreshes stale package lists once', () => {
    const { install, ran } = play({ root: true, staleLists: true });
    expect(install()).to.equal(true);
    expect(ran.map((line) => /update|install/.exec(line)?.[0])).to.deep.equal(['install', 'update', 'install']);
  });

  it('goes through sudo when not root', () => {
    const { install, ran } = play({ sudo: true });
    expect(install()).to.equal(true);
    expect(ran[0]).to.match(/^sudo env .* apt-get/);
  });

  it('names the command to run when it may not install', () => {
    const { install, said, ran } = play({});
    expect(install()).to.equal(false);
    expect(ran).to.deep.equal([]);
    expect(said.join('\n')).to.include('sudo apt-get install --yes browser-a');
  });

  it('names the command to run when the installation fails', () => {
    const { install, said } = play({ root: true, refuses: true });
    expect(install()).to.equal(false);
    expect(said.join('\n')).to.include('still missing: A browser');
  });

  describe('of which one file is taken out of its package', () => {
    function playUnpacking({ stale = false, refuses = false } = {}) {
      const said: string[] = [];
      const ran: string[] = [];
      let fresh = !stale;
      let taken = false;
      const run = (program: string, args: readonly string[]): number => {
        if (program === 'sh') taken = fresh && !refuses;
        else fresh = true;
        ran.push(program === 'sh' ? args.slice(3).join(' ') : [program, ...args].join(' '));
        return program === 'sh' && !taken ? 100 : 0;
      };
      const unpack = { file: './bin/a', folder: '/cache' };
      const tool = { name: 'A checker', why: 'to check', packages: ['checker-a'], unpack, isPresent: () => taken };
      const install = () => installMissingTools([tool], { run, isRoot: true, say: (line) => said.push(line) });
      return { install, said, ran };
    }

    it('fetches the package, and installs nothing', () => {
      const { install, ran } = playUnpacking();
      expect(install()).to.equal(true);
      expect(ran).to.deep.equal(['/cache checker-a ./bin/a']);
    });

    it('refreshes stale package lists once', () => {
      const { install, ran } = playUnpacking({ stale: true });
      expect(install()).to.equal(true);
      expect(ran).to.have.length(3);
      expect(ran[1]).to.match(/^env .* apt-get -qq update$/);
    });

    it('says what to run when it cannot be fetched', () => {
      const { install, said } = playUnpacking({ refuses: true });
      expect(install()).to.equal(false);
      expect(said.join('\n')).to.include('sudo apt-get update && sudo apt-get install --yes checker-a');
    });
  });

  it('says what to do where there is no apt-get', () => {
    const { install, said } = play({ root: true, apt: false });
    expect(install()).to.equal(false);
    expect(said.join('\n')).to.include('not Debian');
  });
});
