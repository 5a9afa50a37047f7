// The worker that knocks when it is time: steps, checks and deadlines, also after a crash, a lost lease or a poisoned one.
import { expect } from 'chai';
import { join } from 'node:path';
import { createEscalationWorker } from '../../server/app/escalation-worker.ts';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import { createTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { enrollPhone, type AppPhone } from '../support/app-phone.ts';
import { createFailingStore } from '../support/failing-store.ts';
import { delivery } from '../support/delivery.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { settle } from '../support/settle.ts';

const phoneNumber = '+31612345678';

async function make(app: TestApp, over: Partial<CreateRequest> = {}) {
  return (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over }))
    .verification;
}

async function stored(app: TestApp, { id }: { id: string }) {
  const { records } = await app.store.read([{ kind: 'verification', id }]);
  const [verification] = records;
  if (verification === undefined) throw new Error('it is gone');
  return verification;
}

describe('the escalation worker', () => {
  let app: TestApp;
  let phone: AppPhone;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ wrapStore: failing.wrap });
    phone = await enrollPhone(app);
    await app.users.put(app.application, 'alice', { phoneNumber });
  });
  afterEach(() => app.kill());
  const only = () => app.workers.escalation.runOnce();

  it('starts each step in its time, and not a millisecond early (S10)', async () => {
    const verification = await make(app);
    const seen: [number, Record<string, string>][] = [];
    let last = '';
    for (const ms of [0, 2_999, 1, 9_999, 1, 286_999, 1]) {
      await app.pass(ms);
      const now = delivery(await stored(app, verification));
      const text = JSON.stringify(now);
      if (text !== last) seen.push([app.clock.now() - verification.createdAt, now]);
      last = text;
    }
    expect(seen).to.deep.equal([
      [0, { socket: 'pending', push: 'waiting', sms: 'waiting' }],
      [3_000, { socket: 'failed: no-acknowledgement', push: 'accepted', sms: 'waiting' }],
      [13_000, { socket: 'failed: no-acknowledgement', push: 'accepted', sms: 'accepted' }],
    ]);
    expect((await stored(app, verification)).status).to.equal('expired');
  });

  it('measures how late it was', async () => {
    await make(app);
    app.clock.advance(3_250);
    await only();
    expect(app.measured.filter(({ name }) => name === 'dueLate').map(({ values }) => values)).to.deep.equal([[250]]);
  });

  it('goes on after ANSWER_WAIT when the device that acknowledged has gone', async () => {
    const verification = await make(app);
    await app.verifications.acknowledge(phone.device, verification.id, 'socket');
    await app.pass(60_000);
    expect(delivery(await stored(app, verification))).to.include({ push: 'waiting' });
    app.presence.online.clear();
    await app.pass(59_999);
    expect(delivery(await stored(app, verification))).to.include({ push: 'waiting' });
    await app.pass(1);
    expect(delivery(await stored(app, verification))).to.include({
      socket: 'acknowledged',
      push: 'accepted',
      sms: 'waiting',
    });
    await app.pass(10_000);
    expect(delivery(await stored(app, verification))).to.include({ sms: 'accepted' });
  });

  it('takes nobody for connected when presence cannot be asked', async () => {
    const verification = await make(app);
    app.presence.fail = true;
    await app.pass(3_000);
    expect(delivery(await stored(app, verification))).to.include({ push: 'accepted' });
    await app.pass(10_000);
    expect(delivery(await stored(app, verification))).to.include({ sms: 'accepted' });
  });

  it('works for a thousand at once', async () => {
    const made = await Promise.all(Array.from({ length: 1_000 }, () => make(app, { steps: ['socket', 'sms'] })));
    app.clock.advance(3_000);
    expect(await only()).to.equal(1_000);
    for (const verification of made) expect((await stored(app, verification)).rev).to.equal(2);
  });

  it('ends an expired one only, never knocks at it again', async () => {
    const verification = await make(app);
    app.clock.advance(300_000);
    expect(await only()).to.equal(1);
    expect(await only()).to.equal(0);
    expect((await app.store.nextWake()).dueAt).to.equal(undefined);
    expect((await stored(app, verification)).rev).to.equal(2);
  });

  describe('when one verification fails again and again (L8)', () => {
    /** Makes the devices of one user unreadable, or all about the user: the worker cannot say whom it reaches. */
    const poison = (userId: string, how: 'devices' | 'all') => {
      const { list, read } = app.store;
      app.store.list = async (query) => {
        if ('userId' in query && query.userId === userId) throw new TypeError('poison');
        return list(query);
      };
      app.store.read = async (refs) => {
        if (how === 'all' && refs.some(({ kind }) => kind === 'user')) throw new TypeError('poison');
        return read(refs);
      };
    };
    const tryFourTimes = async (untouched: { id: string }) => {
      for (let tries = 1; tries <= 4; tries += 1) {
        const before = await stored(app, untouched);
        await only();
        if (tries <= 3) expect(await stored(app, untouched), `try ${tries}`).to.deep.equal(before);
        app.clock.advance(2_001);
      }
    };

    it('the others go on', async () => {
      const bob = await enrollPhone(app, 'bob');
      expect(bob.device.userId).to.equal('bob');
      const [poisoned, healthy] = [await make(app), await make(app, { userId: 'bob' })];
      poison('alice', 'devices');
      app.clock.advance(3_000);
      await only();
      expect(delivery(await stored(app, healthy))).to.include({ push: 'pending' });
      expect(await stored(app, poisoned)).to.deep.equal(poisoned);
      expect(app.measured.filter(({ name }) => name === 'workerFailed')).to.have.length(1);
    });

    it('after three tries the step is passed over to the next', async () => {
      const verification = await make(app);
      poison('alice', 'devices');
      app.clock.advance(3_000);
      await tryFourTimes(verification);
      expect(delivery(await stored(app, verification))).to.deep.equal({
        socket: 'failed: no-acknowledgement',
        push: 'skipped: provider-error',
        sms: 'pending',
      });
    });

    it('all steps are given up when nothing helps; devices may still fetch it, and the deadline ends it', async () => {
      const verification = await make(app);
      poison('alice', 'all');
      app.clock.advance(3_000);
      await tryFourTimes(verification);
      expect(delivery(await stored(app, verification))).to.deep.equal({
        socket: 'failed: no-acknowledgement',
        push: 'skipped: provider-error',
        sms: 'skipped: provider-error',
      });
      expect((await stored(app, verification)).status).to.equal('pending');
      app.clock.advance(300_000);
      await only();
      expect((await stored(app, verification)).status).to.equal('expired');
    });

    it('a store that is away costs no step', async () => {
      const verification = await make(app);
      app.clock.advance(3_000);
      for (let tries = 0; tries < 6; tries += 1) {
        failing.failAt(1, 'before', ['list']);
        await only();
        expect(failing.heal()).to.equal(true);
        app.clock.advance(2_001);
      }
      await only();
      expect(delivery(await stored(app, verification))).to.include({ push: 'pending', sms: 'waiting' });
    });
  });

  describe('that was away longer than its lease', () => {
    it('changes nothing when it wakes: another has taken over (S12)', async () => {
      const verification = await make(app);
      let wake: (() => void) | undefined;
      const asleep = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const slow = createEscalationWorker({
        ...app.context,
        presence: {
          connectedDevices: async () => {
            await asleep;
            return [];
          },
        },
      });
      app.clock.advance(3_000);
      const paused = slow.runOnce();
      await settle();
      app.clock.advance(2_001);
      await app.work();
      const taken = await stored(app, verification);
      expect(delivery(taken)).to.include({ push: 'accepted' });
      wake?.();
      await paused;
      expect(await stored(app, verification)).to.deep.equal(taken);
      expect(app.outbox.messages()).to.have.length(1);
    });

    it('is told that it was fenced when the other has only claimed', async () => {
      const verification = await make(app);
      app.clock.advance(3_000);
      const { list } = app.store;
      app.store.list = async (query) => {
        app.store.list = list;
        // While this one reads, its lease runs out and another claims.
        app.clock.advance(2_001);
        const { claims } = await app.store.claimDue({ limit: 9, leaseMs: 2_000 });
        expect(claims).to.have.length(1);
        return list(query);
      };
      await app.workers.escalation.runOnce();
      expect(await stored(app, verification)).to.deep.equal(verification);
      expect(app.measured.filter(({ name }) => name === 'commitConflict').map(({ values }) => values)).to.deep.equal([
        ['fenced'],
      ]);
    });
  });
});

describe('a hub that is killed and started again', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  let count = 0;
  const restartable = () => {
    const options: TestAppOptions = { file: join(folder.path, `${(count += 1)}.db`) };
    return {
      first: async () => createTestApp(options),
      again: async (app: TestApp) => {
        await app.kill();
        return createTestApp({ ...options, clock: app.clock });
      },
    };
  };

  it('starts overdue steps at once, expires what is past its deadline, and knows everybody', async () => {
    const { first, again } = restartable();
    let app = await first();
    const phone = await enrollPhone(app);
    await app.users.put(app.application, 'alice', { phoneNumber });
    const [long, short] = [await make(app), await make(app, { lifetimeSeconds: 30 })];
    app.clock.advance(40_000);
    app = await again(app);
    app.presence.online.add(phone.device.id);
    await app.work();
    expect((await stored(app, short)).status).to.equal('expired');
    expect(delivery(await stored(app, long))).to.include({ push: 'accepted' });
    const jws = phone.sign(long, 'approve', long.matching.number);
    const { verification } = await app.verifications.decide(phone.device, jws);
    expect(verification.status).to.equal('approved');
    expect(await app.applications.authenticate(app.apiKey)).to.deep.equal(app.application);
    await app.kill();
  });

  it('sends what it had taken but not noted once more, under the same id (S11)', async () => {
    const { first, again } = restartable();
    let app = await first();
    await app.users.put(app.application, 'alice', { phoneNumber });
    const verification = await make(app);
    const ids: string[] = [];
    app.outbox.subscribe(({ message }) => void ids.push(message.dedupeId));
    const { sms } = app.outbox;
    app.context.channels.sms = {
      ...sms,
      send: async (message, signal) => {
        const result = await sms.send(message, signal);
        // The process dies after the provider took it, and before that is noted.
        await app.kill();
        return result;
      },
    };
    await app.workers.sms.runOnce().catch(() => 0);
    const { clock } = app;
    app = await createTestApp({ file: join(folder.path, `${count}.db`), clock });
    app.outbox.subscribe(({ message }) => void ids.push(message.dedupeId));
    // The leases of the process before went with it.
    await app.work();
    expect(ids).to.deep.equal([ids[0], ids[0]]);
    expect(delivery(await stored(app, verification))).to.include({ sms: 'accepted' });
    app = await again(app);
    await app.pass(60_000);
    expect(app.outbox.messages()).to.deep.equal([]);
    await app.kill();
  });

  it('keeps its keys: tokens and codes of before are still good', async () => {
    const { first, again } = restartable();
    let app = await first();
    await app.users.put(app.application, 'alice', { phoneNumber });
    const created = await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' }, 'key');
    const { id, codeSalt } = created.verification;
    const code = app.context.secrets.smsCode(id, codeSalt);
    const jwks = app.context.tokens.jwks();
    app = await again(app);
    expect(app.context.tokens.jwks()).to.deep.equal(jwks);
    expect(await app.context.tokens.checkWaiter(created.waiterToken, app.clock.now())).to.equal(id);
    const replayed = await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' }, 'key');
    expect(replayed.verification).to.deep.equal(created.verification);
    const { verification } = await app.verifications.submitCode({ kind: 'browser', verificationId: id }, id, code);
    expect(verification.status).to.equal('approved');
    await app.kill();
  });

  it('is killed between any two writes of a life, and every verification still ends by its deadline', async function () {
    this.timeout(30_000);
    for (let call = 1, isReached = true; isReached; call += 1) {
      for (const when of ['before', 'after'] as const) {
        const failing = createFailingStore();
        const { first, again } = restartable();
        let app = await first();
        const phone = await enrollPhone(app);
        await app.users.put(app.application, 'alice', { phoneNumber });
        app.store.commit = failing.wrap({ ...app.store }).commit;
        failing.failAt(call, when, ['commit']);
        const verification = await make(app).catch(() => undefined);
        await app.pass(3_000).catch(() => undefined);
        await app.pass(10_000).catch(() => undefined);
        isReached = failing.heal();
        app = await again(app);
        app.presence.online.add(phone.device.id);
        await app.pass(300_000);
        const { records } = await app.store.list({
          kind: 'verification',
          applicationId: app.application.id,
          userId: 'alice',
        });
        expect(records, `killed ${when} commit ${call}`).to.deep.equal([]);
        if (verification !== undefined) expect((await stored(app, verification)).status).to.equal('expired');
        expect((await app.store.nextWake()).dueAt).to.equal(undefined);
        await app.kill();
      }
      expect(call).to.be.below(20);
    }
  });
});
