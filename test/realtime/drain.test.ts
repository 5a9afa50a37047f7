// Going away: clients are moved, not dismissed, and what hangs is cut (reliability.md L7, F8).
import { expect } from 'chai';
import type { Socket } from 'socket.io-client';
import type { Snapshot } from '../../server/app/verifications.ts';
import { ask, connected, next, rawSocketOf, refusal, transports, until } from './support/clients.ts';
import { openWorld, type World } from './support/harness.ts';
import { makePending } from './support/records.ts';
import { openPolling, rawRequest } from './support/raw-http.ts';

describe('draining', () => {
  let world: World;
  let elsewhere: World;
  beforeEach(async () => {
    [world, elsewhere] = await Promise.all([openWorld(), openWorld()]);
    for (const node of [world, elsewhere]) node.verifications.set('ver_1', makePending('ver_1', Date.now()));
  });
  afterEach(async () => {
    await Promise.all([world.close(), elsewhere.close()]);
  });

  for (const transport of transports) {
    it(`makes every client connect again, over ${transport}`, async () => {
      const sockets = await Promise.all(
        Array.from({ length: 6 }, (_, index) => {
          const [namespace, token] =
            index % 2 === 0 ? (['/device', 'dev_1'] as const) : (['/browser', 'waiter:ver_1'] as const);
          return connected(world.clients.open(namespace, token, { transports: [transport], reconnect: true }));
        }),
      );
      const reasons = Promise.all(sockets.map(async (socket) => (await next<[string]>(socket, 'disconnect'))[0]));
      await world.realtime.drain(400);
      for (const reason of await reasons) expect(reason).to.equal('transport close');
      expect(
        sockets.every(({ active }) => active),
        'each tries again',
      ).to.equal(true);
      expect(world.open).to.deep.equal({ device: 0, browser: 0 });
    });
  }

  it('spreads them over its time', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        world.devices.set(`dev_x${index}`, {
          ...world.devices.get('dev_1')!,
          id: `dev_x${index}`,
          userId: `user${index}`,
        });
        return connected(world.clients.open('/device', `dev_x${index}`));
      }),
    );
    const start = performance.now();
    const times: number[] = [];
    for (const socket of sockets) socket.on('disconnect', () => times.push(performance.now() - start));
    await world.realtime.drain(600);
    await until(() => times.length === 40, 'all gone');
    const halves = [times.filter((time) => time < 240).length, times.filter((time) => time >= 240).length];
    expect(Math.min(...halves), String(halves)).to.be.above(5);
    expect(Math.max(...times)).to.be.below(700);
  });

  it('lets nobody in any more, and says so', async () => {
    const go = Promise.withResolvers<Snapshot>();
    const staying = await connected(world.clients.open('/device', 'dev_1'));
    world.use.decide = () => go.promise;
    void ask(staying, 'decide', { decision: 'aaa.bbb.ccc' }).catch(() => {});
    await ask(staying, 'prompts');
    const draining = world.realtime.drain(1_000);
    const answer = await rawRequest(world.url, { path: '/socket.io/?EIO=4&transport=polling' });
    expect([answer.status, answer.headers['retry-after']]).to.deep.equal([503, '1']);
    expect(JSON.parse(answer.body)).to.include({ code: 'draining' });
    // One that is connected still, and would join another namespace.
    const late = await refusal(staying.io.socket('/browser', { auth: { token: 'waiter:ver_1' } }));
    expect(late.data).to.include({ code: 'draining', retryAfter: 1 });
    go.resolve({ verification: makePending('ver_1', Date.now()), now: Date.now() });
    await draining;
  });

  it('does not move a client away from under its answer', async () => {
    await world.close();
    world = await openWorld({ fraction: () => 0 });
    const go = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    world.use.decide = async () => {
      asked.resolve();
      await go.promise;
      return { verification: makePending('ver_1', Date.now()), now: Date.now() };
    };
    const busy = await connected(world.clients.open('/device', 'dev_1'));
    const idle = await connected(world.clients.open('/device', 'dev_2'));
    const idleGone = next(idle, 'disconnect');
    let isGone = false;
    busy.once('disconnect', () => (isGone = true));
    const answer = ask(busy, 'decide', { decision: 'aaa.bbb.ccc' });
    await asked.promise;
    const drained = world.realtime.drain(3_000);
    await idleGone;
    await ask(busy, 'prompts');
    expect(isGone).to.equal(false);
    go.resolve();
    expect((await answer).ok).to.equal(true);
    await drained;
    await until(() => !busy.connected, 'moved at last');
  }).timeout(8_000);

  it('lets a polling client fetch what waits for it', async () => {
    await world.close();
    world = await openWorld({ fraction: () => 0 });
    world.verifications.set('ver_1', makePending('ver_1', Date.now()));
    const path = `/socket.io/?EIO=4&transport=polling&sid=${await openPolling(world.url)}`;
    await rawRequest(world.url, { path, method: 'POST', body: '40/device,{"token":"dev_2"}' });
    await until(() => world.open.device === 1, 'joined');
    const drained = world.realtime.drain(1_500);
    const { body } = await rawRequest(world.url, { path });
    expect(body).to.include('["prompt",{"id":"ver_1"');
    const last = body.endsWith('\u001e1') ? body : (await rawRequest(world.url, { path })).body;
    expect(last.split('\u001e').at(-1), 'the end').to.equal('1');
    await drained;
  });

  it('closes what will not go, and may be closed twice', async () => {
    const socket: Socket = await connected(world.clients.open('/device', 'dev_1'));
    world.use.decide = () => new Promise(() => {});
    void ask(socket, 'decide', { decision: 'aaa.bbb.ccc' }).catch(() => {});
    const gone = next(socket, 'disconnect');
    await world.realtime.drain(50);
    await Promise.all([world.realtime.close(), world.realtime.close()]);
    await gone;
    expect(world.realtime.connectionCount()).to.equal(0);
    expect(world.open).to.deep.equal({ device: 0, browser: 0 });
  });

  it('cuts a client that does not agree to part', async () => {
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    const raw = rawSocketOf(socket);
    raw.pause();
    const start = performance.now();
    await world.realtime.close();
    expect(performance.now() - start).to.be.below(2_000);
    expect(await world.tcpConnections()).to.equal(0);
    raw.destroy();
  });

  it('of a node without clients is over at once', async () => {
    const start = performance.now();
    await world.realtime.drain(60_000);
    expect(performance.now() - start).to.be.below(1_000);
  });
});
