/** Enrolling: what is sent, and that no lost reply, restart or mistake strands a device. */
import { expect } from 'chai';
import { calculateJwkThumbprint } from 'jose';
import { createHash } from 'node:crypto';
import { createDeviceClient, createMemoryKeyStore } from '../../client-sdk/device.ts';
import type { DeviceClient } from '../../client-sdk/device.ts';
import type { EnrollDeviceRequest } from '../../client-sdk/protocol.ts';
import { rejectionOf, until } from './support/conditions.ts';
import { enrollmentReply } from './support/enrolled-device.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub, Scripted } from './support/fake-hub.ts';
import { openJws } from './support/wire.ts';

const accepted: Scripted = { status: 201, body: { ...enrollmentReply, serverTime: new Date().toISOString() } };
const wish = { name: 'Pixel 10', platform: 'android' } as const;

describe('enrolling a device', () => {
  let hub: FakeHub;
  let client: DeviceClient;
  let keyStore = createMemoryKeyStore();

  beforeEach(async () => {
    hub = await startFakeHub();
    keyStore = createMemoryKeyStore();
    client = createDeviceClient({ keyStore, runtime: { random: () => 0 } });
  });
  afterEach(async () => {
    client.close();
    await hub.close();
  });

  const uri = (token = 'token-1'): string => `${hub.origin}/enroll#${token}`;
  const bodies = (): EnrollDeviceRequest[] =>
    hub.seen('POST /v1/devices').map(({ body }) => body as EnrollDeviceRequest);

  it('proves possession of the signing key, bound to hub, token and encryption key', async () => {
    hub.route('POST /v1/devices', () => accepted);
    const pushToken = { provider: 'fcm', token: 'push-1' } as const;
    const registration = await client.enroll({ ...wish, uri: uri(), pushToken });
    expect(registration).to.deep.equal(enrollmentReply);
    const [body] = bodies();
    expect(body).to.include({ name: 'Pixel 10', platform: 'android' });
    expect(body?.pushToken).to.deep.equal(pushToken);
    expect(hub.seen('POST /v1/devices')[0]?.headers.authorization).to.equal('Bearer token-1');
    const { header, payload } = await openJws(body!.proof, body!.signingKey);
    expect(header).to.deep.equal({ alg: 'ES256', typ: 'enrollment+jwt' });
    expect(payload).to.deep.equal({
      aud: hub.origin,
      enrollment: createHash('sha256').update('token-1').digest('base64url'),
      encryptionKey: await calculateJwkThumbprint({ ...body!.encryptionKey }),
    });
    expect(body?.signingKey).to.have.all.keys('kty', 'crv', 'x', 'y');
  });

  it('asks again with the same keys and token after a lost reply', async () => {
    let calls = 0;
    hub.route('POST /v1/devices', () => (++calls === 1 ? 'drop' : accepted));
    await client.enroll({ ...wish, uri: uri() });
    const [first, second] = bodies();
    expect(second?.signingKey).to.deep.equal(first?.signingKey);
    expect(second?.encryptionKey).to.deep.equal(first?.encryptionKey);
  });

  it('asks again with the same keys after the app was killed while waiting', async () => {
    hub.route('POST /v1/devices', () => 'hang');
    const stop = new AbortController();
    const killed = rejectionOf(client.enroll({ ...wish, uri: uri(), signal: stop.signal }));
    await until('the first request', () => bodies().length === 1);
    stop.abort();
    expect(await killed).to.have.property('code', 'aborted');
    hub.route('POST /v1/devices', () => accepted);
    const restarted = createDeviceClient({ keyStore: createMemoryKeyStore(await keyStore.export()) });
    await restarted.enroll({ ...wish, uri: uri() });
    const [first, second] = bodies();
    expect(second?.signingKey).to.deep.equal(first?.signingKey);
    expect(second?.encryptionKey).to.deep.equal(first?.encryptionKey);
  });

  it('makes new keys for a new token', async () => {
    hub.route('POST /v1/devices', () => problem('unauthenticated', 401));
    await rejectionOf(client.enroll({ ...wish, uri: uri('spent') }));
    hub.route('POST /v1/devices', () => accepted);
    await client.enroll({ ...wish, uri: uri('fresh') });
    const [first, second] = bodies();
    expect(second?.signingKey).not.to.deep.equal(first?.signingKey);
  });

  it('says that a refused code needs a new one', async () => {
    hub.route('POST /v1/devices', () => problem('unauthenticated', 401));
    const error = await rejectionOf(client.enroll({ ...wish, uri: uri() }));
    expect(error).to.include({ code: 'enrollment-refused', requestId: 'req_1' });
    expect(error)
      .to.have.property('message')
      .that.matches(/Ask for a new one/);
    expect(bodies()).to.have.length(1);
  });

  it('keeps the enrollment over a restart, and enrolls once', async () => {
    hub.route('POST /v1/devices', () => accepted);
    await client.enroll({ ...wish, uri: uri() });
    const restarted = createDeviceClient({ keyStore: createMemoryKeyStore(await keyStore.export()) });
    expect(await restarted.registration()).to.deep.equal(enrollmentReply);
    expect(await restarted.enroll({ ...wish, uri: uri() })).to.deep.equal(enrollmentReply);
    expect(bodies()).to.have.length(1);
    const error = await rejectionOf(restarted.enroll({ ...wish, uri: uri('another') }));
    expect(error).to.have.property('code', 'already-enrolled');
  });

  it('sends one request when called twice at once', async () => {
    hub.route('POST /v1/devices', () => accepted);
    await Promise.all([client.enroll({ ...wish, uri: uri() }), client.enroll({ ...wish, uri: uri() })]);
    expect(bodies()).to.have.length(1);
  });

  it('sends nothing to a hub without https on another machine', async () => {
    const error = await rejectionOf(client.enroll({ ...wish, uri: 'http://verify.example.com/enroll#token-1' }));
    expect(error).to.have.property('code', 'insecure-hub');
  });

  it('refuses what is not an enrollment link', async () => {
    for (const link of [
      'https://verify.example.com/',
      'https://verify.example.com/enroll',
      'token-1',
      'javascript:1/enroll#a',
    ]) {
      expect(await rejectionOf(client.enroll({ ...wish, uri: link })), link).to.have.property(
        'code',
        'invalid-argument',
      );
    }
    expect(await rejectionOf(client.enroll(wish))).to.have.property('code', 'invalid-argument');
  });

  it('takes an answer that is none for what it is', async () => {
    let passed = 0;
    // Time flies: after the first answer the deadline is over.
    const deadline = { elapsed: () => (passed += 35_000) };
    client = createDeviceClient({ keyStore, runtime: deadline });
    hub.route('POST /v1/devices', () => ({ status: 200, body: { hello: 'captive portal' } }));
    expect(await rejectionOf(client.enroll({ ...wish, uri: uri() }))).to.have.property('code', 'bad-response');
    expect(await client.registration()).to.equal(null);
  });

  it('reports a key store that fails', async () => {
    const broken = { ...keyStore, createKeys: () => Promise.reject(new Error('locked')) };
    client = createDeviceClient({ keyStore: broken });
    const error = await rejectionOf(client.enroll({ ...wish, uri: uri() }));
    expect(error).to.include({ code: 'key-store', detail: 'locked' });
  });

  it('says so when it is not enrolled', async () => {
    for (const call of [client.connect(), client.preferences.get(), client.approve('ver_1', { number: '42' })]) {
      expect(await rejectionOf(call)).to.have.property('code', 'not-enrolled');
    }
  });
});
