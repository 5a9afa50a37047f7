// Whoever waits is told at once, and within five seconds even when the telling was lost (contract section 7).
import { expect } from 'chai';
import type { Caller } from '../../server/app/context.ts';
import { createVerifications, type Snapshot, type Verifications } from '../../server/app/verifications.ts';
import { createLocalBus } from '../../server/realtime/local-bus.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';
import { createFailingStore } from '../support/failing-store.ts';
import { settle } from '../support/settle.ts';

describe('a waiter', () => {
  let app: TestApp;
  /** The same store, but its hints reach nobody here: another node whose messages are lost. */
  let elsewhere: Verifications;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ wrapStore: failing.wrap });
    await enrollPhone(app);
    elsewhere = createVerifications({ ...app.context, bus: createLocalBus(app.context.logger) });
    app.waiters.start();
  });
  afterEach(async () => {
    app.waiters.stop();
    await app.kill();
  });

  const create = async () =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' })).verification;
  const owner = (): Caller => ({ kind: 'relying-party', application: app.application });
  const cancel = (id: string, by = app.verifications) => by.cancel(owner(), id);
  /** Whether it has been answered, without waiting for it. */
  const watchAnswer = (wait: Promise<Snapshot | undefined>) => {
    const answer: { status?: string; isIn: boolean } = { isIn: false };
    void wait.then(
      (snapshot) => Object.assign(answer, { isIn: true, status: snapshot?.verification.status }),
      () => undefined,
    );
    return answer;
  };
  const pass = async (ms: number) => {
    for (let at = 0; at < ms; at += 250) {
      app.clock.advance(Math.min(250, ms - at));
      await settle(4);
    }
  };

  it('is told of a change at once', async () => {
    const { id, rev } = await create();
    const answer = watchAnswer(app.waiters.waitFor(id, rev, 30_000));
    await settle();
    expect(answer.isIn).to.equal(false);
    await cancel(id);
    await settle();
    expect(answer).to.deep.equal({ isIn: true, status: 'canceled' });
  });

  it('does not wait for what it has not seen, what has ended, or what is not there', async () => {
    const { id } = await create();
    expect((await app.waiters.waitFor(id, 0, 30_000))?.verification.rev).to.equal(1);
    await cancel(id);
    expect((await app.waiters.waitFor(id, 99, 30_000))?.verification.status).to.equal('canceled');
    expect(await app.waiters.waitFor('ver_none', 0, 30_000)).to.equal(undefined);
    expect(app.clock.timers(), 'only the tick').to.equal(1);
  });

  it('is told of a change that comes while it reads for the first time', async () => {
    const { id, rev } = await create();
    const [snapshot] = await Promise.all([app.waiters.waitFor(id, rev, 30_000), cancel(id)]);
    expect(snapshot?.verification.status).to.equal('canceled');
  });

  it('gets the last that is known when its time is over, to the millisecond', async () => {
    const { id, rev } = await create();
    const answer = watchAnswer(app.waiters.waitFor(id, rev, 2_000));
    await settle();
    await pass(1_999);
    expect(answer.isIn).to.equal(false);
    await pass(1);
    expect(answer).to.deep.equal({ isIn: true, status: 'pending' });
  });

  it('is told within 5 s when the hint is lost', async () => {
    const { id, rev } = await create();
    const answer = watchAnswer(app.waiters.waitFor(id, rev, 30_000));
    await settle();
    await cancel(id, elsewhere);
    await pass(5_000);
    expect(answer).to.deep.equal({ isIn: true, status: 'canceled' });
  });

  it('is told that the deadline has passed though no worker came by', async () => {
    const { id, rev } = await create();
    await pass(290_000);
    const answer = watchAnswer(app.waiters.waitFor(id, rev, 30_000));
    await pass(15_000);
    expect(answer).to.deep.equal({ isIn: true, status: 'expired' });
  });

  it('lets go when its caller goes, before or during the wait', async () => {
    const { id, rev } = await create();
    const gone = new AbortController();
    const answer = watchAnswer(app.waiters.waitFor(id, rev, 30_000, gone.signal));
    await settle();
    gone.abort();
    await settle();
    expect(answer).to.deep.equal({ isIn: true, status: 'pending' });
    const already = watchAnswer(app.waiters.waitFor(id, rev, 30_000, AbortSignal.abort()));
    await settle();
    expect(already.isIn).to.equal(true);
    expect(app.clock.timers(), 'only the tick').to.equal(1);
  });

  it('gets what is known when the hub stops, and whoever comes after does not wait', async () => {
    const { id, rev } = await create();
    const answers = [1, 2, 3].map(() => watchAnswer(app.waiters.waitFor(id, rev, 30_000)));
    await settle();
    app.waiters.stop();
    await settle();
    for (const answer of answers) expect(answer).to.deep.equal({ isIn: true, status: 'pending' });
    const late = watchAnswer(app.waiters.waitFor(id, rev, 30_000));
    await settle();
    expect(late.isIn).to.equal(true);
    expect(app.clock.timers()).to.equal(0);
  });

  it('that watches hears every snapshot until it stops, and one bad listener hurts nobody', async () => {
    const { id } = await create();
    const heard: number[] = [];
    app.waiters.watch(id, () => {
      throw new Error('a bad listener');
    });
    const unwatch = app.waiters.watch(id, ({ verification }) => void heard.push(verification.rev));
    await app.pass(3_000);
    await settle();
    expect(heard).to.include(2);
    unwatch();
    unwatch();
    const count = heard.length;
    await cancel(id);
    await pass(5_000);
    expect(heard).to.have.length(count);
  });

  it('goes on hearing when others who watch the same leave, however often they say so', async () => {
    const { id, rev } = await create();
    const leave = app.waiters.watch(id, () => undefined);
    leave();
    const answer = watchAnswer(app.waiters.waitFor(id, rev, 30_000));
    const leaveToo = app.waiters.watch(id, () => undefined);
    await settle();
    leave();
    leaveToo();
    leaveToo();
    await cancel(id, elsewhere);
    await pass(5_000);
    expect(answer).to.deep.equal({ isIn: true, status: 'canceled' });
  });

  it('is re-read again after the store was away', async () => {
    const { id, rev } = await create();
    const answer = watchAnswer(app.waiters.waitFor(id, rev, 30_000));
    await settle();
    await cancel(id, elsewhere);
    failing.failAt(1, 'before', ['read']);
    await pass(5_000);
    expect(failing.heal(), 'a re-read failed').to.equal(true);
    await pass(5_000);
    expect(answer.status).to.equal('canceled');
  });

  describe('among many', () => {
    /** Ids that are watched and not there: each re-read is one read of the store. */
    const crowd = (size: number) =>
      Array.from({ length: size }, (_, n) => app.waiters.watch(`ver_${n}`, () => undefined));

    it('is told within 5 s although it came last', async () => {
      const { id, rev } = await create();
      crowd(400);
      // In the middle of a round, and after it has begun.
      await pass(1_250);
      const answer = watchAnswer(app.waiters.waitFor(id, rev, 30_000));
      await settle();
      await cancel(id, elsewhere);
      await pass(5_000);
      expect(answer).to.deep.equal({ isIn: true, status: 'canceled' });
    });

    it('is told within 5 s although the others have just left', async () => {
      const { id, rev } = await create();
      const others = crowd(400);
      const answer = watchAnswer(app.waiters.waitFor(id, rev, 30_000));
      await pass(250);
      for (const unwatch of others) unwatch();
      await cancel(id, elsewhere);
      await pass(5_000);
      expect(answer).to.deep.equal({ isIn: true, status: 'canceled' });
    });

    it('costs the store an even pace: no tick re-reads more than its share', async () => {
      crowd(400);
      const { read } = app.store;
      let reads = 0;
      app.store.read = async (refs) => {
        reads += 1;
        return read(refs);
      };
      const shares: number[] = [];
      for (let tick = 0; tick < 40; tick += 1) {
        reads = 0;
        await pass(250);
        shares.push(reads);
      }
      expect(Math.max(...shares)).to.be.at.most(30);
      expect(shares.reduce((sum, share) => sum + share)).to.be.at.least(800);
    });
  });
});
