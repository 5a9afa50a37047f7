// The guard against an older Node: its figures, its words, and every entry going through it.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { MINIMUM_NODE, nodeComplaint } from '../../server/require-node.mjs';

const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));

describe('the Node guard', () => {
  it('agrees with engines.node', () => {
    expect(manifest).to.have.nested.property('engines.node', `>=${MINIMUM_NODE.join('.')}.0`);
  });

  it('lets the minimum and newer pass', () => {
    for (const version of ['24.15.0', '24.21.0', '26.10.0', '26.0.0-pre']) {
      expect(nodeComplaint(version), version).to.equal(undefined);
    }
  });

  it('tells an older one in one line what to do', () => {
    for (const version of ['18.19.0', '20.20.2', '22.18.0', '24.14.9']) {
      const complaint = nodeComplaint(version);
      expect(complaint, version)
        .to.include(`this is Node ${version}`)
        .and.to.include('npm ci')
        .and.to.include('npm start');
      expect(complaint, version).not.to.include('\n');
    }
  });

  it('stops every entry with that one line', () => {
    const pretendOld = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})';
    const entries = [['--import', './server/require-node.mjs', 'server/main.ts'], ['bin/verihub.mjs']];
    for (const entry of entries) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', pretendOld, ...entry], {
        encoding: 'utf8',
      });
      expect({ status, stdout, stderr }, entry.join(' ')).to.deep.equal({
        status: 1,
        stdout: '',
        stderr: `${nodeComplaint('20.20.2')}\n`,
      });
    }
  });

  it('stands before every script that runs a .ts file', () => {
    expect(manifest).to.have.property('scripts').that.is.an('object');
    const { scripts } = manifest as { scripts: Record<string, string> };
    const unguarded = Object.entries(scripts)
      .filter(([, command]) => /\bnode\b.*\.ts\b/.test(command))
      .filter(([, command]) => !command.includes('node --import ./server/require-node.mjs '))
      .map(([name]) => name);
    expect(unguarded, 'scripts to start with `node --import ./server/require-node.mjs`').to.deep.equal([]);
  });
});
