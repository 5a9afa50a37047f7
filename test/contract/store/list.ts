// Lists: by kind and owner, oldest first, never across the tenant wall.
import { expect } from 'chai';
import type { Put } from '../../../server/ports/store.ts';
import { givenStore } from './each.ts';
import { applicationOf, approvedOf, deviceOf, enrollmentOf, expiredOf, laterOf, mustCommit, nowOf } from './fixture.ts';
import { pendingOf, putOf, someUser, soon, trustedBrowserOf, userOf, type OpenFixture } from './fixture.ts';

export function describeList(open: OpenFixture): void {
  describe('list', () => {
    const given = givenStore(open);
    const put = async (...puts: Put[]): Promise<void> => {
      for (const one of puts) await mustCommit(given.store, { puts: [one] });
    };

    it('answers the devices of one user, oldest first, revoked ones included', async () => {
      const user = someUser();
      const [newest, oldest, revoked] = [30, 10, 20].map((createdAt) => deviceOf(user, { createdAt }));
      await put(...[newest!, oldest!, revoked!].map((record): Put => ({ kind: 'device', record })));
      const gone = { ...revoked!, rev: 2, revokedAt: 25 };
      await put({ kind: 'device', record: gone });
      const { records, now, total } = await given.store.list({ kind: 'device', ...user });
      expect(records).to.deep.equal([oldest, gone, newest]);
      expect(now).to.be.a('number');
      expect(total).to.equal(3);
    });

    it('answers the trusted browsers of one user, oldest first, without removed ones', async () => {
      const user = someUser();
      const [second, first, removed] = [20, 10, 5].map((createdAt) => trustedBrowserOf(user, { createdAt }));
      await put(...[second!, first!, removed!].map((record): Put => ({ kind: 'trusted-browser', record })));
      await mustCommit(given.store, { removes: [{ kind: 'trusted-browser', id: removed!.id }] });
      const { records } = await given.store.list({ kind: 'trusted-browser', ...user });
      expect(records).to.deep.equal([first, second]);
    });

    it('answers pending verifications only, oldest first, as they are now', async () => {
      const user = someUser();
      const due = (await nowOf(given.store)) + soon;
      const [third, first, second, expired, approved] = [30, 10, 20, 5, 6].map((createdAt) =>
        pendingOf(user, due, { createdAt }),
      );
      await put(putOf(third!), putOf(first!), putOf(second!), putOf(expired!), putOf(approved!));
      await put(
        putOf(expiredOf(expired!)),
        putOf(approvedOf(approved!, 'dev')),
        putOf(laterOf(first!, { dueAt: due + 9 })),
      );
      const { records } = await given.store.list({ kind: 'verification', ...user });
      expect(records).to.deep.equal([laterOf(first!, { dueAt: due + 9 }), second, third]);
    });

    it('answers all applications, oldest first', async () => {
      const [b, a] = [applicationOf({ createdAt: 2 }), applicationOf({ createdAt: 1 })];
      await put({ kind: 'application', record: b }, { kind: 'application', record: a });
      await put({ kind: 'device', record: deviceOf(someUser()) });
      expect((await given.store.list({ kind: 'application' })).records).to.deep.equal([a, b]);
    });

    it('keeps applications, users and kinds apart', async () => {
      const user = someUser();
      const others = [
        someUser({ userId: user.userId }),
        { ...user, userId: 'bob' },
        { ...user, userId: 'Alice' },
        { ...user, userId: 'alice ' },
        { ...user, userId: 'alice/x' },
        { ...user, userId: '%' },
      ];
      for (const other of others) {
        await put(
          { kind: 'device', record: deviceOf(other) },
          { kind: 'trusted-browser', record: trustedBrowserOf(other) },
        );
        await put(putOf(pendingOf(other, (await nowOf(given.store)) + soon)));
      }
      await put({ kind: 'user', record: userOf(user) }, { kind: 'enrollment', record: enrollmentOf(user) });
      for (const kind of ['device', 'trusted-browser', 'verification'] as const) {
        expect((await given.store.list({ kind, ...user })).records).to.deep.equal([]);
        for (const other of others) expect((await given.store.list({ kind, ...other })).records).to.have.length(1);
      }
    });
  });
}
