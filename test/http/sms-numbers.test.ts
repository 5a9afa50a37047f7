// Phone numbers at the doors: which are taken, who may name one, and what a hub sends to them.
import { expect } from 'chai';
import { startTestHub, type TestHub } from '../support/hub.ts';

describe('phone numbers over REST', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({ VERIHUB_SMS_COUNTRIES: 'NL', VERIHUB_SMS_PER_NUMBER: '2' });
  });
  after(() => hub.close());

  const put = (userId: string, phoneNumber: unknown) =>
    hub.call('PUT', `/v1/users/${userId}`, { body: { phoneNumber, delivery: 'sms' } });
  const create = (userId: string, body: object = {}) =>
    hub.call('POST', '/v1/verifications', { body: { userId, action: 'Sign in', ...body } });
  /** The SMS step, once it has come to an end for now. */
  const smsStep = async (created: { body: Record<string, unknown> }, audience: 'page' | 'relying party') => {
    const { id } = created.body['verification'] as { id: string };
    const token = audience === 'page' ? { token: String(created.body['waiterToken']) } : {};
    for (let rev = 0; ;) {
      const { body } = await hub.call('GET', `/v1/verifications/${id}?wait=5&rev=${rev}`, token);
      const seen = body['verification'] as { rev: number; delivery: { step: string; status: string }[] };
      const step = seen.delivery.find((one) => one.step === 'sms');
      if (step?.status !== 'pending') return step;
      rev = seen.rev;
    }
  };

  for (const impossible of ['+123456789012345', '+15550100', '+99912345678', '+316123456789012']) {
    it(`refuses ${impossible}, and says where`, async () => {
      const { status, body } = await put('alice', impossible);
      expect(status).to.equal(422);
      expect(body).to.include({ code: 'invalid' });
      expect(body['errors']).to.deep.equal([
        { pointer: '/phoneNumber', detail: 'is no possible phone number: its country code or its length is wrong' },
      ]);
      expect(JSON.stringify(body)).not.to.include(impossible);
    });
  }

  it('takes a number that gets no SMS here: that is policy, which may change', async () => {
    expect((await put('bob', '+33612345678')).status).to.equal(200);
    const created = await create('bob', { steps: ['sms'] });
    expect(created.status).to.equal(201);
    expect(await smsStep(created, 'relying party')).to.include({ status: 'skipped', reason: 'country-not-allowed' });
    expect(await smsStep(created, 'page')).to.include({ status: 'skipped', reason: 'unavailable' });
  });

  it('sends what the limit lets through; the rest is failed with its reason, which a page does not see', async () => {
    await put('carol', '+31612345678');
    for (let n = 0; n < 2; n += 1) {
      expect(await smsStep(await create('carol'), 'relying party')).to.include({ status: 'accepted' });
    }
    const third = await create('carol');
    expect(await smsStep(third, 'relying party')).to.include({ status: 'failed', reason: 'budget' });
    expect(await smsStep(third, 'page')).to.include({ status: 'failed', reason: 'unavailable' });
    const { body } = await hub.call('GET', '/metrics');
    expect(body['text']).to.include('verihub_sms_refused_total{reason="budget"} 1');
  });

  it('come from the enrolled record only: no call that sends takes one (M4)', async () => {
    await put('dave', '+31612345670');
    const named = await create('dave', { phoneNumber: '+31687654321' });
    expect(named.status).to.equal(422);
    expect(named.body['errors']).to.deep.include({ pointer: '/phoneNumber', detail: 'is not known here; remove it' });
    const created = await create('dave');
    const { id } = created.body['verification'] as { id: string };
    const again = await hub.call('POST', `/v1/verifications/${id}/resend`, {
      body: { step: 'sms', phoneNumber: '+31687654321' },
    });
    expect(again.status).to.equal(422);
    const sent = hub.outbox?.messages().map(({ message }) => ('to' in message ? message.to : undefined));
    expect(sent).not.to.include('+31687654321');
  });

  it('are no business of a page: it can neither name one nor begin a verification (M4)', async () => {
    await put('erin', '+31612345671');
    const token = String((await create('erin')).body['waiterToken']);
    const calls: [string, string, object][] = [
      ['PUT', '/v1/users/erin', { phoneNumber: '+31687654321' }],
      ['POST', '/v1/verifications', { userId: 'erin', action: 'Sign in' }],
      ['PUT', '/v1/device/preferences', { delivery: 'sms' }],
    ];
    for (const [method, path, body] of calls) {
      expect((await hub.call(method, path, { body, token })).status, path).to.equal(401);
    }
    expect((await hub.call('GET', '/v1/users/erin')).body['user']).to.include({ phoneNumber: '+31612345671' });
  });
});
