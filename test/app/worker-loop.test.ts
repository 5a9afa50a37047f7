// The loop behind every worker: on time, sooner when hinted, at a steady pace in any case, and finished when drained.
import { expect } from 'chai';
import { createSweeper } from '../../server/app/sweeper.ts';
import { createWorkerLoop } from '../../server/app/worker-loop.ts';
import { createLocalBus } from '../../server/realtime/local-bus.ts';
import { createTestApp } from '../support/app.ts';
import { createFakeClock } from '../support/clock.ts';
import { createRecordingLogger, createRecordingMetrics } from '../support/recorders.ts';
import { settle } from '../support/settle.ts';

type Task = () => Promise<void>;

function createBench(slots = 4) {
  const clock = createFakeClock();
  const { logger, lines } = createRecordingLogger();
  const { metrics, measured } = createRecordingMetrics();
  const bus = createLocalBus(logger);
  const bench = {
    clock,
    bus,
    lines,
    measured,
    waiting: [] as Task[],
    claims: 0,
    limits: [] as number[],
    /** Milliseconds until there is something to do. */
    next: undefined as number | undefined,
    beforeClaim: async (): Promise<void> => undefined,
    beforeNext: async (): Promise<void> => undefined,
  };
  const worker = createWorkerLoop(
    { bus, clock, logger, metrics },
    {
      name: 'test',
      slots,
      claim: async (limit) => {
        bench.claims += 1;
        bench.limits.push(limit);
        await bench.beforeClaim();
        return bench.waiting.splice(0, limit);
      },
      nextAt: async () => {
        const now = clock.now();
        const at = bench.next === undefined ? undefined : now + bench.next;
        await bench.beforeNext();
        return { now, at };
      },
    },
  );
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 1) {
      clock.advance(1);
      await settle(2);
    }
  };
  const start = async (): Promise<void> => {
    worker.start();
    clock.advance(0);
    await settle();
  };
  return Object.assign(bench, { worker, pass, start });
}

/** A task that ends when the test says so. */
function hanging() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const state = { begun: false };
  const task: Task = () => {
    state.begun = true;
    return promise;
  };
  return { task, state, end: resolve, fail: reject };
}

const hint = { type: 'work' } as const;

describe('a worker loop', () => {
  it('does not look before it is started', async () => {
    const { clock, bus, ...bench } = createBench();
    bus.publish(hint);
    clock.advance(10_000);
    await settle();
    expect(bench.claims).to.equal(0);
  });

  it('looks at once, then when the store says, and every 500 ms in any case', async () => {
    const bench = createBench();
    await bench.start();
    expect(bench.claims).to.equal(1);
    await bench.pass(499);
    expect(bench.claims).to.equal(1);
    bench.next = 120;
    await bench.pass(1);
    expect(bench.claims).to.equal(2);
    await bench.pass(119);
    expect(bench.claims).to.equal(2);
    await bench.pass(1);
    expect(bench.claims).to.equal(3);
    await bench.worker.drain();
  });

  it('does not spin on what is due but in other hands', async () => {
    const bench = createBench();
    bench.next = -5_000;
    await bench.start();
    await bench.pass(100);
    expect(bench.claims).to.be.within(5, 11);
    await bench.worker.drain();
  });

  it('does not spin on what is due while it has no slot for it', async () => {
    const bench = createBench(1);
    const task = hanging();
    bench.waiting.push(task.task);
    bench.next = -5_000;
    let looks = 0;
    bench.beforeNext = async () => void (looks += 1);
    await bench.start();
    await bench.pass(499);
    expect(looks).to.equal(1);
    task.end();
    await settle();
    await bench.pass(1);
    expect(looks).to.equal(2);
    await bench.worker.drain();
  });

  it('looks sooner when hinted, and for no other hint', async () => {
    const bench = createBench();
    await bench.start();
    bench.bus.publish({ type: 'device-revoked', deviceId: 'd', applicationId: 'a', userId: 'u' });
    await bench.pass(5);
    expect(bench.claims).to.equal(1);
    bench.bus.publish(hint);
    await bench.pass(1);
    expect(bench.claims).to.equal(2);
    await bench.worker.drain();
  });

  for (const moment of ['beforeClaim', 'beforeNext'] as const) {
    it(`misses no hint that comes while it looks: ${moment}`, async () => {
      const bench = createBench();
      bench[moment] = async () => {
        bench[moment] = async () => undefined;
        await settle(2);
        bench.bus.publish(hint);
      };
      await bench.start();
      await bench.pass(2);
      expect(bench.claims).to.equal(2);
      await bench.worker.drain();
    });
  }

  it('takes no more than it has slots for, and looks again as soon as one is free', async () => {
    const bench = createBench(2);
    const tasks = [hanging(), hanging(), hanging()];
    bench.waiting.push(...tasks.map(({ task }) => task));
    await bench.start();
    expect(tasks.map(({ state }) => state.begun)).to.deep.equal([true, true, false]);
    await bench.pass(600);
    expect(tasks[2]?.state.begun).to.equal(false);
    tasks[0]?.end();
    await settle();
    await bench.pass(1);
    expect(tasks[2]?.state.begun).to.equal(true);
    expect(bench.limits).to.deep.equal([2, 1, ...bench.limits.slice(2)]);
    for (const { end } of tasks) end();
    await bench.worker.drain();
  });

  it('goes on with the others when one fails, and says so', async () => {
    const bench = createBench();
    const good = hanging();
    bench.waiting.push(async () => {
      throw new Error('broken');
    }, good.task);
    await bench.start();
    good.end();
    expect(good.state.begun).to.equal(true);
    expect(bench.measured).to.deep.equal([{ name: 'workerFailed', values: ['test'] }]);
    expect(bench.lines[0]).to.include({ level: 'error' });
    await bench.worker.drain();
  });

  it('tries again 250 ms after it could not look, for as long as that takes', async () => {
    const bench = createBench();
    bench.beforeClaim = async () => {
      throw new Error('the store is away');
    };
    await bench.start();
    await bench.pass(1_000);
    expect(bench.claims).to.equal(5);
    bench.beforeClaim = async () => undefined;
    const task = hanging();
    bench.waiting.push(task.task);
    await bench.pass(250);
    expect(task.state.begun).to.equal(true);
    task.end();
    await bench.worker.drain();
  });

  describe('that is drained', () => {
    it('finishes what is in hand, and takes nothing new', async () => {
      const bench = createBench();
      const inHand = hanging();
      bench.waiting.push(inHand.task);
      await bench.start();
      let isDrained = false;
      const draining = bench.worker.drain().then(() => {
        isDrained = true;
      });
      await settle();
      expect(isDrained).to.equal(false);
      bench.waiting.push(hanging().task);
      bench.bus.publish(hint);
      await bench.pass(2_000);
      inHand.end();
      await draining;
      expect(bench.waiting).to.have.length(1);
      expect(bench.clock.timers()).to.equal(0);
    });

    it('while it claims, finishes what it claimed too', async () => {
      const bench = createBench();
      const claiming = Promise.withResolvers<void>();
      bench.beforeClaim = () => claiming.promise;
      const claimed = hanging();
      bench.waiting.push(claimed.task);
      await bench.start();
      let isDrained = false;
      const draining = bench.worker.drain().then(() => {
        isDrained = true;
      });
      await settle();
      expect(isDrained, 'the claim is on its way').to.equal(false);
      claiming.resolve();
      await settle();
      expect(claimed.state.begun).to.equal(true);
      expect(isDrained).to.equal(false);
      claimed.end();
      await draining;
      expect(bench.clock.timers()).to.equal(0);
    });

    it('before it was started, or twice, is no trouble', async () => {
      const bench = createBench();
      await bench.worker.drain();
      await bench.start();
      await Promise.all([bench.worker.drain(), bench.worker.drain()]);
    });
  });

  it('run once does all there is, also what comes up meanwhile, and counts it', async () => {
    const bench = createBench(2);
    bench.waiting.push(
      ...[1, 2, 3].map((): Task => async () => undefined),
      async () => void bench.waiting.push(async () => undefined),
    );
    expect(await bench.worker.runOnce()).to.equal(5);
    expect(await bench.worker.runOnce()).to.equal(0);
  });
});

describe('the workers of an app, started', () => {
  it('carry a verification through its life on timers and hints alone', async () => {
    await using app = await createTestApp();
    await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678' });
    const { escalation, push, sms } = app.workers;
    for (const worker of [escalation, push, sms]) worker.start();
    const { verification } = await app.verifications.create(app.application, {
      userId: 'alice',
      action: 'Sign in',
      lifetimeSeconds: 30,
    });
    for (let ms = 0; ms < 31_000; ms += 100) {
      app.clock.advance(100);
      await settle(4);
    }
    expect(app.outbox.messages()).to.have.length(1);
    const { records } = await app.store.read([{ kind: 'verification', id: verification.id }]);
    expect(records[0]?.status).to.equal('expired');
    await Promise.all([escalation, push, sms].map((worker) => worker.drain()));
    expect(app.clock.timers()).to.equal(0);
  });
});

describe('the sweeper', () => {
  const bench = (sweeps: (number | Error)[]) => {
    const clock = createFakeClock();
    const { logger, lines } = createRecordingLogger();
    const { metrics, measured } = createRecordingMetrics();
    let calls = 0;
    const sweep = async (): Promise<number> => {
      calls += 1;
      const swept = sweeps.shift() ?? 0;
      if (swept instanceof Error) throw swept;
      return swept;
    };
    const sweeper = createSweeper({ clock, logger, metrics, store: { sweep } });
    return { clock, lines, measured, calls: () => calls, sweeper };
  };

  it('run once forgets all that is past its time, batch by batch', async () => {
    const { sweeper, calls } = bench([200, 200, 7]);
    expect(await sweeper.runOnce()).to.equal(407);
    expect(calls()).to.equal(4);
  });

  it('comes by once a minute, also after a failure', async () => {
    const { sweeper, clock, calls, lines, measured } = bench([new Error('the store is away'), 3]);
    sweeper.start();
    clock.advance(59_999);
    await settle();
    expect(calls()).to.equal(0);
    clock.advance(1);
    await settle();
    expect(measured).to.deep.equal([{ name: 'workerFailed', values: ['sweeper'] }]);
    expect(lines[0]).to.include({ level: 'warn' });
    clock.advance(60_000);
    await settle();
    expect(calls()).to.equal(3);
    await sweeper.drain();
    expect(clock.timers()).to.equal(0);
    clock.advance(600_000);
    await settle();
    expect(calls()).to.equal(3);
  });

  it('drained in the middle stops after the batch in hand', async () => {
    const { sweeper, clock, calls } = bench(Array.from({ length: 50 }, () => 200));
    sweeper.start();
    clock.advance(60_000);
    await sweeper.drain();
    await settle();
    expect(calls()).to.equal(1);
    expect(clock.timers()).to.equal(0);
  });

  it('forgets an ended verification with its timeline after its retention, and never a pending one', async () => {
    await using app = await createTestApp();
    const { verification } = await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' });
    expect(verification.status).to.equal('undeliverable');
    app.clock.advance(7 * 86_400_000 - 1);
    await app.workers.sweeper.runOnce();
    expect((await app.verifications.load(verification.id))?.verification.status).to.equal('undeliverable');
    app.clock.advance(1);
    expect(await app.workers.sweeper.runOnce()).to.be.greaterThan(0);
    expect(await app.verifications.load(verification.id)).to.equal(undefined);
    expect((await app.store.timeline(verification.id)).entries).to.deep.equal([]);
  });
});
