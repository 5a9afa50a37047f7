// Every field of every body, wrong in every way: a problem that points at it, and a hub that goes on as before.
import { expect } from 'chai';
import { badFields, operationsWithBody } from '../support/bad-values.ts';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { enrollmentBody, enrollPhone, makeKeys, type Phone } from '../support/phone.ts';
import { startVerification, type Started } from '../support/rest-scenes.ts';

interface Scene {
  hub: CheckedHub;
  phone: Phone;
  pending: Started;
  enrollmentToken: string;
}

/** A good body with every field; `{}` for calls that take none. */
const examples: Record<string, () => unknown> = {
  createVerification: () => ({
    userId: 'alice',
    action: 'Sign in',
    details: [{ label: 'Amount', value: '1 EUR' }],
    context: { ip: '203.0.113.7', userAgent: 'Firefox', location: 'Utrecht' },
    matching: { mode: 'enter', digits: 2 },
    steps: ['socket'],
    lifetimeSeconds: 300,
    trustToken: 'tru_x',
    session: 's',
    stepUp: true,
    locale: 'en',
  }),
  submitCode: () => ({ code: '123456' }),
  resendVerification: () => ({ step: 'sms' }),
  cancelVerification: () => ({}),
  trustBrowser: () => ({ days: 7 }),
  putUser: () => ({ phoneNumber: '+31612345678', locale: 'en', delivery: 'push' }),
  createEnrollment: () => ({ deviceName: 'Phone' }),
  enrollDevice: () => {
    const keys = makeKeys();
    const said = { ext: true, key_ops: ['verify'], alg: 'ES256', use: 'sig', kid: 'k1' };
    return {
      ...enrollmentBody('http://hub.test', 'enr_x', keys),
      signingKey: { ...keys.signing.jwk, ...said },
      encryptionKey: { ...keys.encryption.jwk, ...said },
      pushToken: { provider: 'simulated', token: 'abc' },
    };
  },
  acknowledgePrompt: () => ({}),
  decidePrompt: () => ({ decision: 'a.b.c' }),
  putPushToken: () => ({ provider: 'simulated', token: 'abc' }),
  putPreferences: () => ({ delivery: 'push' }),
};

describe('bad input', () => {
  let scene: Scene;
  before(async () => {
    const hub = await startCheckedHub();
    const phone = await enrollPhone(hub, 'alice');
    const { body } = await hub.call('POST', '/v1/users/alice/enrollments');
    scene = {
      hub,
      phone,
      pending: await startVerification(hub, 'alice'),
      enrollmentToken: String(body['enrollmentToken']),
    };
  });
  after(() => scene.hub.close());

  it('has an example for every operation with a body', () => {
    expect(operationsWithBody().map(({ operation }) => operation)).to.have.members(Object.keys(examples));
  });

  for (const { operation, method, path, schema } of operationsWithBody()) {
    const example = examples[operation]?.();
    for (const { pointer, cases } of badFields(schema, example)) {
      it(`${operation}: ${pointer} in ${cases.length} wrong ways`, async () => {
        for (const { what, pointer: place, body } of cases) {
          const reply = await send(scene, method, path, body);
          expect([reply.status, reply.body['code']], what).to.deep.equal([422, 'invalid']);
          const pointed = (reply.body['errors'] as { pointer: string; detail: string }[]).map((error) => error.pointer);
          expect(
            pointed.some((each) => each === place || each.startsWith(`${place}/`)),
            `${what}: ${pointed.join()}`,
          ).to.equal(true);
        }
        await expectUnharmed(scene);
      });
    }
  }

  const keys: [what: string, key: string][] = [
    ['too long', 'k'.repeat(256)],
    ['empty', ''],
    ['not ASCII', 'clé'],
    ['with a tab', 'a\tb'],
  ];
  for (const [what, key] of keys) {
    it(`createVerification: an Idempotency-Key ${what}`, async () => {
      const body = { userId: 'alice', action: 'Sign in' };
      const reply = await scene.hub.call('POST', '/v1/verifications', { body, headers: { 'idempotency-key': key } });
      expect([reply.status, reply.body['code']]).to.deep.equal([422, 'invalid']);
      expect((reply.body['errors'] as { pointer: string }[])[0]?.pointer).to.equal('/headers/idempotency-key');
    });
  }

  it('createVerification: an Idempotency-Key of 255 characters is fine', async () => {
    const headers = { 'idempotency-key': `!~ ${'k'.repeat(252)}` };
    const reply = await scene.hub.call('POST', '/v1/verifications', {
      body: { userId: 'alice', action: 'x' },
      headers,
    });
    expect(reply.status).to.equal(201);
  });
});

function send({ hub, phone, pending, enrollmentToken }: Scene, method: string, template: string, body: unknown) {
  const path = template.replace('{id}', pending.id).replace('{userId}', 'alice');
  if (path === '/v1/devices') return hub.call(method, path, { body, token: enrollmentToken });
  return hub.call(method, path, path.startsWith('/v1/device/') ? { body, token: phone.token() } : { body });
}

/** Nothing of it has left a trace, and a good request works. */
async function expectUnharmed({ hub, pending, phone }: Scene): Promise<void> {
  const { body } = await hub.call('GET', `/v1/verifications/${pending.id}`);
  expect(body['verification']).to.deep.include({ status: 'pending', code: { acceptable: false, attemptsLeft: 5 } });
  const good = await hub.call('GET', '/v1/device/preferences', { token: phone.token() });
  expect([good.status, good.body['delivery']]).to.deep.equal([200, 'push_then_sms']);
  expect((await hub.call('POST', '/v1/verifications', { body: { userId: 'bob', action: 'Sign in' } })).status).to.equal(
    201,
  );
}
