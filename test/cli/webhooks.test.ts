// The command line tool on a hub that is stopped: its webhooks' secrets and keys, and what was given up.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createApplications } from '../../server/app/applications.ts';
import { signingSecrets } from '../../server/core/webhook-endpoint.ts';
import type { Store } from '../../server/ports/store.ts';
import { createRandom } from '../../server/security/random.ts';
import { createSecrets } from '../../server/security/secrets.ts';
import { createSqliteStore } from '../../server/store/sqlite/sqlite-store.ts';
import { deadLetterOf, mustCommit, pendingOf, webhookOf } from '../contract/store/fixture.ts';
import { createFakeClock } from '../support/clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = fileURLToPath(new URL('../../bin/verihub.mjs', import.meta.url));
const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const url = 'https://bank.test/hooks';
const apiKey = 'vh_test_Zk3_9-Qw7RtYuIoP_aSdFgHjKlZxCvBnM_1234567-9';

describe('verihub webhooks', function () {
  this.timeout(20_000);
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  const verihub = async (args: string[], env: Record<string, string> = {}) => {
    const store = { VERIHUB_STORE: `sqlite:${folder.path}/hub.db` };
    const child = spawn(process.execPath, [program, ...args], { env: { ...store, ...env } });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await closed, out, error };
  };
  /** The store as the tool finds it, and leaves it. */
  const inStore = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    const store = createSqliteStore({ file: `${folder.path}/hub.db`, clock: createFakeClock(Date.now()) });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  const givenApplication = (): Promise<string> =>
    inStore(async (store) => {
      const random = createRandom();
      const applications = createApplications({
        store,
        random,
        secrets: createSecrets({ codeKey: random.secret(32) }),
      });
      const spec = { name: 'Bank', domain: 'bank.test', webhook: { url, secret } };
      return (await applications.create(spec)).application.id;
    });
  /** Of two applications, 130 of the first. */
  const givenDead = (): Promise<string[]> =>
    inStore(async (store) => {
      const letters = Array.from({ length: 131 }, (_, n) => {
        const pending = pendingOf({ applicationId: n === 130 ? 'app_other' : 'app_one', userId: 'alice' }, 1);
        return deadLetterOf(webhookOf(pending, `e${n}`), { createdAt: n });
      });
      await mustCommit(store, { puts: letters.map((record) => ({ kind: 'dead-letter', record }) as const) });
      return letters.map(({ id }) => id);
    });
  const waiting = () =>
    inStore(async (store) => (await store.list({ kind: 'message', topic: 'webhook', limit: 999 })).total);

  it('rotate-secret shows a new secret once, and lets the one before overlap', async () => {
    const id = await givenApplication();
    const { code, out, error } = await verihub([
      'webhooks',
      'rotate-secret',
      '--application',
      id,
      '--overlap-hours',
      '2',
    ]);
    expect([code, error]).to.deep.equal([0, '']);
    const shown = /whsec_\S+/.exec(out)?.[0] ?? '';
    expect(out)
      .to.include('shown only now')
      .and.match(/signs too until \d{4}-/)
      .and.not.include('VERIHUB_WEBHOOK_SECRET');
    const { records } = await inStore((store) => store.read([{ kind: 'application', id }]));
    const webhook = records[0]!.webhook!;
    expect(signingSecrets(webhook, Date.now())).to.deep.equal([shown, secret]);
    expect(signingSecrets(webhook, Date.now() + 2 * 3_600_000)).to.deep.equal([shown]);
  });

  it('rotate-secret says what else must change when the secret comes from the environment', async () => {
    const id = await givenApplication();
    const env = { VERIHUB_API_KEY: apiKey, VERIHUB_WEBHOOK_URL: url, VERIHUB_WEBHOOK_SECRET: secret };
    const { out } = await verihub(['webhooks', 'rotate-secret', '--application', id], env);
    expect(out).to.include('VERIHUB_WEBHOOK_SECRET');
  });

  it('keys shows the public keys of one application, the same every time', async () => {
    const id = await givenApplication();
    const first = await verihub(['webhooks', 'keys', '--application', id]);
    expect(first.out).to.match(/^whpk_[A-Za-z0-9+/]{43}=\n$/);
    expect((await verihub(['webhooks', 'keys', '--application', id])).out).to.equal(first.out);
  });

  it('dead-letters lists all of them with their reasons, or those of one application', async () => {
    const ids = await givenDead();
    const { code, out } = await verihub(['webhooks', 'dead-letters']);
    const lines = out.trimEnd().split('\n');
    expect([code, lines.length]).to.deep.equal([0, 131]);
    expect(lines.map((line) => line.split(' ')[0])).to.deep.equal(ids);
    expect(lines[0]).to.match(/ app_one {2}1970-01-01T00:00:00\.000Z {2}http-410 after 0 attempt/);
    const { out: other } = await verihub(['webhooks', 'dead-letters', '--application', 'app_other']);
    expect(other.trimEnd().split('\n')).to.have.length(1);
  });

  it('replay puts one back, those of one application, and all', async () => {
    const [first = ''] = await givenDead();
    expect(await verihub(['webhooks', 'replay', first])).to.deep.equal({
      code: 0,
      out: `${first} is in the outbox again.\n`,
      error: '',
    });
    expect(await waiting()).to.equal(1);
    const again = await verihub(['webhooks', 'replay', first]);
    expect([again.code, again.out]).to.deep.equal([1, '']);
    expect(again.error).to.match(/^verihub: There is no such dead letter/);
    expect((await verihub(['webhooks', 'replay', '--all', '--application', 'app_other'])).out).to.match(
      /^1 dead letter/,
    );
    expect((await verihub(['webhooks', 'replay', '--all'])).out).to.match(/^129 dead letter/);
    expect(await waiting()).to.equal(131);
    expect((await verihub(['webhooks', 'dead-letters'])).out).to.equal('There are none.\n');
  });

  const wrong: [args: string[], says: RegExp][] = [
    [['constructor'], /there is no command "constructor"/],
    [['webhooks', 'rotate-secret'], /--application is required/],
    [['webhooks', 'rotate-secret', '--application', 'app_1', '--overlap-hours', '1e3'], /--overlap-hours is 0 to 720/],
    [['webhooks', 'replay'], /give the id of one dead letter, or --all/],
    [['webhooks', 'replay', 'ver_1', '--all'], /give the id of one dead letter, or --all/],
    [
      [
        'applications',
        'create',
        '--name',
        'a',
        '--domain',
        'b',
        '--webhook-url',
        'http://b/',
        '--webhook-secret',
        secret,
      ],
      /--webhook-url must begin with https/,
    ],
  ];
  it('explains how it is used, and does nothing, when it is called wrongly', async () => {
    for (const [args, says] of wrong) {
      const { code, out, error } = await verihub(args);
      expect([code, out], args.join(' ')).to.deep.equal([2, '']);
      expect(error).to.match(says).and.include('verihub webhooks replay ID');
    }
  });

  it('refuses a malformed secret without showing it, and an unknown application', async () => {
    const args = ['applications', 'create', '--name', 'Bank', '--domain', 'bank.test', '--webhook-url', url];
    const refused = await verihub([...args, '--webhook-secret', 'whsec_hunter2']);
    expect([refused.code, refused.out]).to.deep.equal([1, '']);
    expect(refused.error).to.include('24 to 64 random bytes').and.not.include('hunter2');
    const { code, error } = await verihub(['webhooks', 'rotate-secret', '--application', 'app_none']);
    expect([code, error]).to.deep.equal([1, 'verihub: There is no application app_none.\n']);
  });

  it('says to stop the hub while it runs', async () => {
    const { code, error } = await inStore(() => verihub(['webhooks', 'dead-letters']));
    expect(code).to.equal(1);
    expect(error).to.match(/^verihub: Another Verihub is using /);
  });
});
