// The stage as a visitor meets it first: set up in one click, sign in, and everything in view.
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { openContext } from '../support/chromium.ts';
import { openDemoHouse, type DemoHouse } from '../support/demo-visit.ts';
import { auditPage } from '../support/page-audit.ts';

describe('the stage', function () {
  this.timeout(30_000);
  let house: DemoHouse;

  before(async () => {
    house = await openDemoHouse();
  });

  afterEach(() => expect(house.troubles.splice(0)).to.deep.equal([]));
  after(() => house[Symbol.asyncDispose]());

  it('leads from an empty phone to an open account', async () => {
    await using visitor = await openContext(house.browser, house.troubles, { viewport: { width: 1280, height: 800 } });
    const page = await visitor.newPage();
    await page.goto(`${house.hub.origin}/demo/`);
    const [bank, phone] = [page.frameLocator('[title="Sample bank"]'), page.frameLocator('[title="Phone"]')];
    await bank.getByRole('button', { name: 'Set up your phone' }).click();
    await bank.locator('button:enabled', { hasText: 'Use the demo phone' }).click();
    await phone.getByText('Ready', { exact: true }).waitFor();
    await page.getByText('Now sign in at the bank.').waitFor();
    await bank.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The phone asks.').waitFor();
    const number = await bank.getByLabel(/^\d( \d)+$/).textContent();
    await phone.getByLabel('Enter the number the page shows').fill(number ?? '');
    await phone.getByRole('button', { name: 'Approve' }).click();
    await bank.getByRole('heading', { name: 'Hello, alice' }).waitFor();
    await page.getByText('You are in.').waitFor();
  });

  it('the bank notices that the phone was set up from the stage', async () => {
    await using visitor = await openContext(house.browser, house.troubles);
    const page = await visitor.newPage();
    const notice = page.frameLocator('[title="Sample bank"]').getByText('No phone is set up for this user yet');
    await openStageFor(page, 'newcomer', house);
    await notice.waitFor();
    await page.getByRole('button', { name: 'Set up the phone' }).click();
    await page.frameLocator('[title="Phone"]').getByText('Ready', { exact: true }).waitFor();
    await notice.waitFor({ state: 'hidden' });
  });

  it('leaves the keyboard where it is: the first Tab reaches what to do first', async () => {
    await using visitor = await openContext(house.browser, house.troubles);
    const page = await visitor.newPage();
    await openStageFor(page, 'newcomer-3', house);
    await page.getByRole('button', { name: 'Set up the phone' }).waitFor();
    const [bank, phone] = [page.frameLocator('[title="Sample bank"]'), page.frameLocator('[title="Phone"]')];
    await phone.getByRole('heading', { name: 'Set up this phone' }).waitFor();
    await bank.getByRole('heading', { name: 'Good to see you.' }).waitFor();
    expect(await focusedOn(page)).to.equal('');
    await page.keyboard.press('Tab');
    expect(await focusedOn(page)).to.equal('Set up the phone');
    await page.keyboard.press('Enter');
    await phone.getByText('Ready', { exact: true }).waitFor();
    // A request on the phone does not take the keyboard from who sits at the bank.
    await bank.getByLabel('User name').press('Enter');
    await phone.getByRole('heading', { name: 'Sign in to Dune Bank' }).waitFor();
    expect(await focusedOn(page)).to.equal('Sample bank');
  });

  it('fits a small laptop: the bank’s controls are in view before a phone is set up', async () => {
    await using visitor = await openContext(house.browser, house.troubles, { viewport: { width: 1280, height: 800 } });
    const page = await visitor.newPage();
    await openStageFor(page, 'newcomer-2', house);
    const bank = page.frameLocator('[title="Sample bank"]');
    await bank.getByText('No phone is set up for this user yet').waitFor();
    const below = await bank.locator('summary').evaluate((summary) => {
      return Math.max(summary.getBoundingClientRect().bottom, document.documentElement.scrollHeight) - innerHeight;
    });
    expect(below, 'pixels of the bank below the edge of its frame').to.be.at.most(0);
    expect(await auditPage(page)).to.deep.equal([]);
  });

  it('shows one part at a time on a phone, and counts what waits in the others', async () => {
    await using visitor = await openContext(house.browser, house.troubles, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    const page = await visitor.newPage();
    await page.goto(`${house.hub.origin}/demo/`);
    const tab = (name: string) => page.getByRole('navigation').getByRole('button', { name });
    expect(await page.locator('#pane-phone').isVisible()).to.equal(false);
    await page.getByRole('button', { name: 'Set up the phone' }).tap();
    await page.getByText('Now sign in at the bank.').waitFor();
    await page.frameLocator('[title="Sample bank"]').getByRole('button', { name: 'Sign in' }).tap();
    await tab('Phone 1').tap();
    await page.frameLocator('[title="Phone"]').getByRole('button', { name: 'Deny' }).tap();
    await tab('Bank').tap();
    await page.frameLocator('[title="Sample bank"]').getByRole('heading', { name: 'Not approved' }).waitFor();
  });

  it('at the bank, a phone is set up from its code', async () => {
    await using visit = await house.visit({ phone: 'none' });
    await visit.bank.getByRole('button', { name: 'Set up your phone' }).click();
    await visit.bank.locator('button:enabled', { hasText: 'Use the demo phone' }).waitFor();
    await visit.bank.getByRole('img', { name: 'Set-up code for the authenticator app' }).waitFor();
    await visit.bank.locator('.qr path').waitFor({ state: 'attached' });
    const link = visit.bank.getByLabel('Or paste this link into the app');
    expect(await link.inputValue()).to.match(/^http:\/\/localhost:\d+\/enroll#/);
    await visit.phone.getByLabel('Set-up link').fill(await link.inputValue());
    await visit.phone.getByRole('button', { name: 'Set up' }).click();
    await visit.phone.getByText('Ready', { exact: true }).waitFor();
    expect(await visit.phone.evaluate(readKeysOfPhone), 'whether keys are extractable').to.deep.equal([false, false]);
  });

  it('the phone refuses a link that is none, and says why', async () => {
    await using visit = await house.visit({ phone: 'none' });
    await visit.phone.getByLabel('Set-up link').fill('https://example.com/');
    await visit.phone.getByRole('button', { name: 'Set up' }).click();
    await visit.phone.getByText(/not an enrollment link/).waitFor();
  });
});

/** A stage for somebody whom no other test has met. */
async function openStageFor(page: Page, userId: string, { hub }: DemoHouse): Promise<void> {
  await page.goto(`${hub.origin}/demo/assets/mark.svg`);
  await page.evaluate((name) => localStorage.setItem('dune-demo-controls', JSON.stringify({ userId: name })), userId);
  await page.goto(`${hub.origin}/demo/`);
}

/** The frame or button of the stage that has the keyboard; empty: none. */
function focusedOn(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) return '';
    return focused.getAttribute('title') ?? focused.textContent ?? '';
  });
}

/** Runs in the page: whether the private keys in IndexedDB could be read out by a script. */
async function readKeysOfPhone(): Promise<boolean[]> {
  const open = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB refused')));
    });
  const database = await open(indexedDB.open('verihub-device'));
  const values = await open(database.transaction('device').objectStore('device').getAll());
  database.close();
  const pairs = values.flatMap((value: object) => Object.values(value));
  return pairs.filter((pair) => 'privateKey' in Object(pair)).map((pair) => pair.privateKey.extractable);
}
