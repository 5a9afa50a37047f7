// Dead letters: what was given up and why, page by page, behind the wall between tenants, and sent again once.
import { expect } from 'chai';
import { createDeadLetters, viewDeadLetter, type DeadLetters } from '../../server/app/dead-letters.ts';
import type { ChannelResult } from '../../server/core/events.ts';
import type { DeadLetterRecord } from '../../server/ports/records.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { createFailingStore } from '../support/failing-store.ts';
import { codeOf } from '../support/refusals.ts';

const webhook = { url: 'https://bank.test/hook', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
const day = 86_400_000;
const hour = 3_600_000;
const accepted: ChannelResult = { kind: 'accepted', provider: 'receiver' };
const gone: ChannelResult = { kind: 'rejected', reason: 'http-410', recipientGone: true };

describe('dead letters', () => {
  let app: TestApp;
  let letters: DeadLetters;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ webhook, wrapStore: failing.wrap });
    letters = createDeadLetters(app.context);
  });
  afterEach(() => app.kill());

  const create = async () =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' })).verification;
  /** One dead letter for each; each of an own verification. */
  const givenDead = async (count = 1): Promise<DeadLetterRecord[]> => {
    app.receiver.respond = () => gone;
    for (let n = 0; n < count; n += 1) {
      await create();
      await app.pass(1_000);
    }
    app.receiver.respond = () => accepted;
    app.receiver.requests.length = 0;
    return (await letters.list({ limit: 100 })).deadLetters;
  };

  const hopeless: [reason: string, result: ChannelResult][] = [
    ['http-410', gone],
    ['url-malformed', { kind: 'rejected', reason: 'url-malformed' }],
    ['https-required', { kind: 'rejected', reason: 'https-required' }],
    ['address-not-allowed', { kind: 'rejected', reason: 'address-not-allowed' }],
    ['secret-malformed', { kind: 'rejected', reason: 'secret-malformed' }],
  ];
  for (const [reason, result] of hopeless) {
    it(`are made at once of what no retry can mend, with the reason: ${reason}`, async () => {
      app.receiver.respond = () => result;
      const verification = await create();
      await app.work();
      expect(app.receiver.requests).to.have.length(1);
      const [record] = (await letters.list({ limit: 9 })).deadLetters;
      expect(record).to.include({ subject: verification.id, reason, attempts: 1 });
      expect(app.measured.filter(({ name }) => name === 'webhookGivenUp').map(({ values }) => values)).to.deep.equal([
        ['rejected'],
      ]);
      expect((await app.store.nextWake()).outboxAt).to.deep.equal({});
    });
  }

  it('are made after a day of failures, with the last reason', async () => {
    app.receiver.respond = () => ({ kind: 'unreachable', outcome: 'not-sent', reason: 'http-500' });
    await create();
    await app.work();
    for (let hours = 0; hours < 26; hours += 1) await app.pass(hour);
    const [record] = (await letters.list({ limit: 9 })).deadLetters;
    expect(record).to.include({ reason: 'http-500', attempts: app.receiver.requests.length });
    expect(record!.createdAt - record!.queuedAt).to.be.within(day, day + hour + 1_000);
    expect(app.measured).to.deep.include({ name: 'webhookGivenUp', values: ['expired'] });
  });

  it('are made when the webhook was removed', async () => {
    await create();
    await app.applications.ensure(app.apiKey, { name: 'Example Bank', domain: 'bank.test' });
    await app.work();
    expect((await letters.list({ limit: 9 })).deadLetters[0]).to.include({ reason: 'no-webhook' });
  });

  it('are shown without the event itself', async () => {
    const [record] = await givenDead();
    const { id, subject } = record!;
    expect(viewDeadLetter(record!)).to.deep.equal({
      id,
      type: 'verification.undeliverable',
      subject,
      reason: 'http-410',
      attempts: 1,
      queuedAt: '2026-01-01T00:00:00.000Z',
      givenUpAt: '2026-01-01T00:00:01.000Z',
    });
  });

  it('come page by page, oldest first', async () => {
    const all = await givenDead(5);
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await letters.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      expect(page.total).to.equal(5);
      pages.push(page.deadLetters.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(pages).to.deep.equal(
      [all.slice(0, 2), all.slice(2, 4), all.slice(4)].map((page) => page.map(({ id }) => id)),
    );
    expect(await codeOf(letters.list({ limit: 2, cursor: 'nonsense' }))).to.equal('invalid');
  });

  it('are not seen by another application, and not replayed', async () => {
    const [record] = await givenDead();
    expect(await letters.list({ applicationId: 'app_other', limit: 9 })).to.deep.include({ deadLetters: [], total: 0 });
    expect(await codeOf(letters.replay(record!.id, 'app_other'))).to.equal('not-found');
    expect((await letters.list({ applicationId: app.application.id, limit: 9 })).total).to.equal(1);
  });

  it('are sent again as they were, under the same id, for another day', async () => {
    const [record] = await givenDead();
    await app.pass(3 * day);
    app.receiver.respond = () => ({ kind: 'unreachable', outcome: 'not-sent', reason: 'http-500' });
    await letters.replay(record!.id, app.application.id);
    await app.work();
    expect((await letters.list({ limit: 9 })).total).to.equal(0);
    await app.pass(23 * hour);
    app.receiver.respond = () => accepted;
    await app.pass(hour);
    const bodies = new Set(app.receiver.requests.map(({ id, body }) => `${id} ${body}`));
    expect([...bodies]).to.deep.equal([`${record!.id} ${String(record!.payload['body'])}`]);
    expect(app.receiver.requests.at(-1)?.timestamp).to.equal(Math.floor(app.clock.now() / 1_000));
    expect((await app.store.nextWake()).outboxAt).to.deep.equal({});
  });

  it('are sent again once, however many ask, and tell the worker', async () => {
    const [record] = await givenDead();
    app.hints.length = 0;
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => letters.replay(record!.id)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    expect(app.hints).to.deep.equal([{ type: 'work' }]);
    await app.work();
    expect(app.receiver.requests).to.have.length(1);
    expect(await codeOf(letters.replay(record!.id))).to.equal('not-found');
  });

  it('that fail again are dead letters again', async () => {
    const [record] = await givenDead();
    app.receiver.respond = () => gone;
    await letters.replay(record!.id);
    await app.work();
    const { deadLetters } = await letters.list({ limit: 9 });
    expect(deadLetters).to.have.length(1);
    expect(deadLetters[0]).to.include({ id: record!.id, rev: 1 });
    expect(deadLetters[0]!.createdAt).to.be.at.least(record!.createdAt);
  });

  it('are forgotten after seven days', async () => {
    await givenDead();
    app.clock.advance(7 * day - 1);
    await app.workers.sweeper.runOnce();
    expect((await letters.list({ limit: 9 })).total).to.equal(1);
    app.clock.advance(1);
    await app.workers.sweeper.runOnce();
    expect((await letters.list({ limit: 9 })).total).to.equal(0);
  });

  for (const when of ['before', 'after'] as const) {
    it(`are neither lost nor doubled when the store fails ${when} it took one`, async () => {
      app.receiver.respond = () => gone;
      await create();
      failing.failAt(1, when, ['commit']);
      await app.workers.webhook.runOnce();
      expect(failing.heal()).to.equal(true);
      await app.pass(12_000);
      expect(await letters.list({ limit: 9 })).to.have.property('total', 1);
      expect((await app.store.nextWake()).outboxAt).to.deep.equal({});
    });
  }
});
