// When the phone cannot be reached at once: push, then a text message with a code; and what a person prefers.
import { expect } from 'chai';
import { openDemoHouse, type DemoHouse, type DemoVisit } from '../support/demo-visit.ts';

describe('signing in with a phone that is not at hand', function () {
  this.timeout(30_000);
  let house: DemoHouse;

  before(async () => {
    house = await openDemoHouse();
  });

  afterEach(() => expect(house.troubles.splice(0)).to.deep.equal([]));
  after(() => house[Symbol.asyncDispose]());

  it('no internet: push, then SMS; a wrong code, then the right one', async () => {
    await using visit = await house.visit();
    const outbox = await visit.open('/demo/outbox');
    await visit.phoneIs('No internet');
    await visit.phone.getByText('No connection: check your network.').waitFor();
    await visit.signIn();
    await visit.bankSays('We sent a push notification');
    await outbox.getByText(/^encrypted, \d+ bytes/).waitFor();
    await visit.bankSays('Type the code we sent you');
    await outbox.getByRole('button', { name: 'Copy code' }).waitFor();
    // A text message needs no internet.
    await visit.phone.getByText(/We could not reach your app/).waitFor();
    const code = await visit.smsCode();
    const field = visit.bank.getByLabel('Code from the text message');
    await field.fill(code === '000000' ? '000001' : '000000');
    await visit.bank.getByText(/That code is not right.*4 tries left/).waitFor();
    await field.fill(code);
    await visit.bankSays(`Hello, ${visit.userId}`);
    await visit.bank.getByText('Confirmed with a code by text message').waitFor();
  });

  it('back online, the request is there', async () => {
    await using visit = await house.visit();
    await visit.phoneIs('No internet');
    await visit.signIn();
    await visit.bankSays('We sent a push notification');
    await visit.phoneIs('Online');
    await visit.phoneSays('Sign in to Dune Bank');
    await visit.approve(await visit.number());
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('where WebSocket is blocked, the phone is reached all the same, and its switch still works', async () => {
    await using visit = await house.visit({ windows: {} });
    const { phone } = visit;
    await phone.addInitScript(blockWebSocket);
    await phone.reload();
    await phone.getByText('Ready', { exact: true }).waitFor();
    await visit.phoneIs('No internet');
    await phone.getByText('No connection: check your network.').waitFor();
    await visit.signIn();
    await visit.bankSays('We sent a push notification');
    await visit.phoneSays('Authenticator');
    await visit.phoneIs('Online');
    await visit.phoneSays('Sign in to Dune Bank');
    await visit.approve(await visit.number());
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('app closed: a push arrives, a tap opens the request', async () => {
    await using visit = await house.visit();
    await visit.phoneIs('App closed');
    await visit.signIn();
    await visit.phone.getByRole('button', { name: 'Open', exact: true }).click();
    await visit.phoneSays('Sign in to Dune Bank');
    await visit.bank.getByText('It has arrived.').waitFor();
    await visit.approve(await visit.number());
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('approved by code, the phone says so when it is back', async () => {
    await using visit = await house.visit({ user: { delivery: 'push_and_sms' } });
    await visit.signIn();
    await visit.phoneSays('Sign in to Dune Bank');
    await visit.bank.getByLabel('Code from the text message').waitFor();
    await visit.bank.getByLabel('Code from the text message').fill(await visit.smsCode());
    await visit.bankSays(`Hello, ${visit.userId}`);
    await visit.phoneSays('Already approved');
  });

  it('five wrong codes end the code, not the request: the phone can still answer', async () => {
    await using visit = await house.visit({ user: { delivery: 'push_and_sms' } });
    await visit.signIn();
    const field = visit.bank.getByLabel('Code from the text message');
    await field.waitFor();
    const code = await visit.smsCode();
    const wrong = ['111111', '222222', '333333', '444444', '555555', '666666'].filter((guess) => guess !== code);
    for (const left of ['4 tries left', '3 tries left', '2 tries left', '1 try left', 'That was the last try']) {
      await field.fill(wrong.pop()!);
      await visit.bank.getByRole('alert').filter({ hasText: left }).waitFor();
    }
    expect(await field.isDisabled()).to.equal(true);
    await visit.approve(await visit.number());
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('preferences set on the phone: SMS only shows no request there', async () => {
    await using visit = await house.visit();
    await visit.phone.getByRole('button', { name: 'Settings' }).click();
    await visit.phone.getByText('SMS only').click();
    await visit.phone.getByText('Saved.').waitFor();
    await visit.phone.getByRole('button', { name: 'Back' }).click();
    await visit.signIn();
    await visit.bankSays('Type the code we sent you');
    expect(await lineOf(visit, 'App')).to.include('not available');
    await visit.phoneSays('Authenticator');
    await visit.bank.getByLabel('Code from the text message').fill(await visit.smsCode());
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  it('preferences set at the bank: app only never sends an SMS', async () => {
    await using visit = await house.visit();
    await visit.bank.getByText('Demo controls').click();
    await visit.bank.getByLabel('How you want to be reached').selectOption('push');
    await visit.bank.getByText('Saved.').waitFor();
    await visit.phoneIs('No internet');
    await visit.signIn();
    await visit.bankSays('We sent a push notification');
    expect(await lineOf(visit, 'SMS')).to.include('not available');
    await visit.phoneIs('Online');
    await visit.phone.getByRole('button', { name: 'Deny' }).click();
    await visit.bankSays('Not approved');
  });
});

/** Runs in the page: what a company proxy does to WebSocket handshakes. */
function blockWebSocket(): void {
  const blocked = (url: string | URL): string => String(url).replace('/socket.io/', '/blocked/');
  globalThis.WebSocket = new Proxy(WebSocket, {
    construct: (Original, [url, protocols]: [string | URL, string[] | undefined]) =>
      new Original(blocked(url), protocols),
  });
}

async function lineOf({ bank }: DemoVisit, step: string): Promise<string | null> {
  return bank
    .getByRole('list', { name: 'How we are reaching you' })
    .getByRole('listitem')
    .filter({ hasText: step })
    .textContent();
}
