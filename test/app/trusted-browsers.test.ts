// Trusted browsers (contract section 4): granted once, rotated with every use, good for a moment longer, revoked at once.
import { expect } from 'chai';
import type { Created, CreateRequest } from '../../server/app/create-verification.ts';
import { viewTrustedBrowser } from '../../server/app/views.ts';
import { shardOf } from '../../server/core/ids.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone, type AppPhone } from '../support/app-phone.ts';
import { codeOf } from '../support/refusals.ts';

const day = 86_400_000;

describe('a trusted browser', () => {
  let app: TestApp;
  let phone: AppPhone;
  beforeEach(async () => {
    app = await createTestApp({
      webhook: { url: 'https://bank.test/hook', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
    });
    phone = await enrollPhone(app);
  });
  afterEach(() => app.kill());

  const create = (over: Partial<CreateRequest> = {}, key?: string) =>
    app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over }, key);
  const approve = async ({ verification }: Created, by = phone) =>
    app.verifications.decide(by.device, by.sign(verification, 'approve', verification.matching.number));
  const grant = (id: string, days = 30) => app.trustedBrowsers.grant(app.application, id, days);
  const granted = async (): Promise<string> => {
    const created = await create();
    await approve(created);
    return (await grant(created.verification.id)).trustToken;
  };
  /** The rotated token; fails the test when the verification was not approved at once. */
  const use = async (trustToken: string): Promise<string> => {
    const created = await create({ trustToken });
    expect(created.verification.status).to.equal('approved');
    return created.trustToken ?? '';
  };
  const ignored = async (over: Partial<CreateRequest>): Promise<void> => {
    const created = await create(over);
    expect(created.verification.status).to.equal('pending');
    expect(created).not.to.have.property('trustToken');
  };

  it('is granted once for an approved verification', async () => {
    const created = await create();
    expect(await codeOf(grant(created.verification.id))).to.equal('not-approved');
    await approve(created);
    const { trustToken, expiresAt, now } = await grant(created.verification.id, 30);
    expect(trustToken).to.match(/^tru_[0-9a-z]+_[\w-]{43}$/);
    expect(expiresAt - now).to.equal(30 * day);
    expect(await codeOf(grant(created.verification.id))).to.equal('trust-already-granted');
    const { entries } = await app.verifications.timeline(app.application, created.verification.id);
    expect(entries.at(-1)?.type).to.equal('trust');
  });

  it('is granted once by fifty at once', async () => {
    const created = await create();
    await approve(created);
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => grant(created.verification.id)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
  });

  it('is granted to the application that asked for the verification, and nobody else', async () => {
    const created = await create();
    await approve(created);
    const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
    const foreign = app.trustedBrowsers.grant(application, created.verification.id, 1);
    expect(await codeOf(foreign)).to.equal('not-found');
    expect(await codeOf(grant(created.verification.id.replace('ver_', 'ver_0')))).to.equal('not-found');
  });

  it('is granted for no other end than approval', async () => {
    const created = await create();
    await app.verifications.decide(phone.device, phone.sign(created.verification, 'deny'));
    expect(await codeOf(grant(created.verification.id))).to.equal('not-approved');
  });

  it('cannot renew itself: what it approved makes no browser trusted', async () => {
    const created = await create({ trustToken: await granted() });
    expect(created.verification.status).to.equal('approved');
    expect(await codeOf(grant(created.verification.id))).to.equal('not-approved');
  });

  it('approves at once, with the method, the evidence of which browser, and a webhook', async () => {
    const trustToken = await granted();
    app.hints.length = 0;
    const created = await create({ trustToken });
    expect(created.verification).to.deep.include({ status: 'approved', rev: 1 });
    expect(created.verification)
      .to.have.property('decision')
      .that.includes({
        method: 'trusted-browser',
        outcome: 'approved',
        trustedBrowserId: /^(tru_[0-9a-z]+)_/.exec(trustToken)?.[1],
      });
    expect(app.hints.map(({ type }) => type)).not.to.include('prompt');
    await app.work();
    expect(app.receiver.requests.at(-1)?.body).to.include('verification.approved').and.include(created.verification.id);
    expect(app.outbox.messages()).to.deep.equal([]);
  });

  it('rotates: each use gives the next token, and the chain goes on', async () => {
    let token = await granted();
    const seen = new Set([token]);
    for (let times = 0; times < 5; times += 1) {
      app.clock.advance(day);
      token = await use(token);
      seen.add(token);
    }
    expect(seen.size).to.equal(6);
  });

  it('keeps the token before good for 60 seconds, to the millisecond', async () => {
    const first = await granted();
    await use(first);
    app.clock.advance(59_999);
    await use(first);
    app.clock.advance(1);
    await ignored({ trustToken: first });
  });

  it('keeps it good no longer by using it: the 60 seconds count from the rotation', async () => {
    const first = await granted();
    await use(first);
    app.clock.advance(40_000);
    await use(first);
    app.clock.advance(20_000);
    await ignored({ trustToken: first });
  });

  it('ends the token before as soon as its successor is used', async () => {
    const first = await granted();
    const second = await use(first);
    const third = await use(second);
    await ignored({ trustToken: first });
    await use(third);
  });

  it('gives every repeat of one use the same successor: none of them is lost', async () => {
    const first = await granted();
    const successors = await Promise.all(Array.from({ length: 10 }, () => use(first)));
    successors.push(await use(first));
    expect(new Set(successors).size).to.equal(1);
    await use(successors[0] ?? '');
  });

  it('tells the rotated token again when the reply was lost', async () => {
    const first = await granted();
    const made = await create({ trustToken: first }, 'key');
    const again = await create({ trustToken: first }, 'key');
    expect(again.verification).to.deep.equal(made.verification);
    expect(again.trustToken).to.equal(made.trustToken).and.to.be.a('string');
    await use(made.trustToken ?? '');
    const late = await create({ trustToken: first }, 'key');
    expect(late.verification.id).to.equal(made.verification.id);
    expect(late, 'its successor was used').not.to.have.property('trustToken');
  });

  it('is not told again to a replay of a request that had no token', async () => {
    const created = await create({}, 'key');
    await approve(created);
    expect(await create({}, 'key')).not.to.have.property('trustToken');
  });

  it('is not enough for a step-up', async () => {
    const trustToken = await granted();
    await ignored({ trustToken, stepUp: true });
    await use(trustToken);
  });

  it('is ignored when dead, foreign or nonsense: the verification goes its normal way', async () => {
    const trustToken = await granted();
    await enrollPhone(app, 'bob');
    await ignored({ trustToken, userId: 'bob' });
    await ignored({ trustToken: `${trustToken.slice(0, -1)}${trustToken.endsWith('A') ? 'B' : 'A'}` });
    for (const nonsense of [
      '',
      'tru_',
      'nonsense',
      'enr_1_'.padEnd(60, 'x'),
      `tru_${'0'.repeat(34)}_${'x'.repeat(43)}`,
    ]) {
      await ignored({ trustToken: nonsense });
    }
    const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
    await enrollPhone(app, 'alice', { application });
    const foreign = await app.verifications.create(application, { userId: 'alice', action: 'Sign in', trustToken });
    expect(foreign.verification.status).to.equal('pending');
    await use(trustToken);
  });

  it('is ignored for a neighbour whose records lie in the same shard, in this application and in another', async () => {
    const trustToken = await granted();
    const shard = shardOf(app.application.id, 'alice');
    let neighbour = 0;
    while (shardOf(app.application.id, `neighbour-${neighbour}`) !== shard) neighbour += 1;
    await enrollPhone(app, `neighbour-${neighbour}`);
    await ignored({ trustToken, userId: `neighbour-${neighbour}` });
    let { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
    while (shardOf(application.id, 'alice') !== shard) {
      ({ application } = await app.applications.create({ name: 'Other', domain: 'other.test' }));
    }
    await enrollPhone(app, 'alice', { application });
    const foreign = await app.verifications.create(application, { userId: 'alice', action: 'Sign in', trustToken });
    expect(foreign.verification.status).to.equal('pending');
  });

  it('is granted once although it has expired long ago, or its person was deleted, while the verification is kept', async () => {
    for (const how of ['expired', 'deleted'] as const) {
      const created = await create();
      await approve(created);
      await grant(created.verification.id, 1);
      if (how === 'deleted') await app.users.remove(app.application, 'alice');
      app.clock.advance(6 * day);
      await app.workers.sweeper.runOnce();
      expect(await codeOf(grant(created.verification.id)), how).to.equal('trust-already-granted');
    }
  });

  it('is ignored from its expiry on', async () => {
    const trustToken = await granted();
    app.clock.advance(30 * day - 1);
    const next = await use(trustToken);
    app.clock.advance(1);
    await ignored({ trustToken: next });
    expect((await app.trustedBrowsers.list(app.application.id, 'alice')).browsers).to.deep.equal([]);
  });

  it('is listed without its secrets, and revoked at once with all its tokens', async () => {
    const first = await granted();
    const second = await use(first);
    const { browsers } = await app.trustedBrowsers.list(app.application.id, 'alice');
    expect(browsers).to.have.length(1);
    const [browser] = browsers;
    if (browser === undefined) throw new Error('not listed');
    expect(viewTrustedBrowser(browser)).to.have.all.keys('id', 'createdAt', 'expiresAt', 'lastUsedAt');
    await app.trustedBrowsers.revoke(app.application.id, 'alice', browser.id);
    await ignored({ trustToken: first });
    await ignored({ trustToken: second });
    expect((await app.trustedBrowsers.list(app.application.id, 'alice')).browsers).to.deep.equal([]);
    expect(await codeOf(app.trustedBrowsers.revoke(app.application.id, 'alice', browser.id))).to.equal('not-found');
    expect(await codeOf(grant(browser.id.replace('tru_', 'ver_'))), 'not granted anew').to.equal(
      'trust-already-granted',
    );
  });

  it('is revoked by its owner only', async () => {
    await granted();
    const [browser] = (await app.trustedBrowsers.list(app.application.id, 'alice')).browsers;
    const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
    for (const [appId, user] of [
      [application.id, 'alice'],
      [app.application.id, 'bob'],
    ] as const) {
      expect(await codeOf(app.trustedBrowsers.revoke(appId, user, browser?.id ?? ''))).to.equal('not-found');
    }
    expect(await codeOf(app.trustedBrowsers.revoke(app.application.id, 'alice', 'tru_none'))).to.equal('not-found');
  });

  it('used while it is revoked either approved before, or is ignored: never approved after', async () => {
    for (let round = 0; round < 50; round += 1) {
      const trustToken = await granted();
      const id = /^(tru_[0-9a-z]+)_/.exec(trustToken)?.[1] ?? '';
      await Promise.all([create({ trustToken }), app.trustedBrowsers.revoke(app.application.id, 'alice', id)]);
      await ignored({ trustToken });
    }
  });
});
