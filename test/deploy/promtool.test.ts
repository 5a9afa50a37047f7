// Prometheus' own tool on the alert rules, the example configuration, and what a hub that works shows.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { promtoolPath } from '../../scripts/test-tools.ts';
import { startTestHub } from '../support/hub.ts';
import { enrollPhone } from '../support/phone.ts';
import { approve, startSms } from '../support/rest-scenes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { dashboardExpressions } from './expressions.ts';

const folder = join(import.meta.dirname, '../../deploy/prometheus');
const rulesFile = join(folder, 'verihub-alerts.yml');

async function promtool(args: readonly string[], input = ''): Promise<{ code: number | null; said: string }> {
  const child = spawn(promtoolPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  const said = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, said: said.join('') };
}

async function expectClean(args: readonly string[], input?: string): Promise<void> {
  const { code, said } = await promtool(args, input);
  expect(code, said).to.equal(0);
}

/** Of rules that are in no file yet. */
async function checkRules(rules: string) {
  const scratch = temporaryFolder();
  try {
    const file = join(scratch.path, 'rules.yml');
    writeFileSync(file, rules);
    return await promtool(['check', 'rules', file]);
  } finally {
    scratch.remove();
  }
}

describe('promtool', function () {
  this.timeout(30_000);

  it('finds no fault with the alert rules', () => expectClean(['check', 'rules', '--lint-fatal', rulesFile]));

  it('sees each alert fire and keep still as its tests say', () =>
    expectClean(['test', 'rules', join(folder, 'verihub-alerts.test.yml')]));

  it('refuses rules that are broken', async () => {
    const broken = readFileSync(rulesFile, 'utf8').replace('up{job="verihub"} == 0', 'up{job="verihub" == 0');
    const { code, said } = await checkRules(broken);
    expect([code, said.includes('could not parse expression')], said).to.deep.equal([1, true]);
  });

  it('finds no fault with the example configuration', () =>
    expectClean(['check', 'config', '--syntax-only', join(folder, 'prometheus.yml')]));

  it('understands each query of the dashboard', async () => {
    const rules = dashboardExpressions().map((expr, index) => ({ record: `panel:query:${index}`, expr }));
    expect(rules).to.have.length.above(30);
    const { code, said } = await checkRules(JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(code, said).to.equal(0);
    expect(said).to.include(`${rules.length} rules found`);
  });

  it('finds no fault with what a hub shows that has approved and sent, and that shows nobody', async () => {
    await using hub = await startTestHub();
    const phone = await enrollPhone(hub, 'alice');
    await approve(hub, 'alice', phone);
    const { code, id } = await startSms(hub, 'bob');
    await hub.call('POST', `/v1/verifications/${id}/code`, { body: { code } });
    const shown = String((await hub.call('GET', '/metrics', { token: null })).body['text']);
    expect(shown).to.match(/^verihub_verifications_approved_total\{method="app"\} 1$/m);
    expect(shown).to.match(/^verihub_verifications_approved_total\{method="sms-code"\} 1$/m);
    expect(shown).to.match(/^verihub_ready 1$/m);
    // Without the figures, which may happen to be a code, and without the routes, which name parameters and no values.
    const words = shown.replaceAll(/ [-+.e\d]+$|route="[^"]*"/gm, '');
    for (const secret of ['alice', 'bob', /\b(ver|dev|app|enr|tru)_/, '+31', code, hub.apiKey, phone.deviceId]) {
      expect(words).not.to.match(secret instanceof RegExp ? secret : new RegExp(RegExp.escape(secret)));
    }
    await expectClean(['check', 'metrics'], shown);
    expect((await promtool(['check', 'metrics'], '# TYPE a_counter counter\na_counter 1\n')).code).to.equal(3);
  });
});

describe('the alert rules', () => {
  interface Rule {
    alert: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
  }
  const parsed: { groups: { rules: Rule[] }[] } = parse(readFileSync(rulesFile, 'utf8'));
  const rules = parsed.groups.flatMap((group) => group.rules);
  const tests = readFileSync(join(folder, 'verihub-alerts.test.yml'), 'utf8');

  for (const { alert, labels, annotations } of rules) {
    it(`${alert} says how bad it is, what it is and what to do, and has a test in which it fires`, () => {
      expect(alert).to.match(/^Verihub[A-Z]/);
      expect(labels['severity']).to.be.oneOf(['critical', 'warning']);
      expect(annotations['summary']).to.match(/\.$|\}\}$/);
      expect(annotations['description']).to.match(/\.$/);
      expect(tests).to.include(`{alertname="${alert}"}`);
    });
  }
});
