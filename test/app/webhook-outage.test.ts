// A receiver that is down, slow or failing (F27): everything arrives in the end, in order, and nobody else is held up by it.
import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { startReceiver, type Receiver } from '../support/http-receiver.ts';
import { settle } from '../support/settle.ts';
import {
  createWebhookScene,
  firstArrivals,
  idOf,
  secret,
  typeOf,
  type WebhookScene,
} from '../support/webhook-scene.ts';

const minute = 60;
const spec = { name: 'Other Bank', domain: 'other.test' };
const ok = (response: ServerResponse) => void response.writeHead(204).end();
const fail = (response: ServerResponse) => void response.writeHead(500).end();
const hang = (): void => {};

/** Another application with a receiver of its own, and a way to make it send one. */
async function addApplication({ app }: WebhookScene, receiver: Receiver) {
  const webhook = { url: receiver.origin, secret };
  const { application } = await app.applications.create({ ...spec, webhook });
  return () => app.verifications.create(application, { userId: 'nobody', action: 'Sign in' });
}

describe('a webhook receiver', function () {
  this.timeout(30_000);

  it('that is down for ten minutes gets every event in order once it is back, and the hub stays small', async () => {
    const { origin, port } = await (async () => {
      await using closed = await startReceiver(ok);
      return closed;
    })();
    await using scene = await createWebhookScene(`${origin}/hook`);
    const verifications: string[] = [];
    for (let n = 0; n < 120; n += 1) verifications.push(await scene.report());
    const told = (await scene.left()).waiting;
    await scene.live(10 * minute);
    expect(await scene.left(), 'nothing is lost, nothing is doubled').to.deep.equal({ waiting: told, dead: 0 });

    await using receiver = await startReceiver(ok, port);
    await scene.live(10 * minute + 5);
    expect(await scene.left()).to.deep.equal({ waiting: 0, dead: 0 });
    expect(receiver.received, 'each once: nothing of a refused connection had left').to.have.length(told);
    expect(firstArrivals(receiver.received)).to.have.length(told);
    for (const id of verifications) {
      const types = receiver.received.filter((each) => idOf(each).startsWith(id)).map(typeOf);
      expect(types).to.deep.equal(['verification.denied', 'verification.fraud_reported']);
    }
    expect(scene.mostInHand()).to.be.at.most(256);
  });

  it('that takes 30 seconds is cut off after ten, and gets the same event again under the same id', async () => {
    let isSlow = true;
    await using receiver = await startReceiver((response) => (isSlow ? hang() : ok(response)));
    await using scene = await createWebhookScene(receiver.origin);
    await scene.app.verifications.create(scene.app.application, { userId: 'nobody', action: 'Sign in' });
    const working = scene.app.work();
    await receiver.arrived(1);
    scene.app.clock.advance(10_000);
    await working;
    expect(await scene.left()).to.deep.equal({ waiting: 1, dead: 0 });
    isSlow = false;
    await scene.live(5);
    const [first, second, ...more] = receiver.received;
    expect(more).to.deep.equal([]);
    expect([idOf(second!), second!.body]).to.deep.equal([idOf(first!), first!.body]);
    expect(second!.headers['webhook-timestamp']).not.to.equal(first!.headers['webhook-timestamp']);
    expect(await scene.left()).to.deep.equal({ waiting: 0, dead: 0 });
  });

  it('that hangs does not hold up another application, before its breaker opens', async () => {
    await using sick = await startReceiver(hang);
    await using well = await startReceiver(ok);
    await using scene = await createWebhookScene(sick.origin);
    const tell = await addApplication(scene, well);
    for (let n = 0; n < 300; n += 1) await scene.report();
    await tell();
    const { clock, workers } = scene.app;
    const from = clock.now();
    workers.webhook.start();
    while (well.received.length === 0) {
      clock.advance(1);
      await settle(1);
    }
    expect(clock.now() - from, 'milliseconds until it was told').to.be.below(1_000);
    const drained = workers.webhook.drain();
    clock.advance(10_000);
    await drained;
    expect(sick.connections(), 'at a time').to.be.within(1, 16);
    expect((await scene.left()).waiting).to.be.at.least(600);
  });

  it('that fails is asked once in ten seconds at most, while the other is told at once', async () => {
    await using sick = await startReceiver(fail);
    await using well = await startReceiver(ok);
    await using scene = await createWebhookScene(sick.origin);
    const tell = await addApplication(scene, well);
    for (let n = 0; n < 60; n += 1) await scene.report();
    await scene.app.work();
    const before = sick.received.length;
    expect(before, 'ten failures, and what was under way').to.be.within(10, 26);
    for (let second = 1; second <= 2 * minute; second += 1) {
      await tell();
      await scene.live(1);
      expect(well.received, `second ${second}`).to.have.length(second);
    }
    expect(sick.received.length - before).to.be.within(1, 13);
    expect(new Set(sick.received.map(typeOf)), 'no lane has gone on').not.to.include('verification.fraud_reported');
  });

  it('that is well but busy gets everything, in order, and nothing is given up', async () => {
    const held: ServerResponse[] = [];
    await using receiver = await startReceiver((response) => void held.push(response));
    await using scene = await createWebhookScene(receiver.origin);
    for (let n = 0; n < 200; n += 1) await scene.report();
    const working = (async () => {
      while ((await scene.left()).waiting > 0) await scene.live(1);
    })();
    let answered = 0;
    const told = (await scene.left()).waiting;
    while (answered < told) {
      await receiver.arrived(answered + 1);
      expect(held.length, 'at a time').to.be.at.most(16);
      for (const response of held.splice(0)) {
        ok(response);
        answered += 1;
      }
    }
    await working;
    expect(receiver.received).to.have.length(told);
    expect(await scene.left()).to.deep.equal({ waiting: 0, dead: 0 });
    expect(scene.mostInHand()).to.be.within(65, 256);
  });
});
