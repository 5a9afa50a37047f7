// Namespace `/browser`: the snapshot at once, then every change, and what the page may ask for.
import { expect } from 'chai';
import type { VerificationView } from '../../client-sdk/protocol.ts';
import { ProblemError } from '../../server/core/errors.ts';
import type { Pending } from '../../server/core/verification.ts';
import { ask, collect, connected, next, refusal, transports, until } from './support/clients.ts';
import { openWorld, type World } from './support/harness.ts';
import { approvedOf, makePending } from './support/records.ts';

describe('/browser', () => {
  let world: World;
  let pending: Pending;
  beforeEach(async () => {
    world = await openWorld();
    pending = makePending('ver_1', Date.now());
    world.verifications.set('ver_1', pending);
  });
  afterEach(() => world.close());

  for (const transport of transports) {
    it(`sends the snapshot, then each change once with a rising rev, over ${transport}`, async () => {
      const socket = world.clients.open('/browser', 'waiter:ver_1', { transports: [transport] });
      const views = collect<VerificationView>(socket, 'verification');
      await until(() => views.length === 1, 'the snapshot');
      expect(views[0]).to.deep.include({
        id: 'ver_1',
        status: 'pending',
        rev: 1,
        matching: { mode: 'enter', number: '42' },
      });
      world.changed(pending);
      world.changed({ ...pending, rev: 3 });
      world.changed({ ...pending, rev: 2 });
      await until(() => views.length === 2, 'the change');
      world.changed(approvedOf({ ...pending, rev: 3 }));
      await until(() => views.length === 3, 'the end');
      expect(views.map(({ rev }) => rev)).to.deep.equal([1, 3, 4]);
      expect(views[2]?.status).to.equal('approved');
      expect(JSON.stringify(views)).not.to.include('secret.evidence.jws');
      expect(socket.connected, 'stays after the end').to.equal(true);
    });
  }

  it('passes on code, resend and cancel, and answers with the verification', async () => {
    const calls: unknown[] = [];
    const snapshot = { verification: pending, now: Date.now() };
    world.use.submitCode = async (...args) => (calls.push(['code', ...args]), snapshot);
    world.use.resend = async (...args) => (calls.push(['resend', ...args]), snapshot);
    world.use.cancel = async (...args) => (calls.push(['cancel', ...args]), snapshot);
    const socket = await connected(world.clients.open('/browser', 'waiter:ver_1'));
    for (const answer of [
      await ask(socket, 'code', { code: '12 34 56' }),
      await ask(socket, 'resend', {}),
      await ask(socket, 'resend', { step: 'sms' }),
      await ask(socket, 'cancel'),
    ]) {
      expect(answer).to.have.property('ok', true);
      expect(answer['verification']).to.include({ id: 'ver_1', status: 'pending' });
      expect(answer['serverTime']).to.be.a('string');
    }
    const page = { kind: 'browser', verificationId: 'ver_1' };
    expect(calls).to.deep.equal([
      ['code', page, 'ver_1', '123456'],
      ['resend', page, 'ver_1', undefined],
      ['resend', page, 'ver_1', 'sms'],
      ['cancel', page, 'ver_1'],
    ]);
  });

  it('answers a refusal with its problem', async () => {
    world.use.submitCode = async () => {
      throw new ProblemError('code-incorrect', 'Wrong.', { attemptsLeft: 4 });
    };
    const socket = await connected(world.clients.open('/browser', 'waiter:ver_1'));
    const answer = await ask(socket, 'code', { code: '123456' });
    expect(answer.problem).to.include({ code: 'code-incorrect', status: 422, attemptsLeft: 4 });
  });

  it('refuses anything but a waiter token', async () => {
    for (const token of ['dev_1', 'vh_a_b', '']) {
      expect((await refusal(world.clients.open('/browser', token))).data).to.include({ code: 'unauthenticated' });
    }
  });

  it('shows nothing of a verification that is not there, and lets the page come again', async () => {
    const socket = await connected(world.clients.open('/browser', 'waiter:ver_gone'));
    const [reason] = await next(socket, 'disconnect');
    expect(reason).to.equal('transport close');
    await until(() => world.watchers() === 0, 'nobody watches');
  });
});
