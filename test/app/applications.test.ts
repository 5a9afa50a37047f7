// Applications: registered under a key, brought up to date by the same key, recognised by nothing else.
import { expect } from 'chai';
import { createTestApp, bankWebhook, type TestApp } from '../support/app.ts';
import { createFailingStore } from '../support/failing-store.ts';
import { codeOf, refusalOf } from '../support/refusals.ts';

const secret = 'Qz8_7-Qw7RtYuIoP_aSdFgHjKlZxCvBnM_1234567-9';
const key = `vh_k2_${secret}`;
const spec = { name: 'Other Bank', domain: 'other.test' };

describe('applications', () => {
  let app: TestApp;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ wrapStore: failing.wrap });
  });
  afterEach(() => app.kill());

  it('are registered under a key that is not there yet, with every step allowed', async () => {
    const application = await app.applications.ensure(key, spec);
    expect(application).to.deep.include({ ...spec, rev: 1, steps: ['socket', 'push', 'sms'] });
    expect(application.id).to.match(/^app_[0-9a-f]{34}$/);
    expect(await app.applications.authenticate(key)).to.deep.equal(application);
  });

  it('keep the hash of the secret only', async () => {
    await app.applications.ensure(key, spec);
    const { records } = await app.store.read([{ kind: 'api-key', id: 'k2' }]);
    expect(JSON.stringify(records[0])).not.to.include(secret);
  });

  it('are brought up to date by the same key, and left alone when nothing changed', async () => {
    const first = await app.applications.ensure(key, spec);
    expect(await app.applications.ensure(key, { ...spec })).to.deep.equal(first);
    const renamed = await app.applications.ensure(key, {
      ...spec,
      name: 'New Name',
      webhook: bankWebhook,
      steps: ['push'],
    });
    expect(renamed).to.deep.include({ id: first.id, rev: 2, name: 'New Name', steps: ['push'] });
    expect(renamed.webhook).to.deep.include(bankWebhook);
    expect(
      (await app.applications.ensure(key, { ...spec, name: 'New Name', webhook: bankWebhook, steps: ['push'] })).rev,
    ).to.equal(2);
    const quiet = await app.applications.ensure(key, spec);
    expect(quiet, 'the webhook is gone; the policy is not named, and stays').to.not.have.property('webhook');
    expect(quiet).to.deep.include({ rev: 3, name: 'Other Bank', steps: ['push'] });
  });

  it('are not to be had with another secret under the same key id', async () => {
    const first = await app.applications.ensure(key, spec);
    const stolen = `vh_k2_${secret.replace('Q', 'R')}`;
    expect(await codeOf(app.applications.ensure(stolen, { ...spec, name: 'Stolen' }))).to.equal('invalid');
    expect(await app.applications.authenticate(key)).to.deep.equal(first);
  });

  it('are refused under a malformed key', async () => {
    for (const bad of ['', 'hunter2', 'vh_k2_short', `vh_k-2_${secret}`]) {
      expect(await codeOf(app.applications.ensure(bad, spec)), bad).to.equal('invalid');
    }
  });

  it('are recognised by their key and nothing else: all refusals are alike', async () => {
    await app.applications.ensure(key, spec);
    const bad = ['', 'nonsense', `vh_k9_${secret}`, `vh_k2_${secret.replace('Q', 'R')}`, key.slice(0, -1), `${key}=`];
    const refusals = await Promise.all(bad.map((text) => refusalOf(app.applications.authenticate(text))));
    for (const refusal of refusals) expect(refusal).to.deep.equal(refusals[0]);
    expect(refusals[0]?.code).to.equal('unauthenticated');
  });

  it('are not recognised by a revoked key, nor when they are gone', async () => {
    const application = await app.applications.ensure(key, spec);
    const { records } = await app.store.read([{ kind: 'api-key', id: 'k2' }]);
    const [record] = records;
    if (record === undefined) throw new Error('no key');
    await app.store.commit({ puts: [{ kind: 'api-key', record: { ...record, rev: 2, revokedAt: 1 } }] });
    expect(await codeOf(app.applications.authenticate(key))).to.equal('unauthenticated');
    const other = `vh_k3_${secret}`;
    const gone = await app.applications.ensure(other, spec);
    await app.store.commit({ removes: [{ kind: 'application', id: gone.id }] });
    expect(await codeOf(app.applications.authenticate(other))).to.equal('unauthenticated');
    expect(await codeOf(app.applications.ensure(other, spec))).to.equal('invalid');
    expect(application.id).not.to.equal(gone.id);
  });

  it('are created with a key of their own, told once, and listed oldest first', async () => {
    app.clock.advance(1_000);
    const { application, apiKey } = await app.applications.create(spec);
    expect(apiKey).to.match(/^vh_[0-9a-f]{12}_[\w-]{43}$/);
    expect(await app.applications.authenticate(apiKey)).to.deep.equal(application);
    expect(await app.applications.list()).to.deep.equal([app.application, application]);
  });

  it('ensured by ten at once under one key are one', async () => {
    const ensured = await Promise.all(Array.from({ length: 10 }, () => app.applications.ensure(key, spec)));
    expect(new Set(ensured.map(({ id }) => id)).size).to.equal(1);
    expect(await app.applications.list()).to.have.length(2);
  });

  it('ensured again after a failure are the same', async () => {
    for (const [n, when] of (['before', 'after'] as const).entries()) {
      const own = `vh_f${n}_${secret}`;
      failing.failAt(1, when, ['commit']);
      await app.applications.ensure(own, spec).catch(() => undefined);
      expect(failing.heal()).to.equal(true);
      const first = await app.applications.ensure(own, spec);
      expect(await app.applications.ensure(own, spec)).to.deep.equal(first);
      expect(await app.applications.list()).to.have.length(n + 2);
    }
  });
});
