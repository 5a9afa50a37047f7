// Every view of the demo, light and dark, on a small screen: readable, named, large enough to hit, nothing cut off.
import { expect } from 'chai';
import { openDemoHouse, type DemoHouse } from '../support/demo-visit.ts';
import { auditPage } from '../support/page-audit.ts';

describe('the demo for everybody', function () {
  this.timeout(30_000);
  let house: DemoHouse;

  before(async () => {
    house = await openDemoHouse();
  });

  afterEach(() => expect(house.troubles.splice(0)).to.deep.equal([]));
  after(() => house[Symbol.asyncDispose]());

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`is in order in ${colorScheme}`, async () => {
      const viewport = { width: 360, height: 720 };
      await using visit = await house.visit({ user: { delivery: 'push_and_sms' }, windows: { colorScheme, viewport } });
      const { bank, phone } = visit;
      const faults: Record<string, string[]> = {};
      const look = async (view: string, page = bank): Promise<void> => {
        const found = await auditPage(page);
        if (found.length > 0) faults[view] = found;
      };
      await bank.getByText('Demo controls').click();
      await look('sign-in');
      await look('home', phone);
      await phone.getByRole('button', { name: 'Settings' }).click();
      await phone.getByText('None. Each sign-in asks this phone.').waitFor();
      await look('settings', phone);
      await phone.getByRole('button', { name: 'Back' }).click();
      await visit.signIn();
      await bank.getByLabel('Code from the text message').waitFor();
      await visit.phoneSays('Sign in to Dune Bank');
      await look('waiting');
      await visit.approve((await visit.number()) === '11' ? '12' : '11');
      await phone.getByText(/2 tries left/).waitFor();
      await look('prompt', phone);
      await phone.getByRole('button', { name: 'This wasn’t me' }).click();
      await look('report', phone);
      await phone.getByRole('button', { name: 'Back' }).click();
      await visit.approve(await visit.number());
      await visit.bankSays(`Hello, ${visit.userId}`);
      await look('account');
      await look('result', phone);
      await visit.phoneIs('App closed');
      await look('lock', phone);
      const outbox = await visit.open('/demo/outbox');
      await outbox.getByRole('button', { name: 'Copy code' }).first().waitFor();
      await look('outbox', outbox);
      const stage = await visit.open('/demo/');
      await stage.getByRole('button', { name: 'Set up the phone' }).waitFor();
      await look('stage', stage);
      expect(faults).to.deep.equal({});
    });
  }

  it('says aloud what happens', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.bank.getByText('It has arrived.').waitFor();
    expect(await visit.bank.getByRole('status').filter({ hasText: 'It has arrived.' }).count()).to.equal(1);
    const focused = visit.bank.locator(':focus');
    expect(await focused.textContent()).to.equal('Verification request sent to your phone');
    await visit.approve((await visit.number()) === '11' ? '12' : '11');
    await visit.phone.getByRole('alert').filter({ hasText: 'not the number' }).waitFor();
    expect(await visit.phone.locator(':focus').getAttribute('id')).to.equal('answer');
  });
});
