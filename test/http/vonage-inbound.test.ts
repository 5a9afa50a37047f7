// STOP and START by SMS: heard from Vonage only, honoured, and seen by the relying party.
import { expect } from 'chai';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { startVerification, verificationOf } from '../support/rest-scenes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { Forge } from '../support/vonage-callback.ts';
import { startVonageSimulator, vonageEnv, type VonageSimulator } from '../support/vonage-simulator.ts';

const number = '31612345678';

describe("a person's answer by SMS", () => {
  const folder = temporaryFolder();
  let simulator: VonageSimulator;
  let hub: CheckedHub;
  before(async () => {
    simulator = await startVonageSimulator();
    hub = await startCheckedHub(vonageEnv(simulator, folder.path));
    await hub.call('PUT', '/v1/users/alice', { body: { phoneNumber: `+${number}` } });
  });
  after(async () => {
    await hub.close();
    await simulator[Symbol.asyncDispose]();
    folder.remove();
  });

  const inbound = (text: string, extra: object = {}) => ({
    message_uuid: 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab',
    to: '14155550100',
    from: number,
    channel: 'sms',
    message_type: 'text',
    timestamp: new Date().toISOString(),
    text,
    sms: { num_messages: '1', keyword: 'STOP' },
    ...extra,
  });
  const say = (body: Record<string, unknown>, forge: Forge = {}) =>
    simulator.callBack(hub.localUrl, body, { path: '/v1/providers/vonage/inbound', ...forge });
  const user = async () => (await hub.call('GET', '/v1/users/alice')).body['user'] as Record<string, unknown>;
  const smsStep = async () => {
    const { verification } = await startVerification(hub, 'alice', { steps: ['sms'] });
    return verification.delivery[0];
  };

  it('is refused when Vonage did not sign it, and nothing changes', async () => {
    const forged: Forge[] = [
      { authorization: null },
      { secret: 'another-signature-secret-of-32-ch' },
      { header: { alg: 'none' } },
      { claims: { payload_hash: '0'.repeat(64) } },
      { claims: { iat: Math.floor(Date.now() / 1000) - 400 } },
    ];
    for (const forge of forged) expect((await say(inbound('STOP'), forge)).status).to.equal(401);
    expect(await user()).not.to.have.property('smsOptedOut');
  });

  it('of other words, channels and numbers is heard and changes nothing', async () => {
    const others = [
      inbound('Hello?'),
      inbound('STOP', { channel: 'whatsapp' }),
      inbound('STOP', { from: 'Verihub' }),
      inbound('STOP', { from: '+' }),
      inbound('STOP', { from: undefined }),
      inbound('STOP', { text: undefined }),
      inbound('STOP', { from: '31612345679' }),
    ];
    for (const body of others) expect((await say(body)).status, JSON.stringify(body)).to.equal(200);
    expect(await user()).not.to.have.property('smsOptedOut');
  });

  it('stops SMS for everybody to see, until START', async () => {
    expect((await say(inbound('Stop'))).status).to.equal(200);
    expect(await user()).to.include({ smsOptedOut: true });
    const put = await hub.call('PUT', '/v1/users/alice', { body: { locale: 'nl' } });
    expect(put.body['user']).to.include({ smsOptedOut: true });
    expect(await smsStep()).to.include({ status: 'skipped', reason: 'opted-out' });
    expect(simulator.requests).to.deep.equal([]);

    expect((await say(inbound('START', { timestamp: new Date().toISOString() }))).status).to.equal(200);
    expect(await user()).not.to.have.property('smsOptedOut');
    const { id } = await startVerification(hub, 'alice', { steps: ['sms'] });
    const { message } = await simulator.arrived(1);
    expect(message).to.include({ to: number });
    expect(verificationOf(await hub.call('GET', `/v1/verifications/${id}`)).status).to.equal('pending');
  });
});
