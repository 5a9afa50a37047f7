// The store fails at every call of every use case, before or after it has written: 503, nothing approved wrongly, and the same call again is told the same (law 5, S16).
import { expect } from 'chai';
import type { Caller } from '../../server/app/context.ts';
import { StoreUnavailableError } from '../../server/ports/store.ts';
import type { Verification } from '../../server/core/verification.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { makeKeyPair } from '../security/forge.ts';
import { enrollPhone, enrollRequest, type AppPhone } from '../support/app-phone.ts';
import { createFailingStore } from '../support/failing-store.ts';
import { told } from '../support/refusals.ts';

interface Scene {
  app: TestApp;
  phone: AppPhone;
  verification: Verification;
}

interface Case {
  what: string;
  /** Answers something to compare by. */
  call: (scene: Scene) => Promise<unknown>;
  answer: string;
  /** What the retry is told when the lost write had been done, where that is not the same answer. */
  again?: string;
  after: string;
}

const owner = ({ app }: Scene): Caller => ({ kind: 'relying-party', application: app.application });
const status = async (snapshot: Promise<{ verification: Verification }>) => (await snapshot).verification.status;
const answer = (scene: Scene, decision: string, number?: string) => {
  const { app, phone, verification } = scene;
  return status(app.verifications.decide(phone.device, phone.sign(verification, decision, number)));
};
const code = ({ app, verification }: Scene) => app.context.secrets.smsCode(verification.id, verification.codeSalt);
const wrongNumber = ({ verification }: Scene) => (verification.matching.number === '11' ? '12' : '11');

const cases: Case[] = [
  {
    what: 'an approval',
    call: (scene) => answer(scene, 'approve', scene.verification.matching.number),
    answer: 'approved',
    after: 'approved',
  },
  { what: 'a denial', call: (scene) => answer(scene, 'deny'), answer: 'denied', after: 'denied' },
  { what: 'a report', call: (scene) => answer(scene, 'report'), answer: 'denied', after: 'denied' },
  {
    what: 'a wrong number',
    call: (scene) => answer(scene, 'approve', wrongNumber(scene)),
    answer: 'number-incorrect 2',
    after: 'pending',
  },
  {
    what: 'an acknowledgement',
    call: async ({ app, phone, verification }) => {
      const { prompt } = await app.verifications.acknowledge(phone.device, verification.id, 'http');
      return prompt.rev;
    },
    answer: '3',
    after: 'pending',
  },
  {
    what: 'the right code',
    call: (scene) => status(scene.app.verifications.submitCode(owner(scene), scene.verification.id, code(scene))),
    answer: 'approved',
    again: 'already-decided approved',
    after: 'approved',
  },
  {
    what: 'a wrong code',
    call: (scene) => status(scene.app.verifications.submitCode(owner(scene), scene.verification.id, 'wrong')),
    answer: 'code-incorrect 4',
    again: 'code-incorrect 3',
    after: 'pending',
  },
  {
    what: 'a cancellation',
    call: (scene) => status(scene.app.verifications.cancel(owner(scene), scene.verification.id)),
    answer: 'canceled',
    after: 'canceled',
  },
  {
    what: 'a resend',
    call: (scene) => status(scene.app.verifications.resend(owner(scene), scene.verification.id)),
    answer: 'pending',
    again: 'resend-too-soon 60',
    after: 'pending',
  },
  {
    what: 'a reading',
    call: (scene) => status(scene.app.verifications.get(owner(scene), scene.verification.id)),
    answer: 'pending',
    after: 'pending',
  },
  {
    what: 'a reading after the deadline',
    call: async (scene) => {
      scene.app.clock.advance(scene.verification.expiresAt - scene.app.clock.now());
      return status(scene.app.verifications.get(owner(scene), scene.verification.id));
    },
    answer: 'expired',
    after: 'expired',
  },
];

async function inWords(call: Promise<unknown>): Promise<string> {
  const outcome = await told(call);
  if (outcome.ok) return String(outcome.value);
  const { code: name, extras } = outcome.refusal;
  const more = extras.attemptsLeft ?? extras.retryAfter ?? extras.verificationStatus;
  return more === undefined ? name : `${name} ${more}`;
}

describe('a store that fails', () => {
  let scene: Omit<Scene, 'verification'>;
  const failing = createFailingStore();
  beforeEach(async () => {
    const app = await createTestApp({ wrapStore: failing.wrap });
    scene = { app, phone: await enrollPhone(app, 'alice', { online: false, push: false }) };
    await app.users.put(app.application, 'alice', { phoneNumber: '+31612345678' });
  });
  afterEach(() => scene.app.kill());

  /** At its SMS step, old enough to be sent again, with an enrolled device. */
  const fresh = async (): Promise<Scene> => {
    const { app } = scene;
    const { verification } = await app.verifications.create(app.application, {
      userId: 'alice',
      action: 'Sign in',
      steps: ['socket', 'sms'],
    });
    await app.pass(30_000);
    const snapshot = await app.verifications.load(verification.id);
    if (snapshot === undefined) throw new Error('it is gone');
    return { ...scene, verification: snapshot.verification };
  };
  const stored = async ({ app, verification }: Scene) => (await app.verifications.load(verification.id))?.verification;

  for (const { what, call, answer: expected, again = expected, after } of cases) {
    for (const when of ['before', 'after'] as const) {
      it(`${when} it has written does no harm to ${what}`, async () => {
        const control = await fresh();
        expect(await inWords(call(control)), 'without a failure').to.equal(expected);
        for (let n = 1, isReached = true; isReached; n += 1) {
          const tried = await fresh();
          failing.failAt(n, when);
          const outcome = await inWords(call(tried)).catch((error: unknown) => error);
          isReached = failing.heal();
          if (!isReached) break;
          expect(outcome, `call ${n}`).to.be.instanceOf(StoreUnavailableError);
          const wasWritten = (await stored(tried))?.rev !== tried.verification.rev && when === 'after';
          expect(await inWords(call(tried)), `call ${n}, again`).to.equal(wasWritten ? again : expected);
          expect((await stored(tried))?.status).to.equal(after);
          expect(n).to.be.below(20);
        }
      });
    }
  }

  it('never tells anybody before it has written (S17)', async () => {
    const tried = await fresh();
    tried.app.hints.length = 0;
    failing.failAt(1, 'before', ['commit']);
    await answer(tried, 'deny').catch(() => undefined);
    expect(failing.heal()).to.equal(true);
    expect(tried.app.hints).to.deep.equal([]);
    expect(tried.app.measured.filter(({ name }) => name === 'verificationEnded')).to.deep.equal([]);
  });

  it('that loses one conflict after another is 503, never an approval', async () => {
    const tried = await fresh();
    const { commit } = tried.app.store;
    tried.app.store.commit = async () => ({ ok: false, conflict: 'stale', now: tried.app.clock.now() });
    const { number } = tried.verification.matching;
    let failure: unknown;
    await answer(tried, 'approve', number).catch((error: unknown) => {
      failure = error;
    });
    expect(failure).to.be.instanceOf(StoreUnavailableError);
    tried.app.store.commit = commit;
    expect((await stored(tried))?.status).to.equal('pending');
  });

  it('that says the deadline has come, in the write itself, ends it as expired (S5)', async () => {
    const tried = await fresh();
    const { commit } = tried.app.store;
    let isFirst = true;
    // The clock passes the deadline between the decision and the write.
    tried.app.store.commit = async (unit) => {
      if (isFirst) tried.app.clock.advance(tried.verification.expiresAt - tried.app.clock.now());
      isFirst = false;
      return commit(unit);
    };
    const refused = await inWords(answer(tried, 'approve', tried.verification.matching.number));
    expect(refused).to.equal('verification-expired expired');
    expect((await stored(tried))?.status).to.equal('expired');
    expect(
      tried.app.measured.filter(({ name }) => name === 'commitConflict').map(({ values }) => values),
    ).to.deep.equal([['late']]);
  });

  describe('that refuses every write as stale', () => {
    const token = 'vh_other_Zk3_9-Qw7RtYuIoP_aSdFgHjKlZxCvBnM_1234567-9';
    const calls: [string, (scene: Scene, prepared: { ticket: string; browser: string }) => Promise<unknown>][] = [
      ['creating', ({ app }) => app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' })],
      [
        'creating with a key',
        ({ app }) => app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' }, 'key'),
      ],
      ['canceling', (on) => on.app.verifications.cancel(owner(on), on.verification.id)],
      ['putting a user', ({ app }) => app.users.put(app.application, 'alice', { locale: 'nl' })],
      ['deleting a user', ({ app }) => app.users.remove(app.application, 'bob')],
      ['making an enrollment', ({ app }) => app.devices.createEnrollment(app.application, 'alice')],
      ['enrolling', ({ app }, { ticket }) => app.devices.enroll(ticket, enrollRequest(ticket, makeKeyPair()))],
      [
        'setting a push token',
        ({ app, phone }) => app.devices.setPushToken(phone.device, { provider: 'fcm', token: 't' }),
      ],
      ['revoking a device', ({ app, phone }) => app.devices.revoke(app.application.id, 'alice', phone.device.id)],
      [
        'revoking a browser',
        ({ app }, { browser }) => app.trustedBrowsers.revoke(app.application.id, 'alice', browser),
      ],
      [
        'registering an application',
        ({ app }) => app.applications.ensure(token, { name: 'Other', domain: 'other.test' }),
      ],
      [
        'renaming an application',
        ({ app }) => app.applications.ensure(app.apiKey, { name: 'Other', domain: 'other.test' }),
      ],
    ];
    for (const [what, call] of calls) {
      it(`${what} is given up as 503, and nothing has changed`, async () => {
        const tried = await fresh();
        const { app } = tried;
        await app.users.put(app.application, 'bob', {});
        const approved = await fresh();
        await answer(approved, 'approve', approved.verification.matching.number);
        const { trustToken } = await app.trustedBrowsers.grant(app.application, approved.verification.id, 1);
        const browser = trustToken.split('_').slice(0, 2).join('_');
        const { enrollmentToken: ticket } = await app.devices.createEnrollment(app.application, 'alice');
        const before = await Promise.all([
          app.users.get(app.application.id, 'alice'),
          stored(tried),
          app.applications.list(),
        ]);
        const { commit } = app.store;
        app.store.commit = async () => ({ ok: false, conflict: 'stale', now: app.clock.now() });
        const failure = await call(tried, { ticket, browser }).catch((error: unknown) => error);
        app.store.commit = commit;
        expect(failure).to.be.instanceOf(StoreUnavailableError);
        const after = await Promise.all([
          app.users.get(app.application.id, 'alice'),
          stored(tried),
          app.applications.list(),
        ]);
        expect(after).to.deep.equal(before);
      });
    }
  });

  it('whose clock was set back goes on where it is, and ends nothing early', async () => {
    const tried = await fresh();
    const { read } = tried.app.store;
    let isFirst = true;
    // The first read says that the deadline has passed; the second that it has not.
    tried.app.store.read = async (refs) => {
      const answered = await read(refs);
      const now = isFirst ? tried.verification.expiresAt : answered.now;
      isFirst = false;
      return { ...answered, now };
    };
    expect(await status(tried.app.verifications.get(owner(tried), tried.verification.id))).to.equal('pending');
  });
});
