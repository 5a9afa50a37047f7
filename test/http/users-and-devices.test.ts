// Users, their devices and preferences over REST.
import { expect } from 'chai';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { enrollPhone } from '../support/phone.ts';
import { approve, startVerification, verificationOf } from '../support/rest-scenes.ts';

describe('users over REST', () => {
  let hub: CheckedHub;
  before(async () => {
    hub = await startCheckedHub();
  });
  after(() => hub.close());

  it('are created by the first call that names them, and changed field by field', async () => {
    expect((await hub.call('GET', '/v1/users/ann')).status).to.equal(404);
    const put = async (body: object) => (await hub.call('PUT', '/v1/users/ann', { body })).body['user'];
    expect(await put({ phoneNumber: '+31612345678' })).to.deep.include({
      userId: 'ann',
      phoneNumber: '+31612345678',
      delivery: 'push_then_sms',
    });
    expect(await put({ delivery: 'sms' })).to.deep.include({ phoneNumber: '+31612345678', delivery: 'sms' });
    expect(await put({ locale: 'nl' })).to.deep.include({ locale: 'nl', delivery: 'sms' });
    expect(await put({ phoneNumber: null, locale: null })).not.to.have.any.keys('phoneNumber', 'locale');
    const { body } = await hub.call('GET', '/v1/users/ann');
    expect(body['user']).to.deep.include({ userId: 'ann', delivery: 'sms' });
  });

  it('are met by a create, too', async () => {
    await startVerification(hub, 'ben');
    expect((await hub.call('GET', '/v1/users/ben')).status).to.equal(200);
  });

  it('are forgotten with their devices, trusted browsers and what is pending', async () => {
    const { phone, id } = await approve(hub, 'cleo');
    await hub.call('POST', `/v1/verifications/${id}/trust`);
    const pending = await startVerification(hub, 'cleo');
    expect((await hub.call('DELETE', '/v1/users/cleo')).status).to.equal(204);
    expect((await hub.call('GET', '/v1/users/cleo')).status).to.equal(404);
    expect((await hub.call('DELETE', '/v1/users/cleo')).status).to.equal(404);
    expect((await hub.call('GET', '/v1/device/prompts', { token: phone.token() })).status).to.equal(401);
    expect((await hub.call('GET', '/v1/users/cleo/devices')).body['devices']).to.deep.equal([]);
    expect((await hub.call('GET', '/v1/users/cleo/trusted-browsers')).body['trustedBrowsers']).to.deep.equal([]);
    expect(verificationOf(await hub.call('GET', `/v1/verifications/${pending.id}`)).status).to.equal('canceled');
  });
});

describe('devices over REST', () => {
  let hub: CheckedHub;
  before(async () => {
    hub = await startCheckedHub();
  });
  after(() => hub.close());

  it('are listed without their keys and tokens', async () => {
    const phone = await enrollPhone(hub, 'ann', { pushToken: { provider: 'simulated', token: 'push-secret-1' } });
    const { body } = await hub.call('GET', '/v1/users/ann/devices');
    expect(body['devices']).to.have.length(1);
    const [device] = body['devices'] as Record<string, unknown>[];
    expect(device).to.deep.include({
      id: phone.deviceId,
      name: 'Test phone',
      platform: 'android',
      pushToken: { provider: 'simulated', status: 'active' },
    });
    expect(JSON.stringify(body)).not.to.include('push-secret').and.not.to.include(phone.signingKey.x);
  });

  it('are revoked once, and then refused', async () => {
    const phone = await enrollPhone(hub, 'ben');
    const path = `/v1/users/ben/devices/${phone.deviceId}`;
    expect((await hub.call('DELETE', `/v1/users/ann/devices/${phone.deviceId}`)).status, 'of another user').to.equal(
      404,
    );
    expect((await hub.call('DELETE', path)).status).to.equal(204);
    expect((await hub.call('DELETE', path)).status).to.equal(404);
    expect((await hub.call('GET', '/v1/device/preferences', { token: phone.token() })).status).to.equal(401);
    expect((await hub.call('GET', '/v1/users/ben/devices')).body['devices']).to.deep.equal([]);
  });

  it('sign off by themselves', async () => {
    const phone = await enrollPhone(hub, 'cleo');
    expect((await hub.call('DELETE', '/v1/device', { token: phone.token() })).status).to.equal(204);
    expect((await hub.call('DELETE', '/v1/device', { token: phone.token() })).status).to.equal(401);
  });

  it('replace their push token', async () => {
    const phone = await enrollPhone(hub, 'dora');
    const { status, body } = await hub.call('PUT', '/v1/device/push-token', {
      token: phone.token(),
      body: { provider: 'simulated', token: 'new' },
    });
    expect([status, Object.keys(body)]).to.deep.equal([200, ['serverTime']]);
    const listed = (await hub.call('GET', '/v1/users/dora/devices')).body['devices'] as { pushToken: unknown }[];
    expect(listed[0]?.pushToken).to.deep.equal({ provider: 'simulated', status: 'active' });
  });

  it('choose how their user is reached, and see what the relying party sees', async () => {
    const phone = await enrollPhone(hub, 'erin');
    const token = () => phone.token();
    expect((await hub.call('GET', '/v1/device/preferences', { token: token() })).body['delivery']).to.equal(
      'push_then_sms',
    );
    const { body } = await hub.call('PUT', '/v1/device/preferences', { token: token(), body: { delivery: 'push' } });
    expect(body['delivery']).to.equal('push');
    expect((await hub.call('GET', '/v1/users/erin')).body['user']).to.deep.include({ delivery: 'push' });
    const { verification } = await startVerification(hub, 'erin');
    expect(verification.delivery.find(({ step }) => step === 'sms')).to.deep.include({
      status: 'skipped',
      reason: 'preference',
    });
  });

  it('see and revoke the trusted browsers of their user only', async () => {
    const { phone, id } = await approve(hub, 'finn');
    await hub.call('POST', `/v1/verifications/${id}/trust`);
    const list = async () =>
      (await hub.call('GET', '/v1/device/trusted-browsers', { token: phone.token() })).body['trustedBrowsers'];
    const [browser] = (await list()) as { id: string }[];
    const path = `/v1/device/trusted-browsers/${browser?.id}`;
    const stranger = await enrollPhone(hub, 'gus');
    expect((await hub.call('DELETE', path, { token: stranger.token() })).status).to.equal(404);
    expect((await hub.call('DELETE', path, { token: phone.token() })).status).to.equal(204);
    expect(await list()).to.deep.equal([]);
  });

  it('are told when their clock is off, and by how much', async () => {
    const phone = await enrollPhone(hub, 'hana');
    const now = Math.floor(Date.now() / 1000);
    for (const offset of [-3_600, 3_600]) {
      const token = phone.token({ iat: now + offset, exp: now + offset + 120 });
      const { status, body } = await hub.call('GET', '/v1/device/prompts', { token });
      expect([status, body['code']]).to.deep.equal([401, 'clock-skew']);
      expect(Date.parse(String(body['serverTime']))).to.be.closeTo(Date.now(), 5_000);
    }
  });
});
