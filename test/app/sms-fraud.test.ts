// SMS cost fraud (security.md, M1 to M3): what it may cost, whatever is asked for.
import { expect } from 'chai';
import { createDeliveryWorker } from '../../server/app/delivery-worker.ts';
import type { SmsLimits, SmsPolicy } from '../../server/core/sms-policy.ts';
import { stepOf, type Verification } from '../../server/core/verification.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';
import { delivery } from '../support/delivery.ts';

const limits: SmsLimits = {
  perNumber: 3,
  perPrefix: 100,
  perCountry: 1_000,
  perApplication: 2_000,
  perDay: 10_000,
  minConversionPercent: 0,
};
const minute = 60_000;

/** The n-th number of a block of ten thousand; `+3161234` unless named. */
function numberIn(n: number, block = '+3161234'): string {
  return `${block}${String(n).padStart(4, '0')}`;
}

describe('SMS fraud', () => {
  let app: TestApp;
  let sent: string[];

  const open = async (over: Partial<SmsLimits> = {}, countries: SmsPolicy['countries'] = ['NL', 'DE']) => {
    app = await createTestApp({ sms: { countries, limits: { ...limits, ...over } } });
    sent = [];
    app.outbox.respond((send) => {
      if (send.kind === 'sms') sent.push(send.message.to);
      return { kind: 'accepted', provider: 'simulated' };
    });
  };
  afterEach(() => app.kill());

  const ask = async (phoneNumber: string, userId = phoneNumber): Promise<Verification> => {
    await app.users.put(app.application, userId, { phoneNumber, delivery: 'sms' });
    return (await app.verifications.create(app.application, { userId, action: 'Sign in' })).verification;
  };
  const askAll = (numbers: readonly string[]) => Promise.all(numbers.map((number) => ask(number)));
  const outcome = async ({ id }: Verification) => {
    const found = await app.verifications.load(id);
    return delivery(found?.verification ?? expect.fail('it is gone'))['sms'];
  };
  const count = (name: string, value: unknown) =>
    app.measured.filter((measured) => measured.name === name && measured.values[0] === value).length;
  const alarms = () => app.log.filter(({ level, fields }) => level === 'error' && fields['alarm'] !== undefined);
  const approve = async ({ id, codeSalt }: Verification) => {
    const caller = { kind: 'relying-party', application: app.application } as const;
    await app.verifications.submitCode(caller, id, app.context.secrets.smsCode(id, codeSalt));
  };

  describe('M1: floods', () => {
    it('of 10,000 verifications to one block of numbers cost a hundred SMS in ten minutes', async function () {
      this.timeout(120_000);
      await open();
      for (let begin = 0; begin < 10_000; begin += 500) {
        await askAll(Array.from({ length: 500 }, (_, n) => numberIn(begin + n)));
        await app.pass(25_000);
      }
      // 500 seconds have passed: the window has not moved on.
      expect(sent).to.have.length(100);
      expect(count('smsRefused', 'budget')).to.equal(9_900);
      expect(alarms().map(({ fields }) => fields)).to.deep.equal([
        {
          alarm: 'sms-limit-reached',
          applicationId: app.application.id,
          limit: 'prefix',
          most: 100,
          country: 'NL',
          block: '3161234xxxx',
        },
      ]);
    });

    it('of one number get three SMS through in ten minutes, however many ask at once', async () => {
      await open();
      const asked = await Promise.all(Array.from({ length: 100 }, (_, n) => ask(numberIn(1), `user ${n}`)));
      await app.work();
      expect(sent).to.have.length(3);
      expect(await Promise.all(asked.map(outcome))).to.have.members([
        ...Array.from({ length: 3 }, () => 'accepted'),
        ...Array.from({ length: 97 }, () => 'failed: budget'),
      ]);
      await app.pass(10 * minute);
      await ask(numberIn(1));
      await app.work();
      expect(sent).to.have.length(4);
    });

    it('hold no room for a second node: both count on the same store', async () => {
      await open();
      await Promise.all(Array.from({ length: 100 }, (_, n) => ask(numberIn(1), `user ${n}`)));
      const nodes = [1, 2, 3].map(() => createDeliveryWorker(app.context, 'sms'));
      for (let round = 0; round < 3; round += 1) await Promise.all(nodes.map((node) => node.runOnce()));
      expect(sent).to.have.length(3);
      expect(count('smsRefused', 'budget')).to.equal(97);
    });

    it('of a country, of the application and of a day end at their limits', async () => {
      await open({ perPrefix: 10, perCountry: 20, perApplication: 30, perDay: 45 });
      const flood = async (blocks: readonly string[]) => {
        for (const block of blocks) {
          await askAll(Array.from({ length: 12 }, (_, n) => numberIn(n, block)));
          await app.work();
        }
      };
      await flood(['+3161234', '+3161235', '+3161236']);
      expect(sent, 'to one country').to.have.length(20);
      await flood(['+491511234', '+491511235']);
      expect(sent, 'of the application').to.have.length(30);
      await app.pass(11 * minute);
      await flood(['+3161234', '+491511234', '+3161235']);
      expect(sent, 'in a day').to.have.length(45);
      await app.pass(11 * minute);
      await flood(['+3161234']);
      expect(sent, 'in a day').to.have.length(45);
      await app.pass(25 * 60 * minute);
      await flood(['+3161234']);
      expect(sent, 'the next day').to.have.length(55);
      const told = alarms().map(({ fields }) => `${String(fields['limit'])} ${String(fields['most'])}`);
      expect([...new Set(told)]).to.have.members(['prefix 10', 'country 20', 'application 30', 'day 45']);
    });

    it('of one number leave the others their share', async () => {
      await open({ perApplication: 4 });
      await Promise.all(Array.from({ length: 50 }, (_, n) => ask(numberIn(1), `user ${n}`)));
      await app.work();
      const other = await ask(numberIn(2));
      await app.work();
      expect(await outcome(other)).to.equal('accepted');
    });

    it('that a wide bound refuses count for no narrow one: a block is not called unused for what it never got', async () => {
      await open({ perApplication: 10, minConversionPercent: 10 });
      await askAll(Array.from({ length: 80 }, (_, n) => numberIn(n)));
      await app.work();
      expect(sent).to.have.length(10);
      await app.pass(11 * minute);
      const later = await ask(numberIn(90));
      await app.work();
      expect(await outcome(later)).to.equal('accepted');
      expect(alarms().map(({ fields }) => fields['limit'])).to.deep.equal(['application']);
    });

    it('in one application leave another its share', async () => {
      await open({ perApplication: 1, perNumber: 1 });
      const other = await app.applications.create({ name: 'Other', domain: 'other.test' });
      for (const application of [app.application, other.application]) {
        await app.users.put(application, 'alice', { phoneNumber: numberIn(1), delivery: 'sms' });
        await app.verifications.create(application, { userId: 'alice', action: 'Sign in' });
      }
      await app.work();
      expect(sent).to.have.length(2);
    });
  });

  describe('M2: where nothing may go', () => {
    const never: Record<string, string> = {
      'another country': '+33612345678',
      'a neighbour that shares the code of a listed country': '+447911123456',
      'a premium-rate number': '+31900123456',
      'a personal number': '+447012345678',
      'a satellite phone': '+881612345678',
      'a ship at sea': '+870773111632',
      'an international network': '+88213123456',
      'a number nobody was given': '+31612345',
    };
    for (const [what, number] of Object.entries(never)) {
      it(`${what}: never reaches the provider`, async () => {
        await open({}, ['NL', 'GB']);
        const verification = await ask(number);
        expect(verification.status).to.equal('undeliverable');
        expect(delivery(verification)['sms']).to.match(/^skipped: (country|number)-not-allowed$/);
        await app.work();
        expect(sent).to.deep.equal([]);
      });
    }

    it('is nowhere but in the listed countries, and everywhere while none is', async () => {
      await open({}, []);
      expect(delivery(await ask(numberIn(1)))['sms']).to.equal('skipped: country-not-allowed');
      await app.kill();
      await open({}, ['NL']);
      expect(delivery(await ask(numberIn(1)))['sms']).to.equal('pending');
    });

    it('is asked again when the SMS is to go: the number may be another by then', async () => {
      await open();
      const verification = await ask(numberIn(1), 'alice');
      await app.users.put(app.application, 'alice', { phoneNumber: '+33612345678' });
      await app.work();
      expect(await outcome(verification)).to.equal('failed: country-not-allowed');
      expect(sent).to.deep.equal([]);
      expect(count('smsRefused', 'country-not-allowed')).to.equal(1);
      const { entries } = await app.verifications.timeline(app.application, verification.id);
      expect(entries.find(({ type }) => type === 'attempt')).to.include({
        status: 'rejected',
        reason: 'country-not-allowed',
      });
    });
  });

  describe('M3: a block of numbers where nobody uses what is sent', () => {
    const flood = async (from: number, to: number, block?: string) => {
      const asked = await askAll(Array.from({ length: to - from }, (_, n) => numberIn(from + n, block)));
      await app.work();
      return asked;
    };

    it('gets nothing more after fifty, and the operator is told once', async () => {
      await open({ minConversionPercent: 10 });
      await flood(0, 90);
      expect(sent).to.have.length(50);
      expect(count('smsRefused', 'fraud-guard')).to.equal(40);
      await flood(90, 120);
      expect(sent).to.have.length(50);
      expect(alarms().map(({ fields }) => fields)).to.deep.equal([
        {
          alarm: 'sms-low-conversion',
          applicationId: app.application.id,
          country: 'NL',
          block: '3161234xxxx',
          sent: 50,
          converted: 0,
        },
      ]);
      expect(count('smsAlarm', 'low-conversion')).to.equal(1);
    });

    it('does not cost other blocks theirs', async () => {
      await open({ minConversionPercent: 10 });
      await flood(0, 60);
      await flood(0, 10, '+3161235');
      expect(sent).to.have.length(60);
    });

    it('is not one where people type their codes', async () => {
      await open({ minConversionPercent: 10 });
      for (let begin = 0; begin < 90; begin += 10) {
        for (const verification of (await flood(begin, begin + 10)).slice(0, 2)) await approve(verification);
      }
      expect(sent).to.have.length(90);
      expect(alarms()).to.deep.equal([]);
      expect(app.measured.filter(({ name }) => name === 'smsConverted')).to.have.length(18);
    });

    it('is not one where people who get both answer in the app', async () => {
      await open({ minConversionPercent: 10 });
      const phone = await enrollPhone(app, 'alice');
      for (let begin = 0; begin < 90; begin += 5) {
        await flood(begin, begin + 4);
        await app.users.put(app.application, 'alice', { phoneNumber: numberIn(begin + 4), delivery: 'push_and_sms' });
        const request = { userId: 'alice', action: 'Sign in', matching: { mode: 'none' } } as const;
        const { verification } = await app.verifications.create(app.application, request);
        await app.work();
        await app.verifications.decide(phone.device, phone.sign(verification, 'approve'));
      }
      expect(sent).to.have.length(90);
    });

    it('opens when the codes are typed after all, and after half an hour', async () => {
      await open({ minConversionPercent: 10 });
      const asked = await flood(0, 51);
      expect(sent).to.have.length(50);
      const got: Verification[] = [];
      for (const verification of asked) if ((await outcome(verification)) === 'accepted') got.push(verification);
      for (const verification of got.slice(0, 5)) await approve(verification);
      await flood(60, 61);
      expect(sent).to.have.length(51);
      await flood(70, 80);
      expect(sent, 'shut again').to.have.length(51);
      await app.pass(30 * minute);
      await flood(80, 81);
      expect(sent, 'a new chance').to.have.length(52);
    });
  });

  it('is counted by message: a retry of the same one counts nothing', async () => {
    await open({ perNumber: 1, perPrefix: 1, perCountry: 1, perApplication: 1, perDay: 1 });
    const answers = ['throttled', 'throttled', 'accepted'];
    app.outbox.respond((send) => {
      if (send.kind === 'sms') sent.push(send.message.dedupeId);
      return answers.shift() === 'throttled'
        ? { kind: 'throttled', reason: 'http-429' }
        : { kind: 'accepted', provider: 'simulated' };
    });
    const first = await ask(numberIn(1));
    for (let round = 0; round < 3; round += 1) await app.pass(5_000);
    expect(await outcome(first)).to.equal('accepted');
    expect(stepOf((await app.verifications.load(first.id))?.verification ?? first, 'sms')?.attempts).to.equal(3);
    expect(new Set(sent).size).to.equal(1);
    const second = await ask(numberIn(2));
    await app.work();
    expect(await outcome(second)).to.equal('failed: budget');
  });
});
