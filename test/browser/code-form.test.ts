// Typing the code of a text message: nothing counts twice, and nothing is sent that cannot be a code.
import { expect } from 'chai';
import { openDemoHouse, type DemoHouse, type DemoVisit } from '../support/demo-visit.ts';

describe('typing a code', function () {
  this.timeout(30_000);
  let house: DemoHouse;

  before(async () => {
    house = await openDemoHouse();
  });

  afterEach(() => expect(house.troubles.splice(0)).to.deep.equal([]));
  after(() => house[Symbol.asyncDispose]());

  it('a wrong code counts once, however often it is confirmed', async () => {
    await using visit = await house.visit({ user: { delivery: 'sms' } });
    const { field, confirm, complaint } = await atTheForm(visit);
    const code = await visit.smsCode();
    await field.fill(code === '000000' ? '000001' : '000000');
    await complaint.filter({ hasText: '4 tries left' }).waitFor();
    await confirm.click();
    await field.press('Enter');
    // Were one of them on its way, this answer would come after it.
    await field.fill(code === '111111' ? '111112' : '111111');
    await complaint.filter({ hasText: /[0-3] tries left/ }).waitFor();
    expect(await complaint.textContent()).to.include('3 tries left');
    await field.fill(code);
    await visit.bankSays(`Hello, ${visit.userId}`);
  });

  for (const [what, typed] of [
    ['nothing', ''],
    ['too few digits', '12 34'],
    ['letters', '12345a'],
    ['too many digits', '12345678'],
  ] as const)
    it(`${what}: says what is needed, and asks nobody`, async () => {
      await using visit = await house.visit({ user: { delivery: 'sms' } });
      const { field, confirm, complaint } = await atTheForm(visit);
      await field.fill(typed);
      await confirm.click();
      await complaint.filter({ hasText: /^Enter the six digits\.$/ }).waitFor();
      await field.fill((await visit.smsCode()) === '000000' ? '000001' : '000000');
      await complaint.filter({ hasText: '4 tries left' }).waitFor();
    });
});

async function atTheForm(visit: DemoVisit) {
  await visit.signIn();
  const field = visit.bank.getByLabel('Code from the text message');
  await field.waitFor();
  const confirm = visit.bank.getByRole('button', { name: 'Confirm' });
  return { field, confirm, complaint: visit.bank.locator('#code-mistake') };
}
