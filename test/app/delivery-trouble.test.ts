// Delivery on bad days: retries, what is not wanted any more, ends in flight, and workers that come back late.
import { expect } from 'chai';
import { createDeliveryWorker } from '../../server/app/delivery-worker.ts';
import type { CreateRequest } from '../../server/app/create-verification.ts';
import type { Caller } from '../../server/app/context.ts';
import type { SimulatedResponse } from '../../server/channels/simulated.ts';
import type { DeliveryPreference } from '../../server/ports/records.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { enrollPhone } from '../support/app-phone.ts';
import { delivery } from '../support/delivery.ts';
import { settle } from '../support/settle.ts';

const phoneNumber = '+31612345678';

describe('delivery on a bad day', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp();
  });
  afterEach(() => app.kill());

  const create = async (over: Partial<CreateRequest> = {}) =>
    (await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in', ...over })).verification;
  const load = async ({ id }: { id: string }) => {
    const snapshot = await app.verifications.load(id);
    if (snapshot === undefined) throw new Error('it is gone');
    return snapshot.verification;
  };
  const owner = (): Caller => ({ kind: 'relying-party', application: app.application });
  const respond = (...responses: SimulatedResponse[]) =>
    app.outbox.respond(() => responses.shift() ?? { kind: 'accepted', provider: 'simulated' });
  const attempts = async ({ id }: { id: string }) =>
    (await app.verifications.timeline(app.application, id)).entries.filter(({ type }) => type === 'attempt');
  const offline = (options = {}) => enrollPhone(app, 'alice', { online: false, ...options });
  const reachable = (preference: DeliveryPreference = 'push_then_sms') =>
    app.users.put(app.application, 'alice', { phoneNumber, delivery: preference });

  describe('that fails for a while', () => {
    it('is tried again after its backoff, under the same id, three times at most', async () => {
      await using steady = await createTestApp({ random: { fraction: () => 0.999 } });
      await steady.users.put(steady.application, 'alice', { phoneNumber });
      const seen: [number, string][] = [];
      steady.outbox.respond(({ message }) => {
        seen.push([steady.clock.now() - born, message.dedupeId]);
        return { kind: 'unreachable', outcome: 'not-sent', reason: 'refused' };
      });
      const born = steady.clock.now();
      const { verification } = await steady.verifications.create(steady.application, {
        userId: 'alice',
        action: 'Sign in',
      });
      for (let ms = 0; ms < 3_000; ms += 1) await steady.pass(ms === 0 ? 0 : 1);
      const id = `${verification.id}.sms.1.phone`;
      expect(seen).to.deep.equal([
        [0, id],
        [499, id],
        [499 + 999, id],
      ]);
      const after = await steady.verifications.load(verification.id);
      expect(after?.verification.status).to.equal('undeliverable');
    });

    it('waits as long as the provider asked', async () => {
      await reachable();
      respond({ kind: 'throttled', reason: '429', retryAfterMs: 7_000 });
      await create();
      await app.work();
      await app.pass(6_999);
      expect(app.outbox.messages()).to.deep.equal([]);
      await app.pass(1);
      expect(app.outbox.messages()).to.have.length(1);
    });
  });

  describe('of what is not wanted any more', () => {
    it('does not happen after the end (S9)', async () => {
      await reachable();
      await offline();
      for (const end of ['cancel', 'expire'] as const) {
        const verification = await create();
        if (end === 'cancel') await app.verifications.cancel(owner(), verification.id);
        else app.clock.advance(300_000);
        await app.work();
        expect(app.outbox.messages(), end).to.deep.equal([]);
      }
    });

    it('does not happen after the deadline, although the message was claimed before it', async () => {
      await reachable();
      const verification = await create();
      const { messages } = await app.store.claimOutbox({ topics: ['sms'], limit: 9, leaseMs: 1_000 });
      expect(messages).to.have.length(1);
      app.clock.advance(300_000);
      await app.workers.sms.runOnce();
      expect(app.outbox.messages()).to.deep.equal([]);
      expect((await load(verification)).status).to.equal('expired');
    });

    /** Something happens after the worker has claimed, and before it looks. */
    const afterClaim = (happens: () => Promise<unknown>) => {
      const { claimOutbox } = app.store;
      app.store.claimOutbox = async (options) => {
        const claimed = await claimOutbox(options);
        app.store.claimOutbox = claimOutbox;
        await happens();
        return claimed;
      };
    };

    it('does not happen when it ended between the claim and the sending (S9)', async () => {
      await reachable();
      const verification = await create();
      afterClaim(() => app.verifications.cancel(owner(), verification.id));
      await app.workers.sms.runOnce();
      expect(app.outbox.messages()).to.deep.equal([]);
      expect(await attempts(verification)).to.deep.equal([]);
    });

    it('does not happen when it was sent again between the claim and the sending', async () => {
      await reachable();
      const verification = await create();
      app.clock.advance(30_000);
      afterClaim(() => app.verifications.resend(owner(), verification.id));
      await app.workers.sms.runOnce();
      const ids = app.outbox.messages().map(({ message }) => message.dedupeId);
      expect(ids).to.deep.equal([`${verification.id}.sms.2.phone`]);
    });

    it('fails by its name when the provider was taken out of service meanwhile', async () => {
      await reachable();
      const bySms = await create();
      await offline();
      const byPush = await create();
      app.context.channels = { push: undefined, sms: undefined };
      await app.work();
      expect(delivery(await load(bySms))).to.include({ sms: 'failed: not-configured' });
      expect(delivery(await load(byPush))).to.include({
        push: 'failed: not-configured',
        sms: 'skipped: not-configured',
      });
    });

    it('takes back the pushes that wait when a device acknowledges', async () => {
      const phone = await offline();
      await reachable();
      respond({ kind: 'throttled', reason: '429', retryAfterMs: 5_000 });
      const verification = await create();
      await app.work();
      await app.verifications.acknowledge(phone.device, verification.id, 'socket');
      await app.pass(50_000);
      expect(app.outbox.messages()).to.deep.equal([]);
    });
  });

  describe('in flight while the verification ends', () => {
    for (const how of ['approved', 'acknowledged'] as const) {
      it(`is noted in the timeline, and changes nothing else: ${how}`, async () => {
        const phone = await offline();
        const verification = await create();
        const { push } = app.outbox;
        app.context.channels.push = {
          ...push,
          send: async (message, signal) => {
            const result = await push.send(message, signal);
            const jws = phone.sign(verification, 'approve', verification.matching.number);
            if (how === 'approved') await app.verifications.decide(phone.device, jws);
            else await app.verifications.acknowledge(phone.device, verification.id, 'socket');
            return result;
          },
        };
        await app.work();
        expect(await attempts(verification)).to.have.length(1);
        expect((await attempts(verification))[0]).to.include({
          step: 'push',
          status: 'accepted',
          deviceId: phone.device.id,
        });
        expect((await load(verification)).status).to.equal(how === 'approved' ? 'approved' : 'pending');
        await app.pass(60_000);
        expect(app.outbox.messages()).to.have.length(1);
      });
    }
  });

  describe('by a worker that was away longer than its lease', () => {
    it('changes nothing when another has taken over; both sends carry the same id (S11, S12)', async () => {
      await reachable();
      const verification = await create();
      let answer: (() => void) | undefined;
      const hung = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const slow = createDeliveryWorker(
        {
          ...app.context,
          channels: {
            push: undefined,
            sms: {
              provider: 'slow',
              send: async (message, signal) => {
                await hung;
                await app.outbox.sms.send(message, signal);
                return { kind: 'rejected', reason: 'late' };
              },
            },
          },
        },
        'sms',
      );
      const paused = slow.runOnce();
      await settle();
      app.clock.advance(12_001);
      await app.work();
      const accepted = await load(verification);
      expect(delivery(accepted)).to.include({ sms: 'accepted' });
      answer?.();
      await paused;
      expect(await load(verification)).to.deep.equal(accepted);
      const [sent, ...others] = app.outbox.messages();
      expect(others).to.deep.equal([]);
      expect(sent?.copies).to.equal(2);
    });
  });
});
