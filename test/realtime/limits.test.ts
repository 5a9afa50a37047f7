// What one client may cost: floods, sizes, counts, silence and deaf ears (security.md T6, T7; reliability.md F29, F31).
import { expect } from 'chai';
import type { Socket } from 'socket.io-client';
import type { PromptView } from '../../client-sdk/protocol.ts';
import { ask, collect, connected, next, rawSocketOf, refusal, transports, until } from './support/clients.ts';
import { openWorld, type World, type WorldOptions } from './support/harness.ts';
import { openPolling, rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { makePending } from './support/records.ts';

describe('limits', () => {
  const worlds: World[] = [];
  const open = async (options?: WorldOptions): Promise<World> => {
    const world = await openWorld(options);
    worlds.push(world);
    return world;
  };
  afterEach(async () => {
    await Promise.all(worlds.splice(0).map((world) => world.close()));
  });
  const gone = async (socket: Socket): Promise<string> => (await next<[string]>(socket, 'disconnect'))[0];

  it('answers events beyond the allowance with `rate-limited` and when to come back', async () => {
    const world = await open({ limits: { eventsPerMinute: 5 } });
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(socket, 'prompts')));
    expect(answers.filter(({ ok }) => ok)).to.have.length(5);
    for (const { problem } of answers.slice(5)) {
      expect(problem).to.include({ code: 'rate-limited', status: 429 });
      expect(problem?.retryAfter).to.be.within(1, 12);
    }
    const other = await connected(world.clients.open('/device', 'dev_1'));
    expect((await ask(other, 'prompts')).ok, 'another socket has its own').to.equal(true);
  });

  it('closes a connection that floods, with whatever packets', async () => {
    for (const transport of transports) {
      const world = await open({ limits: { packetsPerMinute: 50 } });
      const socket = await connected(world.clients.open('/device', 'dev_1', { transports: [transport] }));
      const end = gone(socket);
      for (let sent = 0; sent < 200; sent += 1) socket.emit('nonsense');
      expect(await end).to.match(/transport (close|error)/);
      await until(() => world.realtime.connectionCount() === 0, 'forgotten');
      await connected(world.clients.open('/device', 'dev_1'));
    }
  });

  it('closes whoever tries one token after the other on a connection', async () => {
    const world = await open({ limits: { packetsPerMinute: 20 } });
    let tries = 0;
    world.use.authenticate = async () => {
      tries += 1;
      throw new Error('no');
    };
    const path = `/socket.io/?EIO=4&transport=polling&sid=${await openPolling(world.url)}`;
    const body = Array.from({ length: 500 }, (_, index) => `40/device,{"token":"t${index}"}`).join('\u001e');
    await rawRequest(world.url, { path, method: 'POST', body });
    await until(() => world.realtime.connectionCount() === 0, 'closed');
    expect(tries).to.be.at.most(20);
  });

  for (const transport of transports) {
    it(`closes a connection over which more than 64 KB come at once, over ${transport}`, async () => {
      const world = await open();
      const socket = await connected(world.clients.open('/device', 'dev_1', { transports: [transport] }));
      const fits = await ask(socket, 'decide', { decision: 'x'.repeat(60_000) });
      expect(fits.problem).to.include({ code: 'invalid' });
      const end = gone(socket);
      socket.emit('decide', { decision: 'x'.repeat(70_000) });
      expect(await end).to.match(/transport (close|error)/);
      await connected(world.clients.open('/device', 'dev_1', { transports: [transport] }));
    });
  }

  it('compresses nothing, though asked to', async () => {
    const world = await open();
    const { status, headers } = await rawRequest(world.url, {
      path: '/socket.io/?EIO=4&transport=websocket',
      headers: { ...upgradeHeaders, 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
    });
    expect(status).to.equal(101);
    expect(headers['sec-websocket-extensions']).to.equal(undefined);
    const polled = await rawRequest(world.url, {
      path: '/socket.io/?EIO=4&transport=polling',
      headers: { 'Accept-Encoding': 'gzip, deflate' },
    });
    expect(polled.headers['content-encoding']).to.equal(undefined);
  });

  it('serves no client files and speaks no old protocol', async () => {
    const world = await open();
    for (const path of [
      '/socket.io/socket.io.js',
      '/socket.io/?EIO=3&transport=polling',
      '/socket.io/?EIO=4&transport=webtransport',
    ]) {
      expect((await rawRequest(world.url, { path })).status, path).to.equal(400);
    }
  });

  it("closes a device's oldest socket when it opens too many, for good", async () => {
    const world = await open({ limits: { socketsPerDevice: 3 } });
    const sockets: Socket[] = [];
    for (let count = 0; count < 3; count += 1) sockets.push(await connected(world.clients.open('/device', 'dev_1')));
    const neighbour = await connected(world.clients.open('/device', 'dev_2'));
    const end = gone(sockets[0]!);
    sockets.push(await connected(world.clients.open('/device', 'dev_1')));
    expect(await end).to.equal('io server disconnect');
    await until(() => world.open.device === 4, 'three and the neighbour');
    expect([...sockets.slice(1), neighbour].every(({ connected: isUp }) => isUp)).to.equal(true);
  });

  it("closes a page's oldest socket when its token opens too many", async () => {
    const world = await open({ limits: { socketsPerWaiter: 2 } });
    for (const id of ['ver_1', 'ver_2']) world.verifications.set(id, makePending(id, Date.now()));
    const first = await connected(world.clients.open('/browser', 'waiter:ver_1'));
    const second = await connected(world.clients.open('/browser', 'waiter:ver_1'));
    const other = await connected(world.clients.open('/browser', 'waiter:ver_2'));
    const end = gone(first);
    await connected(world.clients.open('/browser', 'waiter:ver_1'));
    expect(await end).to.equal('io server disconnect');
    expect([second.connected, other.connected]).to.deep.equal([true, true]);
    await until(() => world.watchers() === 3, 'the first is no longer fed');
  });

  it('closes a connection that joins nothing in time', async () => {
    const world = await open({ settings: { connectTimeoutMs: 60 } });
    await openPolling(world.url);
    const silent = new WebSocket(`${world.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const refused = world.clients.open('/device', 'nobody');
    await Promise.all([
      refusal(refused),
      new Promise((resolve) => {
        silent.addEventListener('close', resolve);
      }),
    ]);
    await until(() => world.realtime.connectionCount() === 0, 'all closed', 3_000);
  });

  it('closes a connection that has left its last namespace', async () => {
    const world = await open();
    const raw = new WebSocket(`${world.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const closed = new Promise((resolve) => {
      raw.addEventListener('close', resolve);
    });
    raw.addEventListener('message', ({ data }) => {
      const text = String(data);
      if (text.startsWith('0')) raw.send('40/device,{"token":"dev_1"}');
      if (text.startsWith('40/device')) raw.send('41/device,');
    });
    await closed;
    expect(world.open.device).to.equal(0);
  });

  it('joins a namespace once per connection, however often it is asked', async () => {
    const world = await open();
    let checks = 0;
    world.use.authenticate = async (token) => {
      checks += 1;
      return world.devices.get(token)!;
    };
    const sid = await openPolling(world.url);
    const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    const body = Array.from({ length: 10 }, () => '40/device,{"token":"dev_1"}').join('\u001e');
    await rawRequest(world.url, { path, method: 'POST', body });
    const { body: told } = await rawRequest(world.url, { path });
    expect(told.split('\u001e').filter((packet) => packet.startsWith('40/device'))).to.have.length(1);
    expect(told.split('\u001e').filter((packet) => packet.startsWith('44/device'))).to.have.length(9);
    expect([checks, world.open.device]).to.deep.equal([1, 1]);
  });

  it('lets a connection that was refused try again', async () => {
    const world = await open();
    const path = `/socket.io/?EIO=4&transport=polling&sid=${await openPolling(world.url)}`;
    await rawRequest(world.url, { path, method: 'POST', body: '40/device,{"token":"nobody"}' });
    expect((await rawRequest(world.url, { path })).body).to.match(/^44\/device/);
    await rawRequest(world.url, { path, method: 'POST', body: '40/device,{"token":"dev_1"}' });
    expect((await rawRequest(world.url, { path })).body).to.match(/^40\/device/);
  });

  it('lets a client that never acknowledges connect again, before it costs much', async () => {
    const world = await open({ limits: { unacknowledgedPrompts: 10 } });
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    const prompts = collect<PromptView>(socket, 'prompt');
    const end = gone(socket);
    for (let count = 0; count < 11; count += 1) {
      world.bus.publish({ type: 'prompt', verification: makePending(`ver_${count}`, Date.now()), now: Date.now() });
    }
    expect(await end).to.equal('transport close');
    expect(prompts).to.have.length(10);
    expect(world.acknowledged).to.deep.equal([]);
  });

  for (const limits of [{ queuedMessages: 20 }, { queuedMessages: 1_000_000, queuedBytes: 500_000 }]) {
    it(`cuts off a client that reads nothing, by ${JSON.stringify(limits)}`, async () => {
      const world = await open({ limits: { unacknowledgedPrompts: 1_000_000, ...limits } });
      const socket = await connected(world.clients.open('/device', 'dev_1'));
      const raw = rawSocketOf(socket);
      raw.pause();
      const action = 'x'.repeat(50_000);
      let sent = 0;
      await until(() => {
        const verification = makePending(`ver_${sent}`, Date.now(), { action });
        world.bus.publish({ type: 'prompt', verification, now: Date.now() });
        sent += 1;
        return world.open.device === 0;
      }, 'cut off');
      expect(world.realtime.connectionCount()).to.equal(0);
      // The client has not noticed, and does not hold the hub up.
      for (let tries = 0; tries < 100 && (await world.tcpConnections()) > 0; tries += 1);
      expect(await world.tcpConnections()).to.equal(0);
      // What the kernel took, and what may wait.
      expect(sent).to.be.below(300);
      raw.destroy();
    });
  }

  it('lets a client that reads slowly, but reads, have it all', async () => {
    const world = await open({ limits: { unacknowledgedPrompts: 1_000_000, queuedMessages: 20 } });
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    const prompts = collect<PromptView>(socket, 'prompt');
    for (let count = 0; count < 200; count += 1) {
      const verification = makePending(`ver_${count}`, Date.now(), { action: 'x'.repeat(5_000) });
      world.bus.publish({ type: 'prompt', verification, now: Date.now() });
      if (count % 15 === 14) await until(() => prompts.length === count + 1, 'read');
    }
    await until(() => prompts.length === 200, 'all of them');
  });

  it('survives packets that are none', async () => {
    const world = await open();
    const odd = [
      '',
      '4',
      '42',
      '42/device,',
      '42/device,[',
      '42/device,["decide"',
      '451-["a",{"_placeholder":true,"num":0}]',
      '4511-["a"]',
      '45-1-',
      '459999999999/device,["x"]',
      '43/device,0[]',
      '4399999["x"]',
      '44/device,{}',
      '4z',
      '\u0000',
      '9',
      '40/device,[]',
      '40/device,null',
      '40/device,{"token":{}}',
      '42/device,1e999["prompts"]',
      '42/device,["connect"]',
      '42/device,["disconnect"]',
      '42/device,["newListener"]',
      '42/device,[{}]',
      '42/device,[null]',
      '42/device,{}',
      `42/device,${'['.repeat(5_000)}`,
      '2probe',
      '3',
      '5',
      '6',
      '1',
    ];
    for (const packet of odd) {
      for (const join of [true, false]) await speakRaw(world.url, packet, join);
    }
    await connected(world.clients.open('/device', 'dev_1'));
    expect(world.log.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });
});

/** Sends one packet as it is, perhaps after joining, then leaves; resolves once the connection is closed. */
function speakRaw(url: string, packet: string, join: boolean): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  return new Promise((resolve) => {
    const speak = (): void => {
      socket.send(packet);
      socket.close();
    };
    socket.addEventListener('close', () => resolve());
    socket.addEventListener('message', ({ data }) => {
      const text = String(data);
      if (text.startsWith('40/device')) speak();
      if (!text.startsWith('0')) return;
      if (join) socket.send('40/device,{"token":"dev_1"}');
      else speak();
    });
  });
}
