// Whatever a receiver answers, or loses: what is sent again, what is given up, and what a relying party can check of it.
import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { verifyWebhook } from '../../client-sdk/relying-party.ts';
import { rotateWebhookSecret } from '../../server/app/webhook-secrets.ts';
import type { Store } from '../../server/ports/store.ts';
import { rejectionOf } from '../client-sdk/support/conditions.ts';
import { startReceiver, type Received } from '../support/http-receiver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createWebhookScene, idOf, secret, typeOf, type WebhookScene } from '../support/webhook-scene.ts';

const hour = 3_600;
const ok = (response: ServerResponse) => void response.writeHead(204).end();

/** One event. */
const tell = ({ app }: WebhookScene) =>
  app.verifications.create(app.application, { userId: 'nobody', action: 'Sign in' });
const timesOf = (received: readonly Received[]) => received.map(({ headers }) => Number(headers['webhook-timestamp']));

describe('a webhook that is answered', () => {
  for (const status of [500, 502, 400, 404, 301, 307]) {
    it(`${status} comes again, and a redirect is not followed`, async () => {
      const answers = [status, status, 204];
      await using elsewhere = await startReceiver(ok);
      await using receiver = await startReceiver(
        (response) => void response.writeHead(answers.shift() ?? 204, { location: elsewhere.origin }).end(),
      );
      await using scene = await createWebhookScene(receiver.origin);
      await tell(scene);
      await scene.live(10);
      expect(receiver.received).to.have.length(3);
      expect(new Set(receiver.received.map(({ body }) => body)).size).to.equal(1);
      expect(new Set(receiver.received.map(idOf)).size).to.equal(1);
      expect(elsewhere.connections()).to.equal(0);
      expect(await scene.left()).to.deep.equal({ waiting: 0, dead: 0 });
    });
  }

  it('410 is given up at once, and the next of its lane has its turn', async () => {
    await using receiver = await startReceiver((response) => void response.writeHead(410).end());
    await using scene = await createWebhookScene(receiver.origin);
    await scene.report();
    await scene.app.work();
    expect(receiver.received.map(typeOf).slice(-2)).to.deep.equal([
      'verification.denied',
      'verification.fraud_reported',
    ]);
    expect(await scene.left()).to.deep.equal({ waiting: 0, dead: receiver.received.length });
  });

  for (const [status, retryAfter] of [
    [429, '90'],
    [503, '90'],
  ] as const) {
    it(`${status} with Retry-After: ${retryAfter} comes again no sooner`, async () => {
      let isThrottled = true;
      await using receiver = await startReceiver((response) => {
        response.writeHead(isThrottled ? status : 204, { 'retry-after': retryAfter }).end();
      });
      await using scene = await createWebhookScene(receiver.origin);
      await tell(scene);
      await scene.app.work();
      isThrottled = false;
      await scene.live(89);
      expect(receiver.received).to.have.length(1);
      await scene.live(1);
      expect(receiver.received).to.have.length(2);
    });
  }

  it('and whose answer is lost comes again under the same id, with the same body, signed anew', async () => {
    let losses = 2;
    await using receiver = await startReceiver((response) => {
      losses -= 1;
      if (losses >= 0) response.destroy();
      else ok(response);
    });
    await using scene = await createWebhookScene(receiver.origin);
    await tell(scene);
    await scene.live(10);
    expect(receiver.received).to.have.length(3);
    const [first, ...others] = receiver.received;
    for (const each of others) expect([idOf(each), each.body]).to.deep.equal([idOf(first!), first!.body]);
    for (const { body, headers } of receiver.received) {
      await verifyWebhook(body, headers, secret, Number(headers['webhook-timestamp']) * 1_000);
    }
  });

  it('with nothing but failures is given up after a day, not before', async () => {
    await using receiver = await startReceiver((response) => void response.writeHead(500).end());
    await using scene = await createWebhookScene(receiver.origin);
    await tell(scene);
    await scene.app.work();
    for (let minute = 0; minute < 24 * 60 - 1; minute += 1) await scene.app.pass(60_000);
    expect(await scene.left()).to.deep.equal({ waiting: 1, dead: 0 });
    for (let minute = 0; minute < 61; minute += 1) await scene.app.pass(60_000);
    expect(await scene.left()).to.deep.equal({ waiting: 0, dead: 1 });
    const times = timesOf(receiver.received);
    expect(times.at(-1)! - times[0]!).to.be.within(24 * hour, 25 * hour + 60);
    expect(times.length).to.be.within(24, 150);
  });
});

describe("a webhook into the hub's own network", () => {
  for (const url of ['https://127.0.0.1:PORT/', 'https://[::ffff:127.0.0.1]:PORT/', 'http://hooks.example:PORT/']) {
    it(`by ${url} is given up at once, with its reason, and nothing is connected to`, async () => {
      await using receiver = await startReceiver(ok);
      await using scene = await createWebhookScene(url.replace('PORT', String(receiver.port)), { allowPrivate: false });
      await tell(scene);
      await scene.app.work();
      expect(receiver.connections()).to.equal(0);
      const { records } = await scene.app.store.list({ kind: 'dead-letter', limit: 9 });
      const reason = url.startsWith('http:') ? 'https-required' : 'address-not-allowed';
      expect(records.map((record) => record.reason)).to.deep.equal([reason]);
    });
  }

  it('by a name that has come to mean it is not connected to, and waits until the name is mended', async () => {
    await using receiver = await startReceiver(ok);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const url = `https://hooks.example:${receiver.port}/`;
    await using scene = await createWebhookScene(url, { allowPrivate: false, resolve });
    await tell(scene);
    await scene.live(120);
    expect(receiver.connections()).to.equal(0);
    expect(await scene.left()).to.deep.equal({ waiting: 1, dead: 0 });
  });
});

describe('a relying party that checks its webhooks', () => {
  const checked = async (received: Received, keys: string | string[], at?: number) => {
    const { body, headers } = received;
    return verifyWebhook(body, headers, keys, at ?? Number(headers['webhook-timestamp']) * 1_000);
  };
  const refused = async (received: Received, keys: string | string[], at?: number) =>
    ((await rejectionOf(checked(received, keys, at))) as { code?: string }).code;
  const receive = async (scene: WebhookScene, received: Received[]): Promise<Received> => {
    await tell(scene);
    await scene.app.work();
    return received.at(-1)!;
  };

  it('may do it by its secret or by its public key', async () => {
    await using receiver = await startReceiver(ok);
    await using scene = await createWebhookScene(receiver.origin);
    const call = await receive(scene, receiver.received);
    const keys = scene.signer.publicKeys(scene.app.application.id);
    for (const key of [secret, ...keys]) expect(await checked(call, key)).to.include({ id: idOf(call) });
  });

  it('sees that it was altered, is old, or was meant for another', async () => {
    await using receiver = await startReceiver(ok);
    await using scene = await createWebhookScene(receiver.origin);
    const call = await receive(scene, receiver.received);
    const sent = Number(call.headers['webhook-timestamp']) * 1_000;
    const [publicKey = ''] = scene.signer.publicKeys(scene.app.application.id);
    const [otherKey = ''] = scene.signer.publicKeys('app_other');
    for (const key of [secret, publicKey]) {
      const altered: Received[] = [
        { ...call, body: call.body.replace('undeliverable', 'approved') },
        { ...call, headers: { ...call.headers, 'webhook-id': 'ver_1' } },
        { ...call, headers: { ...call.headers, 'webhook-timestamp': String(sent / 1_000 + 1) } },
      ];
      for (const each of altered) expect(await refused(each, key)).to.equal('webhook-invalid');
      expect(await refused(call, key, sent + 301_000), 'replayed later').to.equal('webhook-invalid');
      expect(await refused(call, key, sent - 301_000)).to.equal('webhook-invalid');
    }
    expect(await refused(call, otherKey), 'passed on to another relying party').to.equal('webhook-invalid');
  });

  it('may change its secret at any moment of the overlap, and only then', async () => {
    await using receiver = await startReceiver(ok);
    await using scene = await createWebhookScene(receiver.origin);
    const { app } = scene;
    const rotated = await rotateWebhookSecret(app.context, app.application.id, 2 * hour * 1_000);
    for (const at of [0, hour, hour - 1]) {
      app.clock.advance(at * 1_000);
      const call = await receive(scene, receiver.received);
      for (const key of [secret, rotated.secret]) expect(await checked(call, key)).to.include({ id: idOf(call) });
    }
    app.clock.advance(1_000);
    const call = await receive(scene, receiver.received);
    expect(await checked(call, rotated.secret)).to.include({ id: idOf(call) });
    expect(await refused(call, secret)).to.equal('webhook-invalid');
  });
});

describe("a hub that dies between the receiver's answer and writing it down", () => {
  it('sends it again under the same id once it is back', async () => {
    const folder = temporaryFolder();
    try {
      const file = `${folder.path}/hub.db`;
      await using receiver = await startReceiver(ok);
      const dying = (store: Store): Store => ({
        ...store,
        commit: async (unit) => {
          if (unit.settle !== undefined) throw new Error('killed');
          return store.commit(unit);
        },
      });
      const first = await createWebhookScene(receiver.origin, { file, wrapStore: dying });
      await tell(first);
      await first.app.workers.webhook.runOnce();
      expect(receiver.received, 'it was taken').to.have.length(1);
      const { clock } = first.app;
      await first[Symbol.asyncDispose]();

      await using second = await createWebhookScene(receiver.origin, { file, clock });
      await second.app.work();
      const [before, after, ...more] = receiver.received;
      expect(more).to.deep.equal([]);
      expect([idOf(after!), after!.body]).to.deep.equal([idOf(before!), before!.body]);
      expect(await second.left()).to.deep.equal({ waiting: 0, dead: 0 });
      const keys = second.signer.publicKeys(second.app.application.id);
      expect(first.signer.publicKeys(second.app.application.id), 'the keys outlive it too').to.deep.equal(keys);
    } finally {
      folder.remove();
    }
  });
});
