/** A device's credentials: made by itself, on the hub's clock, renewed when refused, and given up when revoked. */
import { expect } from 'chai';
import { createFakeRuntime } from './support/fake-runtime.ts';
import { rejectionOf, until } from './support/conditions.ts';
import { enrolledDevice } from './support/enrolled-device.ts';
import type { EnrolledDevice } from './support/enrolled-device.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub, Recorded, Scripted } from './support/fake-hub.ts';
import { openJws, payloadOf } from './support/wire.ts';

const preferences = 'GET /v1/device/preferences';
const tokenOf = ({ headers }: Recorded): string => (headers.authorization ?? '').replace('Bearer ', '');

describe("a device's credentials", () => {
  let hub: FakeHub;
  let device: EnrolledDevice;

  beforeEach(async () => {
    hub = await startFakeHub();
    device = await enrolledDevice(hub);
    hub.onDevice = (socket) => socket.on('prompts', (reply) => reply({ ok: true, prompts: [] }));
  });
  afterEach(async () => {
    device.client.close();
    await hub.close();
  });

  /** Checks a token as the contract says (section 3), on a clock that is `ahead` ms ahead of ours. */
  function judge(token: string, ahead: number): object | null {
    const now = Date.now() + ahead;
    const { iat } = payloadOf(token);
    const off = Math.abs(Number(iat) * 1_000 - now) > 300_000;
    return off ? (problem('clock-skew', 401, { serverTime: new Date(now).toISOString() }).body as object) : null;
  }
  const answer = (body: object): Scripted => ({ status: 200, body: { serverTime: new Date().toISOString(), ...body } });

  it('are a JWS for this hub and this device, at most 300 s long, used again while fresh', async () => {
    hub.route(preferences, () => answer({ delivery: 'push' }));
    expect(await device.client.preferences.get()).to.equal('push');
    await device.client.preferences.get();
    const [first, second] = hub.seen(preferences).map(tokenOf);
    const { header, payload } = await openJws(first!, device.signingKey);
    expect(header).to.deep.equal({ alg: 'ES256', typ: 'device+jwt', kid: 'dev_1' });
    expect(payload).to.include({ iss: 'dev_1', aud: hub.origin });
    expect(payload).to.have.property('jti').that.is.a('string').with.length.above(20);
    expect(Number(payload['exp']) - Number(payload['iat'])).to.be.within(60, 300);
    expect(second).to.equal(first);
  });

  for (const hours of [1, -1, 24 * 30]) {
    it(`correct a clock that is ${hours} h off, once, over HTTP`, async () => {
      const ahead = hours * 3_600_000;
      hub.route(preferences, (request) => {
        const refusal = judge(tokenOf(request), ahead);
        return refusal === null ? { status: 200, body: { delivery: 'push' } } : { status: 401, body: refusal };
      });
      expect(await device.client.preferences.get()).to.equal('push');
      expect(await device.client.preferences.get()).to.equal('push');
      expect(hub.seen(preferences)).to.have.length(3);
    });

    it(`correct a clock that is ${hours} h off, once, on the socket`, async () => {
      const judged: (object | null)[] = [];
      hub.handshake = (_namespace, token) => {
        const refusal = judge(String(token), hours * 3_600_000);
        judged.push(refusal);
        return refusal;
      };
      await device.client.connect();
      await until('online', () => device.client.state().condition === 'online');
      expect(judged.map((refusal) => refusal === null)).to.deep.equal([false, true]);
      expect(device.states.map(({ condition }) => condition)).not.to.include('revoked');
    });
  }

  it('are renewed before they expire', async () => {
    const runtime = createFakeRuntime();
    const other = await enrolledDevice(hub, { runtime });
    hub.route(preferences, () => ({ status: 200, body: { delivery: 'push' } }));
    await other.client.preferences.get();
    await runtime.advance(200_000);
    await other.client.preferences.get();
    await runtime.advance(60_000);
    await other.client.preferences.get();
    const [first, second, third] = hub.seen(preferences).map(tokenOf);
    expect(second).to.equal(first);
    expect(third).not.to.equal(first);
  });

  it('are made anew once when refused without a reason, because the old one may have aged', async () => {
    let calls = 0;
    hub.route(preferences, () => (++calls === 1 ? problem('unauthenticated', 401) : answer({ delivery: 'sms' })));
    expect(await device.client.preferences.get()).to.equal('sms');
    const [first, second] = hub.seen(preferences).map(tokenOf);
    expect(second).not.to.equal(first);
  });

  it('are fresh for every connection after the clock was corrected', async () => {
    const tokens: unknown[] = [];
    hub.handshake = (_namespace, token) => {
      tokens.push(token);
      return tokens.length === 1 ? (problem('unauthenticated', 401).body as object) : null;
    };
    await device.client.connect();
    await until('online', () => device.client.state().condition === 'online');
    expect(tokens[1]).not.to.equal(tokens[0]);
  });

  it('are given up when the hub refuses a fresh one too: revoked, no further tries', async () => {
    let handshakes = 0;
    hub.handshake = () => {
      handshakes += 1;
      return problem('unauthenticated', 401).body as object;
    };
    await device.client.connect();
    await until('revoked', () => device.client.state().condition === 'revoked');
    expect(device.client.state().text).to.match(/no longer enrolled.*Enroll it again/);
    expect(handshakes).to.equal(2);
    expect(device.client.state().error).to.have.property('code', 'unauthenticated');
    hub.route(preferences, () => problem('unauthenticated', 401));
    expect(await rejectionOf(device.client.preferences.get())).to.have.property('code', 'device-revoked');
    await device.client.enroll({ uri: `${hub.origin}/enroll#token-2`, name: 'Pixel 10', platform: 'android' });
    expect(await device.keyStore.publicKeys()).not.to.have.deep.property('signing', device.signingKey);
  });

  it('are not given up for a 401 of a proxy, nor for one about the content of a call', async () => {
    const answers: Scripted[] = [{ status: 401 }, answer({ delivery: 'push' })];
    hub.route(preferences, () => answers.shift() ?? answer({ delivery: 'push' }));
    expect(await device.client.preferences.get()).to.equal('push');
    hub.route('PUT /v1/device/push-token', () => problem('unauthenticated', 401));
    const error = await rejectionOf(device.client.updatePushToken({ provider: 'fcm', token: 'push-1' }));
    expect(error).to.have.property('code', 'unauthenticated');
    expect(device.client.state().condition).not.to.equal('revoked');
  });

  it('end with the device: revoke forgets the keys, also when the reply was lost', async () => {
    let calls = 0;
    hub.route('DELETE /v1/device', () => (++calls === 1 ? 'drop' : problem('unauthenticated', 401)));
    hub.route(preferences, () => problem('unauthenticated', 401));
    await device.client.revoke();
    expect(await device.client.registration()).to.equal(null);
    expect(await device.keyStore.publicKeys()).to.equal(null);
    expect(device.client.state().condition).to.equal('closed');
  });

  it('stay when revoking did not reach the hub', async () => {
    hub.route('DELETE /v1/device', () => problem('forbidden', 403));
    expect(await rejectionOf(device.client.revoke())).to.have.property('code', 'forbidden');
    expect(await device.client.registration()).not.to.equal(null);
  });
});
