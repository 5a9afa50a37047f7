// Coming back: pages that are loaded again in the middle, and a browser that is trusted.
import { expect } from 'chai';
import { openDemoHouse, type DemoHouse } from '../support/demo-visit.ts';

describe('coming back', function () {
  this.timeout(30_000);
  let house: DemoHouse;

  before(async () => {
    house = await openDemoHouse();
  });

  afterEach(() => expect(house.troubles.splice(0)).to.deep.equal([]));
  after(() => house[Symbol.asyncDispose]());

  it('the bank page, loaded again while it waits, goes on waiting', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    const number = await visit.number();
    await visit.bank.reload();
    await visit.bankSays('Verification request sent to your phone');
    expect(await visit.number()).to.equal(number);
    await visit.approve(number);
    await visit.bankSays(`Hello, ${visit.userId}`);
    await visit.bank.reload();
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('the bank page, loaded again after the phone has answered, still gets the answer', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    const number = await visit.number();
    await visit.bank.goto('about:blank');
    await visit.approve(number);
    await visit.phoneSays('Approved');
    await visit.bank.goto(`${house.hub.origin}/demo/bank`);
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('the phone, loaded again while it shows a request, shows it again', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.phoneSays('Sign in to Dune Bank');
    await visit.phone.reload();
    await visit.phoneSays('Sign in to Dune Bank');
    await visit.approve(await visit.number());
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('a trusted browser skips the phone, but not for a payment; the phone can end that', async () => {
    await using visit = await house.visit();
    const { bank, phone } = visit;
    await visit.signIn();
    await visit.approve(await visit.number());
    await bank.getByLabel('Trust this browser').check();
    await bank.getByText(/No phone needed here until/).waitFor();
    await bank.getByRole('button', { name: 'Sign out' }).click();
    await bank.getByRole('button', { name: 'Sign in' }).click();
    await bank.getByText('Signed in without your phone').waitFor();

    await bank.getByRole('button', { name: 'Send 120.00 EUR to Mira Okafor' }).click();
    await visit.bankSays('Verification request sent to your phone');
    await visit.phoneSays('Send 120.00 EUR');
    expect(await phone.locator('dl').textContent())
      .to.include('Mira Okafor')
      .and.include('120.00 EUR');
    await visit.approve(await visit.number());
    await bank.getByText('−120.00 EUR').waitFor();

    await phone.getByRole('button', { name: 'Done' }).click();
    await phone.getByRole('button', { name: 'Settings' }).click();
    await phone.getByRole('button', { name: 'Revoke' }).click();
    await phone.getByText('None. Each sign-in asks this phone.').waitFor();
    await bank.getByRole('button', { name: 'Sign out' }).click();
    await visit.signIn();
    await visit.bankSays('Verification request sent to your phone');
  });

  it('a phone that is removed needs a new set-up code', async () => {
    await using visit = await house.visit();
    await visit.phone.getByRole('button', { name: 'Settings' }).click();
    await visit.phone.getByRole('button', { name: 'Remove this phone' }).click();
    await visit.phone.getByRole('button', { name: 'Remove it' }).click();
    await visit.phoneSays('Set up this phone');
    const { body } = await house.hub.call('GET', `/v1/users/${visit.userId}/devices`);
    expect(body['devices']).to.deep.equal([]);
  });

  it('a phone that is taken out of the account learns so at once', async () => {
    await using visit = await house.visit();
    const { body } = await house.hub.call('GET', `/v1/users/${visit.userId}/devices`);
    const [device] = body['devices'] as { id: string }[];
    await house.hub.call('DELETE', `/v1/users/${visit.userId}/devices/${device!.id}`);
    await visit.phoneSays('Set up this phone');
    await visit.phone.getByText('This device is no longer enrolled').waitFor();
  });

  it('the installed app opens while the hub is away', async () => {
    await using visit = await house.visit({ windows: { serviceWorkers: 'allow' } });
    const { phone } = visit;
    await phone.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    // The worker keeps what it hands out, and it hands out from the next load on.
    await phone.reload();
    await phone.getByText('Ready', { exact: true }).waitFor();
    await house.hub.close();
    await phone.reload();
    await visit.phoneSays('Authenticator');
    await phone.getByText('Reconnecting…').waitFor();
  });
});
