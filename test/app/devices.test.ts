// Devices: enrolled once with proof of possession, told again when the reply was lost, recognised, revoked at once.
import { expect } from 'chai';
import type { EnrollRequest } from '../../server/app/devices.ts';
import { viewDevice } from '../../server/app/views.ts';
import { StoreUnavailableError } from '../../server/ports/store.ts';
import { createTestApp, origin, bankWebhook, type TestApp } from '../support/app.ts';
import { enrollPhone, enrollRequest, type AppPhone } from '../support/app-phone.ts';
import { createFailingStore } from '../support/failing-store.ts';
import { codeOf, refusalOf, told } from '../support/refusals.ts';
import { forge, makeKeyPair, type KeyPair } from '../security/forge.ts';

const minute = 60_000;

describe('enrolling a device', () => {
  let app: TestApp;
  const failing = createFailingStore();
  beforeEach(async () => {
    app = await createTestApp({ wrapStore: failing.wrap, webhook: bankWebhook });
  });
  afterEach(() => app.kill());

  const ticket = async (userId = 'alice') =>
    (await app.devices.createEnrollment(app.application, userId)).enrollmentToken;
  const devices = async (userId = 'alice') => (await app.devices.list(app.application.id, userId)).devices;

  it('begins with a token that lives ten minutes, in a link for a QR code', async () => {
    const { enrollmentToken, uri, expiresAt, now } = await app.devices.createEnrollment(
      app.application,
      'alice',
      'Work phone',
    );
    expect(uri).to.equal(`${origin}/enroll#${enrollmentToken}`);
    expect(expiresAt - now).to.equal(10 * minute);
    expect(enrollmentToken).to.match(/^enr_[0-9a-z]+_[\w-]{43}$/);
    expect((await app.users.get(app.application.id, 'alice')).user.userId).to.equal('alice');
  });

  it('keeps what the app sent, and only the hash of the token', async () => {
    const token = await ticket();
    const keys = makeKeyPair();
    const request = enrollRequest(token, keys, { pushToken: { provider: 'fcm', token: 'a token' } });
    const { device, application } = await app.devices.enroll(token, request);
    expect(device).to.deep.include({ userId: 'alice', name: 'Pixel 10', platform: 'android', signingKey: keys.jwk });
    expect(device.pushToken).to.include({ provider: 'fcm', token: 'a token', status: 'active' });
    expect(application).to.deep.equal(app.application);
    expect(viewDevice(device)).to.have.all.keys('id', 'name', 'platform', 'createdAt', 'pushToken');
    expect(JSON.stringify(viewDevice(device))).not.to.include('a token');
    const { records } = await app.store.read([{ kind: 'enrollment', id: token.split('_').slice(0, 2).join('_') }]);
    expect(JSON.stringify(records[0])).not.to.include(token.split('_').slice(2).join('_'));
  });

  it('is told the same again with the same key: a lost reply strands nobody', async () => {
    const token = await ticket();
    const keys = makeKeyPair();
    const first = await app.devices.enroll(token, enrollRequest(token, keys));
    app.clock.advance(10 * minute - 1);
    const again = await app.devices.enroll(token, enrollRequest(token, keys));
    expect(again.device).to.deep.equal(first.device);
    expect(await devices()).to.have.length(1);
  });

  it('is refused a second time with another key', async () => {
    const token = await ticket();
    await app.devices.enroll(token, enrollRequest(token, makeKeyPair()));
    expect(await codeOf(app.devices.enroll(token, enrollRequest(token, makeKeyPair())))).to.equal('unauthenticated');
  });

  it('is refused again once the device was revoked', async () => {
    const token = await ticket();
    const keys = makeKeyPair();
    const { device } = await app.devices.enroll(token, enrollRequest(token, keys));
    await app.devices.revoke(app.application.id, 'alice', device.id);
    expect(await codeOf(app.devices.enroll(token, enrollRequest(token, keys)))).to.equal('unauthenticated');
  });

  it('is refused for a token that is expired, unknown, altered or nonsense: all alike', async () => {
    const token = await ticket();
    const altered = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    const unknown = `enr_${'0'.repeat(34)}_${'x'.repeat(43)}`;
    const refusals = [];
    for (const bad of [altered, unknown, 'nonsense', '', token.replace('enr_', 'tru_')]) {
      refusals.push(await refusalOf(app.devices.enroll(bad, enrollRequest(bad, makeKeyPair()))));
    }
    app.clock.advance(10 * minute);
    refusals.push(await refusalOf(app.devices.enroll(token, enrollRequest(token, makeKeyPair()))));
    for (const refusal of refusals) expect(refusal).to.deep.equal(refusals[0]);
    expect(refusals[0]?.code).to.equal('unauthenticated');
  });

  const proofs: [string, (token: string, request: EnrollRequest, keys: KeyPair) => Partial<EnrollRequest>, string][] = [
    ['a proof by another key', (token) => ({ proof: enrollRequest(token, makeKeyPair()).proof }), 'unauthenticated'],
    [
      'a proof for another token',
      (token, { encryptionKey }, keys) => ({ proof: enrollRequest(`${token}x`, keys, { encryptionKey }).proof }),
      'unauthenticated',
    ],
    ['another encryption key than proved', () => ({ encryptionKey: makeKeyPair().jwk }), 'unauthenticated'],
    ['a proof that is none', () => ({ proof: 'nonsense' }), 'invalid'],
    ['one key for both', (_token, { signingKey }) => ({ encryptionKey: signingKey }), 'invalid'],
    [
      'a point that is not on the curve',
      (_token, { signingKey }) => ({ signingKey: { ...signingKey, y: 'A'.repeat(43) } }),
      'invalid',
    ],
  ];
  for (const [what, over, code] of proofs) {
    it(`is refused with ${what}: ${code}, and the token stays good`, async () => {
      const token = await ticket();
      const keys = makeKeyPair();
      const request = enrollRequest(token, keys);
      expect(await codeOf(app.devices.enroll(token, { ...request, ...over(token, request, keys) }))).to.equal(code);
      expect(await devices()).to.deep.equal([]);
      await app.devices.enroll(token, request);
    });
  }

  it('is spent once by fifty at once with fifty keys', async () => {
    const token = await ticket();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => told(app.devices.enroll(token, enrollRequest(token, makeKeyPair())))),
    );
    expect(outcomes.filter(({ ok }) => ok)).to.have.length(1);
    expect(await devices()).to.have.length(1);
  });

  it('gives fifty at once with one key one device', async () => {
    const token = await ticket();
    const keys = makeKeyPair();
    const request = enrollRequest(token, keys);
    const enrolled = await Promise.all(Array.from({ length: 50 }, () => app.devices.enroll(token, request)));
    expect(new Set(enrolled.map(({ device }) => device.id)).size).to.equal(1);
    await app.work();
    expect(app.receiver.requests).to.have.length(1);
  });

  it('stops at ten devices, also when they come at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 14 }, () => ticket()));
    const outcomes = await Promise.all(
      tokens.map((token) => told(app.devices.enroll(token, enrollRequest(token, makeKeyPair())))),
    );
    expect(await devices()).to.have.length(10);
    const refused = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal.code]));
    expect(refused).to.deep.equal(['invalid', 'invalid', 'invalid', 'invalid']);
    const [one] = await devices();
    await app.devices.revoke(app.application.id, 'alice', one?.id ?? '');
    await enrollPhone(app);
  });

  it('gives the same answer wherever the store fails, before or after it has written (law 5)', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let call = 1, isReached = true; isReached; call += 1) {
        const user = `user-${when}-${call}`;
        const token = await ticket(user);
        const request = enrollRequest(token, makeKeyPair());
        failing.failAt(call, when);
        const attempt = await app.devices.enroll(token, request).catch((error: unknown) => error);
        isReached = failing.heal();
        if (isReached) expect(attempt).to.be.instanceOf(StoreUnavailableError);
        const first = await app.devices.enroll(token, request);
        expect((await app.devices.enroll(token, request)).device).to.deep.equal(first.device);
        expect(await devices(user)).to.deep.equal([first.device]);
        expect(call).to.be.below(15);
      }
    }
  });

  it('is refused for a person who was deleted since the token was made', async () => {
    const token = await ticket();
    await app.users.remove(app.application, 'alice');
    const request = enrollRequest(token, makeKeyPair());
    expect(await codeOf(app.devices.enroll(token, request))).to.equal('unauthenticated');
    app.clock.advance(1);
    await app.users.put(app.application, 'alice', {});
    expect(await codeOf(app.devices.enroll(token, request)), 'created anew, it is another person').to.equal(
      'unauthenticated',
    );
    expect(await devices()).to.deep.equal([]);
  });
});

describe('an enrolled device', () => {
  let app: TestApp;
  let phone: AppPhone;
  beforeEach(async () => {
    app = await createTestApp();
    phone = await enrollPhone(app);
  });
  afterEach(() => app.kill());

  const token = (over: Record<string, unknown> = {}, from = phone) => {
    const iat = Math.floor(app.clock.now() / 1000);
    const claims = { iss: from.device.id, aud: origin, iat, exp: iat + 120, jti: 'jti', ...over };
    return forge(from.keys.privateKey, { alg: 'ES256', typ: 'device+jwt', kid: from.device.id }, claims);
  };

  it('is recognised by its own signature, again and again until it expires', async () => {
    const jwt = token();
    for (const ms of [0, 1_000, 118_999]) {
      app.clock.advance(ms);
      expect(await app.devices.authenticate(jwt)).to.deep.equal(phone.device);
    }
    app.clock.advance(1);
    // With the hub's time: a clock that is off by less than five minutes is still off.
    const refusal = await refusalOf(app.devices.authenticate(jwt));
    expect(refusal).to.deep.include({ code: 'unauthenticated', extras: { serverTime: app.clock.now() } });
  });

  it('is told the time of the hub when its clock is off', async () => {
    const iat = Math.floor(app.clock.now() / 1000) + 301;
    const refusal = await refusalOf(app.devices.authenticate(token({ iat, exp: iat + 100 })));
    expect(refusal).to.deep.include({ code: 'clock-skew', extras: { serverTime: app.clock.now() } });
  });

  it('is not recognised by anything else', async () => {
    const stranger = { ...phone, keys: makeKeyPair() };
    const bad = ['', 'nonsense', token({ aud: 'https://evil.test' }), token({ iss: 'dev_1' }), token({}, stranger)];
    for (const jwt of bad) expect(await codeOf(app.devices.authenticate(jwt)), jwt).to.equal('unauthenticated');
    const unknown = { ...phone, device: { ...phone.device, id: `dev_${'0'.repeat(34)}` } };
    expect(await codeOf(app.devices.authenticate(token({}, unknown)))).to.equal('unauthenticated');
  });

  it('is revoked at once: not recognised, not listed, not active, its push token forgotten, its sockets told', async () => {
    const jwt = token();
    expect(await app.devices.isActive(phone.device.id)).to.equal(true);
    app.hints.length = 0;
    await app.devices.revoke(app.application.id, 'alice', phone.device.id);
    expect(await codeOf(app.devices.authenticate(jwt))).to.equal('unauthenticated');
    expect((await app.devices.list(app.application.id, 'alice')).devices).to.deep.equal([]);
    expect(await app.devices.isActive(phone.device.id)).to.equal(false);
    expect(await app.devices.isActive('dev_none')).to.equal(false);
    const { records } = await app.store.read([{ kind: 'device', id: phone.device.id }]);
    expect(records[0], 'its key is kept, so that old evidence can be checked').to.have.property('signingKey');
    expect(records[0]).not.to.have.property('pushToken');
    expect(app.hints).to.deep.include({
      type: 'device-revoked',
      deviceId: phone.device.id,
      applicationId: app.application.id,
      userId: 'alice',
    });
  });

  it('is revoked by its owner only, and once', async () => {
    const { application } = await app.applications.create({ name: 'Other', domain: 'other.test' });
    const { id } = phone.device;
    const calls = [
      app.devices.revoke(application.id, 'alice', id),
      app.devices.revoke(app.application.id, 'bob', id),
      app.devices.revoke(app.application.id, 'alice', 'dev_none'),
    ];
    for (const call of calls) expect(await codeOf(call)).to.equal('not-found');
    await app.devices.revoke(app.application.id, 'alice', id);
    expect(await codeOf(app.devices.revoke(app.application.id, 'alice', id))).to.equal('not-found');
  });

  it('changes its push token, but not once it was revoked', async () => {
    await app.devices.setPushToken(phone.device, { provider: 'fcm', token: 'new' });
    const [device] = (await app.devices.list(app.application.id, 'alice')).devices;
    expect(device?.pushToken).to.deep.include({ provider: 'fcm', token: 'new', status: 'active' });
    await app.devices.revoke(app.application.id, 'alice', phone.device.id);
    expect(await codeOf(app.devices.setPushToken(phone.device, { provider: 'fcm', token: 'newer' }))).to.equal(
      'not-found',
    );
  });

  it('survives ten changes at once', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => app.devices.setPushToken(phone.device, { provider: 'fcm', token: `t${n}` })),
    );
    const [device] = (await app.devices.list(app.application.id, 'alice')).devices;
    expect(device?.rev).to.equal(11);
  });
});
