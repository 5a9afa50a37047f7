// What a relying party sees of its own webhooks: the keys that sign them, those that were given up, and sending them again.
import { expect } from 'chai';
import { createRelyingParty } from '../../client-sdk/relying-party.ts';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { startReceiver, type Receiver } from '../support/http-receiver.ts';
import { startVerification } from '../support/rest-scenes.ts';

const secret = `whsec_${Buffer.from('a webhook secret of 32 bytes or so').toString('base64')}`;

describe('webhooks over REST', () => {
  let receiver: Receiver;
  let hub: CheckedHub;
  let status = 410;
  beforeEach(async () => {
    status = 410;
    receiver = await startReceiver((response) => void response.writeHead(status).end());
    hub = await startCheckedHub({
      VERIHUB_WEBHOOK_URL: `${receiver.origin}/hook`,
      VERIHUB_WEBHOOK_SECRET: secret,
      VERIHUB_WEBHOOK_ALLOW_PRIVATE: 'true',
    });
  });
  afterEach(async () => {
    await hub.close();
    await receiver[Symbol.asyncDispose]();
  });

  const list = async (query = '', token = hub.apiKey) =>
    (await hub.call('GET', `/v1/webhooks/dead-letters${query}`, { token })).body as {
      deadLetters: { id: string; reason: string; type: string }[];
      total: number;
      next?: string;
    };
  /** Verifications nobody can be reached for: each tells of its end at once. */
  const givenDead = async (count: number) => {
    for (let n = 0; n < count; n += 1) await startVerification(hub, `nobody-${n}`);
    for (;;) {
      const found = await list('?limit=100');
      if (found.total === count) return found.deadLetters;
    }
  };
  const replay = (id: string, token = hub.apiKey) =>
    hub.call('POST', `/v1/webhooks/dead-letters/${id}/replay`, { token });

  it('lists what was given up, page by page, without the event', async () => {
    const all = await givenDead(3);
    expect(all[0]).to.include({ reason: 'http-410', type: 'verification.undeliverable' });
    expect(all.map(({ id }) => id)).to.have.members(receiver.received.map(({ headers }) => headers['webhook-id']));
    expect(JSON.stringify(all)).not.to.include('nobody');
    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${first.next}`);
    expect([...first.deadLetters, ...second.deadLetters]).to.deep.equal(all);
    expect([first.total, second.total, second.next]).to.deep.equal([3, 3, undefined]);
  });

  it('sends one again, once', async () => {
    const [letter] = await givenDead(1);
    status = 204;
    expect((await replay(letter!.id)).status).to.equal(204);
    await receiver.arrived(2);
    const [before, after] = receiver.received;
    expect(after?.headers['webhook-id']).to.equal(before?.headers['webhook-id']);
    expect(after?.body).to.equal(before?.body);
    expect((await list()).total).to.equal(0);
    expect((await replay(letter!.id)).status).to.equal(404);
  });

  it('keeps the wall: another application neither sees nor replays what is not its own', async () => {
    const [letter] = await givenDead(1);
    const other = await hub.addApplication('Other Bank');
    expect(await list('', other)).to.deep.include({ deadLetters: [], total: 0 });
    const refused = await replay(letter!.id, other);
    const unknown = await replay(`ver_${'0'.repeat(34)}-1-verification-denied`, other);
    expect([refused.status, refused.body['detail']]).to.deep.equal([404, unknown.body['detail']]);
    expect((await list()).total).to.equal(1);
    const keysOf = async (token: string) => (await hub.call('GET', '/v1/webhooks/keys', { token })).body['publicKeys'];
    expect(await keysOf(other)).not.to.deep.equal(await keysOf(hub.apiKey));
  });

  for (const query of ['?limit=0', '?limit=101', '?limit=x', '?cursor=', '?cursor=nonsense', '?page=2']) {
    it(`refuses ${query}`, async () => {
      const { status: answered, body } = await hub.call('GET', `/v1/webhooks/dead-letters${query}`);
      expect([answered, body['code']]).to.deep.equal([422, 'invalid']);
    });
  }

  it('is all in the SDK: the keys check what arrives, and what was given up comes again', async () => {
    const party = createRelyingParty({ hub: hub.origin, endpoint: hub.localUrl, apiKey: hub.apiKey });
    const keys = await party.webhookKeys();
    const [letter] = await givenDead(1);
    expect((await party.listDeadLetters({ limit: 1 })).deadLetters[0]).to.include({ id: letter!.id });
    status = 200;
    await party.replayDeadLetter(letter!.id);
    await receiver.arrived(2);
    for (const { body, headers } of receiver.received) {
      for (const key of [keys, secret, [secret, ...keys]]) {
        expect(await party.verifyWebhook(body, headers, key)).to.include({ id: letter!.id });
      }
    }
    expect((await party.listDeadLetters()).total).to.equal(0);
  });
});
