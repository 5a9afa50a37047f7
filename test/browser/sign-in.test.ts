// Signing in at the sample bank with the phone at hand: every answer a person can give.
import { expect } from 'chai';
import { openDemoHouse, type DemoHouse } from '../support/demo-visit.ts';

describe('signing in with the phone', function () {
  this.timeout(30_000);
  let house: DemoHouse;

  before(async () => {
    house = await openDemoHouse();
  });

  afterEach(() => expect(house.troubles.splice(0)).to.deep.equal([]));
  after(() => house[Symbol.asyncDispose]());

  it('approved: the phone shows who, what and from which browser, and the page moves on', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.bankSays('Verification request sent to your phone');
    await visit.phoneSays('Sign in to Dune Bank');
    const shown = await visit.phone.locator('main').textContent();
    expect(shown).to.include('Dune Bank asks').and.include(visit.userId);
    expect(shown).to.include('Chrome on Linux').and.include('This computer').and.include('127.0.0.1');
    expect(await visit.phone.getByRole('timer').textContent()).to.match(/^[45]:\d\d$/);
    await visit.bank.getByText('It has arrived. Open it and enter the number below.').waitFor();
    await visit.approve(await visit.number());
    await visit.phoneSays('Approved');
    await visit.bankSays(`Hello, ${visit.userId}`);
    await visit.bank.getByText('Approved on your phone').waitFor();
  });

  it('denied', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.phone.getByRole('button', { name: 'Deny' }).click();
    await visit.phoneSays('Denied');
    await visit.bankSays('Not approved');
    await visit.bank.getByRole('button', { name: 'Try again' }).click();
    await visit.bankSays('Good to see you.');
  });

  it('reported: asked twice, told to the bank', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.phone.getByRole('button', { name: 'This wasn’t me' }).click();
    await visit.phone.getByRole('button', { name: 'Back' }).click();
    await visit.phone.getByRole('button', { name: 'This wasn’t me' }).click();
    await visit.phone.getByRole('button', { name: 'Report and block it' }).click();
    await visit.phoneSays('Reported');
    await visit.bankSays('Thank you for reporting this');
  });

  it('a wrong number is told with the tries left; then the right one', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    const number = await visit.number();
    await visit.approve(number === '11' ? '12' : '11');
    await visit.phone.getByText(/not the number.*2 tries left/).waitFor();
    expect(await visit.phone.getByLabel('Enter the number the page shows').inputValue()).to.equal('');
    await visit.approve(number);
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('three wrong numbers end it', async () => {
    await using visit = await house.visit({ matching: 'enter-6' });
    await visit.signIn();
    const number = await visit.number();
    const wrong = ['111111', '222222', '333333', '444444'].filter((guess) => guess !== number);
    await visit.approve(wrong[0]!);
    await visit.phone.getByText(/2 tries left/).waitFor();
    await visit.approve(wrong[1]!);
    await visit.phone.getByText(/1 try left|one try left|last try/i).waitFor();
    await visit.approve(wrong[2]!);
    await visit.phone.getByText('The number was not the one the page shows.').waitFor();
    await visit.bankSays('Not approved');
  });

  it('one of three numbers', async () => {
    await using visit = await house.visit({ matching: 'choose' });
    await visit.signIn();
    const number = await visit.number();
    await visit.bank.getByText('Choose this number on your phone').waitFor();
    await visit.phone.getByRole('button', { name: number, exact: true }).click();
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('just a tap', async () => {
    await using visit = await house.visit({ matching: 'none' });
    await visit.signIn();
    await visit.phone.getByRole('button', { name: 'Approve' }).click();
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('a code to scan: carried over by copying it', async () => {
    const windows = { permissions: ['clipboard-read', 'clipboard-write'] };
    await using visit = await house.visit({ matching: 'qr', windows });
    await visit.signIn();
    await visit.bank.locator('.qr path').waitFor({ state: 'attached' });
    await visit.bank.getByRole('button', { name: 'Copy the code for the demo phone' }).click();
    const secret = await visit.bank.evaluate(() => navigator.clipboard.readText());
    expect(secret).to.have.length.of.at.least(22);
    await visit.phone.getByLabel('Scan the code on the page, or paste it here').fill(secret);
    await visit.phone.getByRole('button', { name: 'Approve' }).click();
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('by keyboard alone', async () => {
    await using visit = await house.visit();
    const { bank, phone } = visit;
    await bank.getByLabel('User name').focus();
    await bank.keyboard.press('Tab');
    await bank.keyboard.press('Enter');
    const number = await visit.number();
    await phone.getByRole('heading', { name: 'Sign in to Dune Bank' }).waitFor();
    await phone.keyboard.press('Tab');
    await phone.keyboard.type(number);
    await phone.keyboard.press('Enter');
    await visit.phoneSays('Approved');
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('canceled on the page: the phone takes it down', async () => {
    await using visit = await house.visit();
    await visit.signIn();
    await visit.phoneSays('Sign in to Dune Bank');
    await visit.bank.getByRole('button', { name: 'Cancel' }).click();
    await visit.bankSays('Canceled');
    await visit.phoneSays('Canceled');
  });

  it('without a phone and a number there is nobody to reach', async () => {
    await using visit = await house.visit({ phone: 'none', user: { phoneNumber: null } });
    await visit.bank.getByRole('button', { name: 'Sign in' }).click();
    await visit.bankSays('We could not reach you');
    await visit.bank.getByRole('button', { name: 'Set up your phone' }).waitFor();
  });
});
