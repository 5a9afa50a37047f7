// What devices are shown, and what their acknowledgements do.
import { expect } from 'chai';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone, type AppPhone } from '../support/app-phone.ts';
import { delivery } from '../support/delivery.ts';
import { codeOf, refusalOf } from '../support/refusals.ts';

describe('prompts', () => {
  let app: TestApp;
  let phone: AppPhone;
  beforeEach(async () => {
    app = await createTestApp();
    phone = await enrollPhone(app);
  });
  afterEach(() => app.kill());

  const create = async (over: Partial<CreateRequest> = {}) =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over })).verification;
  const load = async (id: string) => {
    const snapshot = await app.verifications.load(id);
    if (snapshot === undefined) throw new Error('it is gone');
    return snapshot.verification;
  };

  it('show exactly what the contract says, and never the number', async () => {
    const details = [{ label: 'Amount', value: '120.00 EUR' }];
    const verification = await create({ details, context: { ip: '203.0.113.7' }, session: 's', locale: 'nl' });
    const { prompts } = await app.verifications.prompts(phone.device);
    expect(prompts).to.deep.equal([
      {
        id: verification.id,
        rev: 1,
        application: { name: 'Example Bank' },
        action: 'Sign in',
        details,
        context: { ip: '203.0.113.7' },
        matching: { mode: 'enter', digits: 2 },
        challenge: verification.challenge,
        createdAt: '2026-01-01T00:00:00.000Z',
        expiresAt: '2026-01-01T00:05:00.000Z',
        serverTime: '2026-01-01T00:00:00.000Z',
      },
    ]);
  });

  it('offer three different choices, the right one among them, the same in every copy', async () => {
    const places = new Set<number>();
    for (let round = 0; round < 60; round += 1) {
      const verification = await create({ matching: { mode: 'choose' } });
      const { number = '', choices = [] } = verification.matching;
      expect(new Set(choices).size).to.equal(3);
      expect(choices).to.include(number);
      for (const choice of choices) expect(choice).to.match(/^\d\d$/);
      places.add(choices.indexOf(number));
      const { prompt } = await app.verifications.acknowledge(phone.device, verification.id, 'socket');
      expect(prompt.matching).to.deep.equal({ mode: 'choose', choices });
      expect((await app.verifications.prompts(phone.device)).prompts.at(-1)?.matching).to.deep.equal(prompt.matching);
    }
    expect([...places].toSorted((a, b) => a - b)).to.deep.equal([0, 1, 2]);
  });

  it('carry what each mode needs and no more', async () => {
    const modes = [
      [{ mode: 'none' }, { mode: 'none' }],
      [
        { mode: 'enter', digits: 6 },
        { mode: 'enter', digits: 6 },
      ],
      [{ mode: 'qr' }, { mode: 'qr' }],
    ] as const;
    for (const [matching, shown] of modes) {
      const verification = await create({ matching });
      const { prompt } = await app.verifications.acknowledge(phone.device, verification.id, 'http');
      expect(prompt.matching).to.deep.equal(shown);
      if (matching.mode === 'qr')
        expect(Buffer.from(verification.matching.number ?? '', 'base64url')).to.have.length(16);
      if (matching.mode === 'enter') expect(verification.matching.number).to.match(/^\d{6}$/);
    }
  });

  it('are listed for this user of this application, oldest first, while they wait', async () => {
    const first = await create();
    app.clock.advance(1_000);
    const second = await create();
    await enrollPhone(app, 'bob');
    await create({ userId: 'bob' });
    const ids = async () => (await app.verifications.prompts(phone.device)).prompts.map(({ id }) => id);
    expect(await ids()).to.deep.equal([first.id, second.id]);
    await app.verifications.cancel({ kind: 'browser', verificationId: first.id }, first.id);
    expect(await ids()).to.deep.equal([second.id]);
    app.clock.advance(300_000);
    expect(await ids(), 'after the deadline, though no worker has come by').to.deep.equal([]);
  });

  it('are acknowledged: the escalation stops, and the answer is the prompt', async () => {
    const verification = await create();
    app.clock.advance(700);
    const { prompt, now } = await app.verifications.acknowledge(phone.device, verification.id, 'socket');
    expect(prompt).to.include({ id: verification.id, rev: 2, challenge: verification.challenge });
    expect(now).to.equal(app.clock.now());
    await app.pass(3_000);
    expect(delivery(await load(verification.id))).to.include({ socket: 'acknowledged', push: 'waiting' });
    expect(app.measured.find(({ name }) => name === 'acknowledged')?.values).to.deep.equal(['socket', 700]);
  });

  it('may be acknowledged again and again', async () => {
    const verification = await create();
    for (let times = 0; times < 3; times += 1) {
      const { prompt } = await app.verifications.acknowledge(phone.device, verification.id, 'socket');
      expect(prompt.rev).to.equal(2);
    }
    expect(app.hints.filter(({ type }) => type === 'changed')).to.have.length(2);
  });

  it('that have ended are taken down: told so, and how', async () => {
    const canceled = await create();
    await app.verifications.cancel({ kind: 'browser', verificationId: canceled.id }, canceled.id);
    expect(await refusalOf(app.verifications.acknowledge(phone.device, canceled.id, 'socket'))).to.deep.include({
      code: 'already-decided',
      extras: { verificationStatus: 'canceled' },
    });
    const expired = await create();
    app.clock.advance(300_000);
    expect(await codeOf(app.verifications.acknowledge(phone.device, expired.id, 'socket'))).to.equal(
      'verification-expired',
    );
    expect((await load(expired.id)).status).to.equal('expired');
  });

  it('are taken down on every way it can end', async () => {
    const verification = await create();
    app.hints.length = 0;
    await app.verifications.decide(phone.device, phone.sign(verification, 'deny'));
    expect(app.hints.map(({ type }) => type)).to.deep.equal(['closed', 'changed', 'work']);
    const other = await create();
    app.hints.length = 0;
    app.clock.advance(300_000);
    await load(other.id);
    expect(app.hints.map(({ type }) => type)).to.include('closed');
  });
});
