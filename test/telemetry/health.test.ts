// Health: alive while the loop turns, ready while the store answers, and probes that hammer nothing.
import { expect } from 'chai';
import { createHealth, type HealthDeps } from '../../server/telemetry/health.ts';
import { createFakeClock } from '../support/clock.ts';

function setUp(check: () => Promise<unknown> = async () => ({ now: 0 })) {
  const clock = createFakeClock();
  let checks = 0;
  const store: HealthDeps['store'] = {
    check: () => {
      checks += 1;
      return check();
    },
  };
  return { clock, health: createHealth({ clock, store }), checks: () => checks };
}

describe('readiness', () => {
  it('asks the store at most once a second, however many ask', async () => {
    const { clock, health, checks } = setUp();
    const answers = await Promise.all(Array.from({ length: 50 }, () => health.ready()));
    expect(answers.every(({ ok }) => ok)).to.equal(true);
    clock.advance(999);
    await health.ready();
    expect(checks()).to.equal(1);
    clock.advance(1);
    await health.ready();
    expect(checks()).to.equal(2);
    expect(clock.timers(), 'time-outs left behind besides the beat').to.equal(1);
  });

  it('is red while the store fails, and green again after', async () => {
    let up = false;
    const { clock, health } = setUp(() => (up ? Promise.resolve() : Promise.reject(new Error('down'))));
    expect(await health.ready()).to.deep.equal({ ok: false, because: 'store' });
    expect(health.live().ok, 'alive all the same').to.equal(true);
    up = true;
    clock.advance(1000);
    expect(await health.ready()).to.deep.equal({ ok: true });
  });

  it('is red when the store throws at once', async () => {
    const { health } = setUp(() => {
      throw new Error('closed');
    });
    expect(await health.ready()).to.deep.equal({ ok: false, because: 'store' });
  });

  it('is red when the store does not answer within a second', async () => {
    const { clock, health } = setUp(() => new Promise(() => {}));
    const answer = health.ready();
    clock.advance(1000);
    expect(await answer).to.deep.equal({ ok: false, because: 'store' });
  });

  it('is red at once when draining, even while the store is being asked', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { health, checks } = setUp(() => promise);
    const asked = health.ready();
    health.drain();
    expect(await health.ready()).to.deep.equal({ ok: false, because: 'draining' });
    resolve();
    expect(await asked).to.deep.equal({ ok: false, because: 'draining' });
    expect(checks()).to.equal(1);
  });
});

/** Time passes and no timer has its turn, as when the loop is held up. */
function createStallableClock() {
  const clock = createFakeClock();
  let stalled = 0;
  return {
    ...clock,
    monotonic: () => clock.monotonic() + stalled,
    stall(ms: number) {
      stalled += ms;
    },
  };
}

describe('the loop', () => {
  it('that is held up for a second makes the node not ready, and for ten not alive', async () => {
    const clock = createStallableClock();
    const health = createHealth({ clock, store: { check: async () => {} } });
    clock.advance(5000);
    expect(health.live()).to.deep.equal({ ok: true, lagMs: 0 });
    clock.stall(1700);
    expect(await health.ready()).to.deep.equal({ ok: false, because: 'busy' });
    expect(health.live().ok).to.equal(true);
    clock.stall(10_000);
    expect(health.live().ok).to.equal(false);
    clock.advance(500);
    expect(health.live().ok, 'the late beat is remembered').to.equal(false);
    clock.advance(500);
    expect(health.live()).to.deep.equal({ ok: true, lagMs: 0 });
    expect(await health.ready()).to.deep.equal({ ok: true });
  });

  it('is watched until closed', () => {
    const { clock, health } = setUp();
    clock.advance(10_000);
    expect(clock.timers()).to.equal(1);
    health.close();
    expect(clock.timers()).to.equal(0);
  });
});
