// Reading and writing: what is put is what is read.
import { expect } from 'chai';
import { idempotencyKey, smsCounterKey, type SmsCounterRecord } from '../../../server/ports/records.ts';
import { givenStore } from './each.ts';
import { deviceOf, enrollmentOf, expiredOf, idFor, laterOf, mustCommit, nowOf, pendingOf, putOf } from './fixture.ts';
import { someUser, soon, trustedBrowserOf, userOf, type OpenFixture } from './fixture.ts';

export function describeCommit(open: OpenFixture): void {
  describe('read and commit', () => {
    const given = givenStore(open);

    it('reads what was put, in the order asked, undefined where there is none', async () => {
      const user = someUser();
      const [device, person] = [deviceOf(user), userOf(user)];
      const pending = pendingOf(user, (await nowOf(given.store)) + soon);
      await mustCommit(given.store, {
        puts: [{ kind: 'device', record: device }, putOf(pending), { kind: 'user', record: person }],
      });
      const { records } = await given.store.read([
        { kind: 'user', id: person.id },
        { kind: 'device', id: idFor('dev', user) },
        { kind: 'verification', id: pending.id },
        { kind: 'device', id: device.id },
        { kind: 'user', id: person.id },
      ]);
      expect(records).to.deep.equal([person, undefined, pending, device, person]);
    });

    it('keeps ids of different kinds apart', async () => {
      const user = someUser();
      const [device, trusted] = [deviceOf(user), trustedBrowserOf(user)];
      const twin = { ...trusted, id: device.id };
      await mustCommit(given.store, { puts: [{ kind: 'device', record: device }] });
      await mustCommit(given.store, { puts: [{ kind: 'trusted-browser', record: twin }] });
      const { records } = await given.store.read([
        { kind: 'device', id: device.id },
        { kind: 'trusted-browser', id: device.id },
        { kind: 'enrollment', id: device.id },
      ]);
      expect(records).to.deep.equal([device, twin, undefined]);
    });

    it('keeps every kind of record', async () => {
      const user = someUser();
      const enrollment = enrollmentOf(user);
      const key = { id: 'k1', rev: 1, applicationId: user.applicationId, secretHash: 'h', createdAt: 1 };
      const idempotency = {
        id: idempotencyKey(user.applicationId, 'hash'),
        rev: 1,
        bodyHash: 'b',
        verificationId: idFor('ver', user),
        createdAt: 1,
      };
      const hub = { id: 'hub', rev: 1, signingKeys: [{ kid: 'a', jwk: { kty: 'EC' }, createdAt: 1 }], codeKey: 'c' };
      const counterId = smsCounterKey(user.applicationId, 'country', 'hash');
      const counter: SmsCounterRecord = { id: counterId, rev: 1, scope: 'country', recent: [[60_000, 2]] };
      await mustCommit(given.store, { puts: [{ kind: 'enrollment', record: enrollment }] });
      await mustCommit(given.store, { puts: [{ kind: 'api-key', record: key }] });
      await mustCommit(given.store, { puts: [{ kind: 'idempotency', record: idempotency }] });
      await mustCommit(given.store, { puts: [{ kind: 'hub-keys', record: hub }] });
      await mustCommit(given.store, { puts: [{ kind: 'sms-counter', record: counter, forgetAt: 2 }] });
      const { records } = await given.store.read([
        { kind: 'enrollment', id: enrollment.id },
        { kind: 'api-key', id: key.id },
        { kind: 'idempotency', id: idempotency.id },
        { kind: 'hub-keys', id: hub.id },
        { kind: 'sms-counter', id: counter.id },
      ]);
      expect(records).to.deep.equal([enrollment, key, idempotency, hub, counter]);
    });

    it('gives back fields that it does not know, and every JSON value as it was', async () => {
      const user = someUser({ userId: 'Zoë/😀 "quoted" \\ 100%' });
      const odd = {
        future: { list: [], map: {}, nothing: null, yes: true, zero: 0, float: 0.1, large: 1_767_225_600_123 },
        text: 'é\u2028\u0000😀\'";--',
        long: 'x'.repeat(20_000),
      };
      const device = { ...deviceOf(user), ...odd };
      const pending = { ...pendingOf(user, (await nowOf(given.store)) + soon), ...odd };
      await mustCommit(given.store, { puts: [{ kind: 'device', record: device }, putOf(pending)] });
      const store = await given.again();
      const { records } = await store.read([
        { kind: 'device', id: device.id },
        { kind: 'verification', id: pending.id },
      ]);
      expect(records).to.deep.equal([device, pending]);
    });

    it('keeps what was handed in, whatever its caller does to it afterwards', async () => {
      const device = deviceOf(someUser());
      const committing = given.store.commit({ puts: [{ kind: 'device', record: device }] });
      device.name = 'changed';
      await committing;
      const ref = { kind: 'device', id: device.id } as const;
      const first = await given.store.read([ref]);
      expect(first.records[0]?.name).to.equal('Pixel');
      Object.assign(first.records[0] ?? {}, { name: 'changed' });
      expect((await given.store.read([ref])).records[0]?.name).to.equal('Pixel');
    });

    it('removes records, and lets them be put anew from rev 1', async () => {
      const user = someUser();
      const record = userOf(user);
      const ref = { kind: 'user', id: record.id } as const;
      await mustCommit(given.store, { puts: [{ kind: 'user', record }] });
      await mustCommit(given.store, { removes: [ref, { kind: 'device', id: idFor('dev', user) }] });
      expect((await given.store.read([ref])).records).to.deep.equal([undefined]);
      expect(await given.store.commit({ puts: [{ kind: 'user', record: { ...record, rev: 2 } }] })).to.include({
        conflict: 'stale',
      });
      await mustCommit(given.store, { puts: [{ kind: 'user', record }] });
    });

    it('removes a verification with its due time and its timeline', async () => {
      const pending = pendingOf(someUser(), (await nowOf(given.store)) - 10);
      const timeline = { verificationId: pending.id, entries: [{ at: 1, type: 'created' as const }] };
      await mustCommit(given.store, { puts: [putOf(pending)], timeline });
      await mustCommit(given.store, { removes: [{ kind: 'verification', id: pending.id }] });
      expect((await given.store.claimDue({ limit: 9, leaseMs: 1 })).claims).to.deep.equal([]);
      expect((await given.store.timeline(pending.id)).entries).to.deep.equal([]);
    });

    it('takes an empty unit, and tells the time with every answer', async () => {
      const before = await nowOf(given.store);
      const now = await mustCommit(given.store, {});
      expect(now).to.be.at.least(before);
      await given.advance(5_000);
      expect(await nowOf(given.store)).to.be.at.least(before + 5_000);
    });

    it('keeps the timeline in the order of the commits, and of the entries in one', async () => {
      const now = await nowOf(given.store);
      const pending = pendingOf(someUser(), now + soon);
      const other = pendingOf(someUser(), now + soon);
      await mustCommit(given.store, {
        puts: [putOf(pending)],
        timeline: {
          verificationId: pending.id,
          entries: [
            { at: now, type: 'created' },
            { at: now, type: 'step', step: 'socket' },
          ],
        },
      });
      await mustCommit(given.store, {
        puts: [putOf(other)],
        timeline: { verificationId: other.id, entries: [{ at: now, type: 'created' }] },
      });
      await mustCommit(given.store, {
        timeline: { verificationId: pending.id, entries: [{ at: now - 5, type: 'receipt' }] },
      });
      await mustCommit(given.store, {
        puts: [putOf(expiredOf(laterOf(pending, { rev: 1 })))],
        timeline: { verificationId: pending.id, entries: [{ at: now, type: 'ended', status: 'expired' }] },
      });
      const { entries } = await given.store.timeline(pending.id);
      expect(entries.map(({ type }) => type)).to.deep.equal(['created', 'step', 'receipt', 'ended']);
      expect(entries[1]).to.deep.equal({ at: now, type: 'step', step: 'socket' });
      expect((await given.store.timeline(idFor('ver', someUser()))).entries).to.deep.equal([]);
    });
  });
}
