// What happens as time passes: a request runs out, and a message may be sent again only after a pause.
import { expect } from 'chai';
import { createShiftedClock, type ShiftedClock } from '../support/shifted-clock.ts';
import { openDemoHouse, type DemoHouse } from '../support/demo-visit.ts';

describe('signing in as time passes', function () {
  this.timeout(30_000);
  let house: DemoHouse;
  let clock: ShiftedClock;

  beforeEach(async () => {
    clock = createShiftedClock();
    house = await openDemoHouse({}, { clock });
  });

  afterEach(async () => {
    await house[Symbol.asyncDispose]();
    expect(house.troubles).to.deep.equal([]);
  });

  it('expired: the page says so, and the phone takes the request down', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.phoneSays('Sign in to Dune Bank');
    clock.shift(301_000);
    await visit.bankSays('Time ran out');
    await visit.phoneSays('Time ran out');
    await visit.bank.getByRole('button', { name: 'Try again' }).click();
    await visit.bankSays('Good to see you.');
  });

  it('resend: the same code again, after the pause', async () => {
    await using visit = await house.visit({ user: { delivery: 'sms' } });
    await visit.bank.clock.install();
    await visit.signIn();
    await visit.bankSays('Type the code we sent you');
    const code = await visit.smsCode();
    const again = visit.bank.getByRole('button', { name: /^Send again · \d+ s$/ });
    expect(await again.isDisabled()).to.equal(true);
    clock.shift(31_000);
    await visit.bank.clock.fastForward(31_000);
    await visit.bank.getByRole('button', { name: 'Send again', exact: true }).click();
    await visit.bank.getByRole('button', { name: /^Send again · 60 s|5\d s$/ }).waitFor();
    const texts = house.hub.outbox?.messages().filter(({ kind }) => kind === 'sms');
    expect(texts?.reduce((sum, { copies }) => sum + copies, 0)).to.equal(2);
    expect(await visit.smsCode()).to.equal(code);
    await visit.bank.getByLabel('Code from the text message').fill(code);
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('straight to SMS, without waiting for the phone', async () => {
    await using visit = await house.visit();
    await visit.bank.clock.install();
    await visit.signIn();
    await visit.phoneSays('Sign in to Dune Bank');
    clock.shift(31_000);
    await visit.bank.clock.fastForward(31_000);
    await visit.bank.getByRole('button', { name: 'Text me a code', exact: true }).click();
    await visit.bankSays('Approve on your phone, or type the code');
    await visit.bank.getByLabel('Code from the text message').fill(await visit.smsCode());
    await visit.bankSays(`Hello, ${visit.userId}`);
  });
});
