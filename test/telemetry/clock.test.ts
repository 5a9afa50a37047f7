// The machine's clock, and the fake one that tests use in its place.
import { expect } from 'chai';
import { createSystemClock } from '../../server/telemetry/clock.ts';
import { createFakeClock } from '../support/clock.ts';

describe('the system clock', () => {
  it('tells the time of the machine, and a time that only rises', () => {
    const clock = createSystemClock();
    const before = Date.now();
    const [now, one, two] = [clock.now(), clock.monotonic(), clock.monotonic()];
    expect(now).to.be.within(before, Date.now());
    expect(two).to.be.at.least(one);
  });

  it('calls back once, and not when canceled', async () => {
    const clock = createSystemClock();
    const calls: string[] = [];
    clock.after(0, () => calls.push('canceled'))();
    // Timers of a mocha run are kept alive by mocha's own time-out.
    await new Promise<void>((resolve) => {
      clock.after(-5, () => calls.push('past'));
      clock.after(1, () => {
        calls.push('once');
        resolve();
      });
    });
    expect(calls).to.deep.equal(['past', 'once']);
  });

  it('does not take a delay beyond 24 days for none', async () => {
    const clock = createSystemClock();
    let early = false;
    const cancel = clock.after(2 ** 40, () => {
      early = true;
    });
    // Node would fire such a timer after a millisecond: before this one.
    await new Promise<void>((resolve) => {
      clock.after(3, resolve);
    });
    cancel();
    expect(early).to.equal(false);
  });

  it('keeps no process alive', () => {
    const before = process.getActiveResourcesInfo().length;
    const cancel = createSystemClock().after(60_000, () => {});
    expect(process.getActiveResourcesInfo()).to.have.length(before);
    cancel();
  });
});

describe('the fake clock', () => {
  it('stands still until it is moved', () => {
    const clock = createFakeClock(1000);
    const calls: [string, number][] = [];
    clock.after(20, () => calls.push(['b', clock.now()]));
    clock.after(10, () => {
      calls.push(['a', clock.now()]);
      clock.after(5, () => calls.push(['nested', clock.now()]));
    });
    clock.after(15, () => calls.push(['canceled', clock.now()]))();
    clock.advance(9);
    expect(calls).to.deep.equal([]);
    clock.advance(91);
    expect(calls).to.deep.equal([
      ['a', 1010],
      ['nested', 1015],
      ['b', 1020],
    ]);
    expect([clock.now(), clock.monotonic(), clock.timers()]).to.deep.equal([1100, 100, 0]);
  });
});
