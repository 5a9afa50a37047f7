// The breaker opens after failures in a row, and lets one call through when it has cooled down.
import { expect } from 'chai';
import { createBreaker, type BreakerState } from '../../server/channels/breaker.ts';
import { createFakeClock } from '../support/clock.ts';

function setUp() {
  const clock = createFakeClock();
  const changes: BreakerState[] = [];
  const breaker = createBreaker(clock, { failures: 3, coolDownMs: 1000 }, (state) => changes.push(state));
  const call = (went: 'well' | 'badly') => breaker.enter()?.(went);
  return { clock, changes, breaker, call };
}

describe('a breaker', () => {
  it('opens at the third failure in a row, not before', () => {
    const { breaker, call } = setUp();
    for (const went of ['badly', 'badly', 'well', 'badly', 'badly'] as const) call(went);
    expect(breaker.state()).to.equal('closed');
    call('badly');
    expect(breaker.state()).to.equal('open');
    expect(breaker.enter()).to.equal(undefined);
    expect(breaker.ready()).to.equal(false);
  });

  it('lets one call through after the cool-down, and closes when it goes well', () => {
    const { clock, breaker, call, changes } = setUp();
    for (let n = 0; n < 3; n++) call('badly');
    clock.advance(999);
    expect(breaker.enter()).to.equal(undefined);
    clock.advance(1);
    expect(breaker.ready()).to.equal(true);
    const report = breaker.enter();
    expect(report).to.be.a('function');
    expect(breaker.enter(), 'a second one meanwhile').to.equal(undefined);
    report?.('well');
    expect(breaker.enter()).to.be.a('function');
    expect(changes).to.deep.equal(['open', 'half-open', 'closed']);
  });

  it('opens again at once when that call goes badly, for another cool-down', () => {
    const { clock, breaker, call, changes } = setUp();
    for (let n = 0; n < 3; n++) call('badly');
    clock.advance(1000);
    call('badly');
    expect(breaker.enter()).to.equal(undefined);
    clock.advance(1000);
    call('well');
    expect(changes).to.deep.equal(['open', 'half-open', 'open', 'half-open', 'closed']);
  });

  it('starts counting afresh once closed', () => {
    const { clock, breaker, call } = setUp();
    for (let n = 0; n < 3; n++) call('badly');
    clock.advance(1000);
    call('well');
    call('badly');
    call('badly');
    expect(breaker.state()).to.equal('closed');
  });

  it('does not listen to calls that began before it changed', () => {
    const { clock, breaker, call } = setUp();
    const old = [breaker.enter(), breaker.enter()];
    for (let n = 0; n < 3; n++) call('badly');
    old[0]?.('well');
    expect(breaker.state()).to.equal('open');
    clock.advance(1000);
    const probe = breaker.enter();
    old[1]?.('well');
    expect(breaker.state()).to.equal('half-open');
    probe?.('badly');
    expect(breaker.state()).to.equal('open');
  });
});
