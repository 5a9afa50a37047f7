// Counting SMS on a store that fails, that others write too, and that somebody may read.
import { expect } from 'chai';
import { createSmsCounters } from '../../server/app/sms-counters.ts';
import { createSmsGate } from '../../server/app/sms-gate.ts';
import type { RangeCounter, SmsCounter } from '../../server/core/sms-counter.ts';
import type { SmsPolicy } from '../../server/core/sms-policy.ts';
import { smsCounterKey } from '../../server/ports/records.ts';
import { StoreUnavailableError, type Store, type Unit } from '../../server/ports/store.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { createFailingStore } from '../support/failing-store.ts';

const number = '+31612345678';
const limits = {
  perNumber: 1,
  perPrefix: 100,
  perCountry: 100,
  perApplication: 100,
  perDay: 100,
  minConversionPercent: 10,
};
const policy: SmsPolicy = { countries: ['NL'], limits };
const id = smsCounterKey('app_1', 'country', 'hash');

const onceMore = (counter: SmsCounter | undefined): RangeCounter => {
  const known = counter?.scope === 'country' ? counter : undefined;
  const count = known?.recent[0]?.[1] ?? 0;
  return { scope: 'country', recent: [[0, count + 1]] };
};

describe('counters of SMS', () => {
  let app: TestApp;
  let units: Unit[];
  const failing = createFailingStore();
  beforeEach(async () => {
    units = [];
    const recording = (store: Store): Store => ({
      ...store,
      commit: (unit) => {
        units.push(unit);
        return store.commit(unit);
      },
    });
    app = await createTestApp({ sms: policy, wrapStore: (store) => failing.wrap(recording(store)) });
  });
  afterEach(() => app.kill());

  const counterPuts = () => units.flatMap(({ puts = [] }) => puts.filter(({ kind }) => kind === 'sms-counter'));
  const stored = async () => (await app.store.read([{ kind: 'sms-counter', id }])).records[0];

  it('lose no count of a hundred at once, and write them together', async () => {
    const counters = createSmsCounters(app.store);
    const one = () => counters.change(id, (counter) => ({ next: onceMore(counter), answer: counter === undefined }));
    const first = await Promise.all(Array.from({ length: 100 }, one));
    expect(first.filter(Boolean)).to.have.length(1);
    expect(await stored()).to.deep.include({ recent: [[0, 100]] });
    expect(counterPuts()).to.have.length(2);
  });

  it('lose no count between nodes', async () => {
    const nodes = Array.from({ length: 4 }, () => createSmsCounters(app.store));
    const changes = nodes.flatMap((node) =>
      Array.from({ length: 25 }, () => node.change(id, (counter) => ({ next: onceMore(counter), answer: undefined }))),
    );
    await Promise.all(changes);
    expect(await stored()).to.deep.include({ recent: [[0, 100]] });
  });

  it('write nothing when nothing changes', async () => {
    const counters = createSmsCounters(app.store);
    expect(await counters.change(id, () => ({ next: undefined, answer: 'seen' }))).to.equal('seen');
    expect(await stored()).to.equal(undefined);
  });

  it('tell each who waits when the store is away, and go on when it is back', async () => {
    const counters = createSmsCounters(app.store);
    failing.failAt(1, 'before', ['commit']);
    const change = () => counters.change(id, (counter) => ({ next: onceMore(counter), answer: undefined }));
    const told = await Promise.allSettled([change(), change()]);
    expect(told.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled']);
    expect(told[0]).to.have.property('reason').that.is.instanceOf(StoreUnavailableError);
    expect(await stored()).to.deep.include({ recent: [[0, 1]] });
  });

  it('are not written any more for what a bound refuses that is reached', async () => {
    app.context.settings.sms = { ...policy, limits: { ...limits, perApplication: 1 } };
    const gate = createSmsGate(app.context);
    const admit = (n: number) =>
      gate.admit({ applicationId: app.application.id, dedupeId: `m${n}`, to: `+3161234567${n}` });
    expect(await admit(0)).to.equal(undefined);
    expect(await admit(1), 'and the operator is told').to.equal('budget');
    const written = counterPuts().length;
    expect(await Promise.all([2, 3, 4].map(admit))).to.deep.equal(['budget', 'budget', 'budget']);
    expect(counterPuts()).to.have.length(written);
  });

  it('take back what was counted for a message that a later bound refuses', async () => {
    app.context.settings.sms = { ...policy, limits: { ...limits, perApplication: 1 } };
    const gate = createSmsGate(app.context);
    const admit = (to: string) => gate.admit({ applicationId: app.application.id, dedupeId: to, to });
    const told = await Promise.all([number, '+31612345679', '+31622222222'].map(admit));
    expect(told).to.have.members([undefined, 'budget', 'budget']);
    const newest = new Map(counterPuts().map(({ record }) => [record.id, record]));
    const messages = [...newest.values()].flatMap((record) => ('messages' in record ? record.messages : []));
    expect(messages).to.have.length(1);
  });

  it('are forgotten when they say nothing any more', async () => {
    await createSmsGate(app.context).admit({ applicationId: app.application.id, dedupeId: 'a', to: number });
    expect(counterPuts().length).to.be.at.least(4);
    app.clock.advance(27 * 3_600_000);
    expect(await app.store.sweep({ limit: 100 })).to.equal(4);
  });

  it('hold no number, prefix or country in clear', async () => {
    await createSmsGate(app.context).admit({ applicationId: app.application.id, dedupeId: 'a', to: number });
    const text = JSON.stringify(counterPuts());
    for (const clear of ['31612345678', '3161234', '612345678', '"NL"', '/NL']) expect(text).not.to.include(clear);
  });
});

describe('an SMS on a store that fails', () => {
  const commits = 6;
  for (const moment of ['before', 'after'] as const) {
    for (let call = 1; call <= commits; call += 1) {
      it(`${moment} commit ${call} of ${commits}: is counted before it is sent, and sent under one id`, async () => {
        const failing = createFailingStore();
        await using app = await createTestApp({ sms: policy, wrapStore: failing.wrap });
        await app.users.put(app.application, 'alice', { phoneNumber: number, delivery: 'sms' });
        const { verification } = await app.verifications.create(app.application, {
          userId: 'alice',
          action: 'Sign in',
        });
        const sent: string[] = [];
        app.outbox.respond((send) => {
          sent.push(send.message.dedupeId);
          return { kind: 'accepted', provider: 'simulated' };
        });
        failing.failAt(call, moment, ['commit']);
        await app.work();
        expect(sent).to.have.length(call < commits ? 0 : 1);
        expect(failing.heal()).to.equal(true);
        await app.pass(13_000);
        expect(new Set(sent)).to.deep.equal(new Set([`${verification.id}.sms.1.phone`]));
        const found = await app.verifications.load(verification.id);
        expect(found?.verification.delivery.find(({ step }) => step === 'sms')?.status).to.equal('accepted');
        // And the number has had its one.
        const again = await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' });
        await app.work();
        const later = await app.verifications.load(again.verification.id);
        expect(later?.verification.delivery.find(({ step }) => step === 'sms')).to.include({
          status: 'failed',
          reason: 'budget',
        });
      });
    }
  }

  it('is approved all the same when the approval cannot be counted', async () => {
    const failing = createFailingStore();
    await using app = await createTestApp({ sms: policy, wrapStore: failing.wrap });
    await app.users.put(app.application, 'alice', { phoneNumber: number, delivery: 'sms' });
    const { verification } = await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' });
    await app.work();
    const code = app.context.secrets.smsCode(verification.id, verification.codeSalt);
    failing.failAt(2, 'before', ['commit']);
    const caller = { kind: 'relying-party', application: app.application } as const;
    const told = await app.verifications.submitCode(caller, verification.id, code);
    expect(failing.heal()).to.equal(true);
    expect(told.verification.status).to.equal('approved');
    expect(app.log.some(({ level, message }) => level === 'warn' && message.includes('could not be counted'))).to.equal(
      true,
    );
  });
});
