// The second time around: a request while the last one's result is still shown, and messages of what has ended.
import { expect } from 'chai';
import { openDemoHouse, type DemoHouse, type DemoVisit } from '../support/demo-visit.ts';

describe('one request after another', function () {
  this.timeout(30_000);
  let house: DemoHouse;

  before(async () => {
    house = await openDemoHouse();
  });

  afterEach(() => expect(house.troubles.splice(0)).to.deep.equal([]));
  after(() => house[Symbol.asyncDispose]());

  it('a new request shows at once, over the result of the one before', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.phone.getByRole('button', { name: 'Deny' }).click();
    await visit.phoneSays('Denied');
    await visit.bank.getByRole('button', { name: 'Try again' }).click();
    await visit.signIn();
    await visit.phoneSays('Sign in to Dune Bank');
    await visit.approve(await visit.number());
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('a request that waited behind another is one button away from the result', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.phoneSays('Sign in to Dune Bank');
    const body = { userId: visit.userId, action: 'Change your address', matching: { mode: 'none' } };
    await house.hub.call('POST', '/v1/verifications', { body });
    await visit.phone.getByText('One more request waits after this one.').waitFor();
    await visit.approve(await visit.number());
    await visit.phoneSays('Approved');
    await visit.phone.getByRole('button', { name: 'Next request' }).click();
    await visit.phoneSays('Change your address');
  });

  it('a payment says that it was made, and the balance goes down', async () => {
    await using visit = await house.visit();
    await signInWithPhone(visit);
    await visit.bank.getByText('8,214.50 EUR').waitFor();
    await visit.bank.getByRole('button', { name: 'Send 120.00 EUR to Mira Okafor' }).click();
    await visit.phoneSays('Send 120.00 EUR');
    await visit.approve(await visit.number());
    await visit.bankSays('Payment sent');
    await visit.bank.getByText(/^120\.00 EUR to Mira Okafor\. Approved on your phone, \d\d:\d\d$/).waitFor();
    await visit.bank.getByText('8,094.50 EUR').waitFor();
    await visit.bank.reload();
    await visit.bankSays(`Hello, ${visit.userId}`);
    await visit.bank.getByText('8,094.50 EUR').waitFor();
  });

  it('the push notification of a request that has ended leaves the locked phone', async () => {
    await using visit = await house.visit();
    await visit.phoneIs('App closed');
    await visit.signIn();
    const card = visit.phone.getByText('Tap to see who is asking.');
    await card.waitFor();
    await visit.bank.getByRole('button', { name: 'Cancel' }).click();
    await visit.bankSays('Canceled');
    await card.waitFor({ state: 'detached' });
  });

  it('a text message does not cover the result of its own request', async () => {
    await using visit = await house.visit({ user: { delivery: 'push_and_sms' } });
    await visit.signIn();
    const text = visit.phone.getByText('Text message', { exact: true });
    await text.waitFor();
    await visit.approve(await visit.number());
    await visit.phoneSays('Approved');
    expect(await text.count()).to.equal(0);
  });
});

async function signInWithPhone(visit: DemoVisit): Promise<void> {
  await visit.signIn();
  await visit.approve(await visit.number());
  await visit.bankSays(`Hello, ${visit.userId}`);
}
