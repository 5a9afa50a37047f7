// The wall between tenants: every route with no credential, a broken one, another kind, and another application's.
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import type { Reply } from '../support/hub.ts';
import { readOpenapi } from '../support/openapi-check.ts';
import { createPhone, enrollmentBody, enrollPhone, makeKeys, signJws, type Phone } from '../support/phone.ts';
import { approve, startVerification, verificationOf, type Started } from '../support/rest-scenes.ts';

interface Operation {
  operation: string;
  method: string;
  path: string;
  schemes: string[];
}

const operations: Operation[] = Object.entries(readOpenapi().paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({
    operation: described.operationId,
    method: method.toUpperCase(),
    path,
    schemes:
      (described as { security?: Record<string, unknown>[] }).security?.flatMap((each) => Object.keys(each)) ?? [],
  })),
);
const guarded = operations.filter(({ path, schemes }) => path.startsWith('/v1/') && schemes.length > 0);

describe('the wall', () => {
  let hub: CheckedHub;
  let otherKey: string;
  let ours: { pending: Started; approved: Started; phone: Phone };
  let theirs: { phone: Phone; started: Started };

  before(async () => {
    hub = await startCheckedHub();
    otherKey = await hub.addApplication('Other Bank');
    const { phone, ...approved } = await approve(hub, 'alice');
    await hub.call('POST', `/v1/verifications/${approved.id}/trust`);
    ours = { phone, approved, pending: await startVerification(hub, 'alice') };
    const foreign = {
      ...hub,
      call: (method: string, path: string, options = {}) => hub.call(method, path, { token: otherKey, ...options }),
    };
    theirs = { phone: await enrollForeign(hub, otherKey), started: await startVerification(foreign, 'alice') };
  });
  after(() => hub.close());

  const placeOf = (path: string) =>
    path
      .replace('{userId}', 'alice')
      .replace('{deviceId}', ours.phone.deviceId)
      .replace('trusted-browsers/{id}', `trusted-browsers/${ours.approved.id.replace('ver_', 'tru_')}`)
      .replace('{id}', ours.pending.id);

  it('stands before every route of /v1', () => {
    expect(operations.filter(({ path }) => path.startsWith('/v1/')).map(({ operation }) => operation)).to.deep.equal(
      guarded.map(({ operation }) => operation),
    );
  });

  describe('without a good credential', () => {
    const bad: [what: string, header: () => string | null][] = [
      ['none', () => null],
      ['an empty one', () => ''],
      ['another scheme', () => `Basic ${Buffer.from(`${hub.apiKey}:`).toString('base64')}`],
      ['a bare key', () => hub.apiKey],
      ['a scheme alone', () => 'Bearer'],
      ['two credentials', () => `Bearer ${hub.apiKey} ${hub.apiKey}`],
      ['a key with a wrong secret', () => `Bearer ${hub.apiKey.slice(0, -1)}X`],
      ['a key with a longer secret', () => `Bearer ${hub.apiKey}A`],
      ['an unknown key', () => `Bearer vh_nobody_${'Ab3'.repeat(15)}`],
      ['a key id alone', () => 'Bearer vh_test0001_'],
      ['an endless key', () => `Bearer vh_test0001_${'A'.repeat(8000)}`],
      ['an unsigned token', () => `Bearer ${unsigned(hub, ours)}`],
      [
        'the stored hash of the secret',
        () => `Bearer vh_test0001_${createHash('sha256').update(hub.apiKey.slice(12)).digest('base64url')}`,
      ],
      ['the name of a property', () => 'Bearer __proto__'],
    ];
    for (const [what, header] of bad) {
      it(`answers ${what} with 401 on each of ${guarded.length} routes`, async () => {
        for (const { operation, method, path } of guarded) {
          const value = header();
          const headers: Record<string, string> = value === null ? {} : { authorization: value };
          const { status, body } = await hub.call(method, placeOf(path), { token: null, headers });
          expect([status, body['code']], operation).to.deep.equal([401, 'unauthenticated']);
        }
      });
    }
  });

  describe('with a credential of another kind', () => {
    const kinds: [scheme: string, token: () => string][] = [
      ['apiKey', () => hub.apiKey],
      ['waiterToken', () => ours.pending.waiterToken],
      ['deviceToken', () => ours.phone.token()],
    ];
    for (const [scheme, token] of kinds) {
      const others = guarded.filter(({ schemes }) => !schemes.includes(scheme));
      it(`answers a good ${scheme} with 401 on each of ${others.length} routes that want another`, async () => {
        for (const { operation, method, path } of others) {
          const { status, body } = await hub.call(method, placeOf(path), { token: token() });
          expect([status, body['code']], operation).to.deep.equal([401, 'unauthenticated']);
        }
      });
    }
  });

  describe("with another application's key", () => {
    const asOther = (method: string, path: string, body?: unknown) =>
      hub.call(method, path, { token: otherKey, ...(body === undefined ? {} : { body }) });

    const bodies: Record<string, unknown> = { submitCode: { code: '123456' } };
    const addressed = guarded.filter(
      ({ path, schemes }) => schemes.includes('apiKey') && /\{(id|deviceId)\}/.test(path),
    );
    for (const { operation, method, path } of addressed) {
      it(`${operation}: what is there and what is not look the same`, async () => {
        const there = await asOther(method, placeOf(path), bodies[operation]);
        const missing = await asOther(
          method,
          placeOf(path).replace(/(ver|dev|tru)_\w+/, `$1_${'0'.repeat(34)}`),
          bodies[operation],
        );
        expect([there.status, there.body['code']]).to.deep.equal([404, 'not-found']);
        expect(faceOf(there)).to.deep.equal(faceOf(missing));
      });
    }

    it('sees a user of its own, however the other one is called', async () => {
      await hub.call('PUT', '/v1/users/dora', { body: { phoneNumber: '+31612345678' } });
      expect((await asOther('GET', '/v1/users/dora')).status).to.equal(404);
      expect((await asOther('DELETE', '/v1/users/dora')).status).to.equal(404);
      await asOther('PUT', '/v1/users/dora', { locale: 'fr' });
      const { body } = await asOther('GET', '/v1/users/dora');
      expect(body['user']).to.deep.include({ locale: 'fr', delivery: 'push_then_sms' });
      expect(body['user']).not.to.have.property('phoneNumber');
      await asOther('DELETE', '/v1/users/dora');
      expect((await hub.call('GET', '/v1/users/dora')).body['user']).to.deep.include({ phoneNumber: '+31612345678' });
    });

    it('lists nothing of ours', async () => {
      const devices = (await asOther('GET', '/v1/users/alice/devices')).body['devices'] as { id: string }[];
      expect(devices.map(({ id }) => id)).to.deep.equal([theirs.phone.deviceId]);
      expect((await asOther('GET', '/v1/users/alice/trusted-browsers')).body['trustedBrowsers']).to.deep.equal([]);
    });

    it('shares no idempotency keys', async () => {
      const options = { body: { userId: 'alice', action: 'Sign in' }, headers: { 'idempotency-key': 'shared' } };
      const mine = await hub.call('POST', '/v1/verifications', options);
      const other = await hub.call('POST', '/v1/verifications', {
        ...options,
        token: otherKey,
        body: { userId: 'alice', action: 'Else' },
      });
      expect([mine.status, other.status]).to.deep.equal([201, 201]);
      expect(verificationOf(mine).id).not.to.equal(verificationOf(other).id);
    });
  });

  describe('for a waiting page', () => {
    it('opens one verification only', async () => {
      const other = await startVerification(hub, 'alice');
      const calls: [string, string, unknown?][] = [
        ['GET', ''],
        ['POST', '/code', { code: '123456' }],
        ['POST', '/resend'],
        ['POST', '/cancel'],
      ];
      for (const [method, rest, body] of calls) {
        for (const token of [other.waiterToken, theirs.started.waiterToken]) {
          const path = `/v1/verifications/${ours.pending.id}${rest}`;
          const reply = await hub.call(method, path, { token, ...(body === undefined ? {} : { body }) });
          expect([reply.status, reply.body['code']], path).to.deep.equal([404, 'not-found']);
        }
      }
      const { status } = await hub.call('GET', `/v1/verifications/${ours.pending.id}`, {
        token: ours.pending.waiterToken,
      });
      expect(status).to.equal(200);
    });

    it('takes no result token for a waiter token', async () => {
      const { body } = await hub.call('GET', `/v1/verifications/${ours.approved.id}`);
      const { resultToken } = body['verification'] as { resultToken: string };
      expect((await hub.call('GET', `/v1/verifications/${ours.approved.id}`, { token: resultToken })).status).to.equal(
        401,
      );
    });
  });

  describe('for a device', () => {
    it("finds nothing of another application's user of the same name, nor of another user", async () => {
      const neighbour = await enrollPhone(hub, 'bob');
      const { id } = ours.pending;
      for (const phone of [theirs.phone, neighbour]) {
        const decision = phone.decision({ id, challenge: 'x' }, 'deny');
        const acknowledged = await hub.call('POST', `/v1/device/prompts/${id}/acknowledge`, { token: phone.token() });
        const decided = await hub.call('POST', `/v1/device/prompts/${id}/decision`, {
          token: phone.token(),
          body: { decision },
        });
        expect([acknowledged.status, decided.status]).to.deep.equal([404, 404]);
        const { body } = await hub.call('GET', '/v1/device/prompts', { token: phone.token() });
        expect((body['prompts'] as { id: string }[]).map((prompt) => prompt.id)).not.to.include(id);
        const trusted = ours.approved.id.replace('ver_', 'tru_');
        expect(
          (await hub.call('DELETE', `/v1/device/trusted-browsers/${trusted}`, { token: phone.token() })).status,
        ).to.equal(404);
      }
      expect(verificationOf(await hub.call('GET', `/v1/verifications/${id}`)).status).to.equal('pending');
    });

    it('is closed to a removed device, and to one that claims to be another', async () => {
      const removed = await enrollPhone(hub, 'bob');
      await hub.call('DELETE', `/v1/users/bob/devices/${removed.deviceId}`);
      const impostor = createPhone(hub, ours.phone.deviceId, makeKeys());
      for (const { operation, method, path } of guarded.filter(({ schemes }) => schemes.includes('deviceToken'))) {
        for (const phone of [removed, impostor]) {
          expect((await hub.call(method, placeOf(path), { token: phone.token() })).status, operation).to.equal(401);
        }
      }
    });
  });
});

function faceOf({ status, body }: Reply) {
  return { status, ...body, requestId: undefined };
}

async function enrollForeign(hub: CheckedHub, token: string): Promise<Phone> {
  const ticket = await hub.call('POST', '/v1/users/alice/enrollments', { token });
  return enrollWith(hub, String(ticket.body['enrollmentToken']));
}

async function enrollWith(hub: CheckedHub, token: string): Promise<Phone> {
  const keys = makeKeys();
  const { body } = await hub.call('POST', '/v1/devices', { token, body: enrollmentBody(hub.origin, token, keys) });
  return createPhone(hub, String(body['deviceId']), keys);
}

/** As a waiter or device token, but with an empty signature. */
function unsigned(hub: CheckedHub, { pending }: { pending: Started }): string {
  const { signing } = makeKeys();
  const claims = { iss: hub.origin, aud: hub.origin, sub: pending.id, exp: 4e9, iat: 0 };
  const [, payload] = signJws(signing.privateKey, {}, claims).split('.');
  return `${Buffer.from('{"alg":"none","typ":"waiter+jwt"}').toString('base64url')}.${payload}.`;
}
