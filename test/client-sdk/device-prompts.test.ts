/** Prompts on a device: acknowledged every time, shown once, and gone when the hub says so or nothing else does. */
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { PromptView } from '../../client-sdk/protocol.ts';
import { rejectionOf, until } from './support/conditions.ts';
import { enrolledDevice } from './support/enrolled-device.ts';
import type { EnrolledDevice } from './support/enrolled-device.ts';
import { createFakeRuntime } from './support/fake-runtime.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub } from './support/fake-hub.ts';
import { prompt } from './support/wire.ts';

describe('prompts on a device', () => {
  let hub: FakeHub;
  let device: EnrolledDevice;
  /** What the hub would list. */
  let listed: PromptView[];
  let sockets: Socket[];

  beforeEach(async () => {
    hub = await startFakeHub();
    device = await enrolledDevice(hub);
    listed = [];
    sockets = [];
    hub.onDevice = (socket) => {
      sockets.push(socket);
      socket.on('prompts', (reply) => reply({ ok: true, prompts: listed }));
    };
  });
  afterEach(async () => {
    device.client.close();
    await hub.close();
  });

  async function online(count = 1): Promise<Socket> {
    if (count === 1) await device.client.connect();
    await until(`connection ${count}`, () => sockets.length === count && device.client.state().condition === 'online');
    return sockets.at(-1)!;
  }
  const send = (socket: Socket, message: unknown): Promise<unknown> =>
    socket.timeout(1_000).emitWithAck('prompt', message) as Promise<unknown>;
  const shownIds = (): string[] => device.shown.map(({ id }) => id);

  it('are acknowledged on every copy and shown once', async () => {
    const socket = await online();
    for (let copy = 0; copy < 3; copy++) await send(socket, prompt());
    expect(shownIds()).to.deep.equal(['ver_1']);
    expect(device.client.pending()).to.have.length(1);
  });

  it('are shown again when their text changed', async () => {
    const socket = await online();
    await send(socket, prompt());
    await send(socket, prompt({ rev: 3 }));
    await send(socket, prompt({ rev: 4, action: 'Pay 500 EUR' }));
    expect(device.shown.map(({ action }) => action)).to.deep.equal(['Sign in to Example Bank', 'Pay 500 EUR']);
  });

  it('are not acknowledged when they cannot be read', async () => {
    const socket = await online();
    for (const broken of [null, 'prompt', { id: 'ver_1' }, { ...prompt(), details: [{ label: 'Amount' }] }]) {
      const outcome = await socket
        .timeout(100)
        .emitWithAck('prompt', broken)
        .then(
          () => 'acknowledged',
          () => 'not acknowledged',
        );
      expect(outcome).to.equal('not acknowledged');
    }
    expect(device.shown).to.deep.equal([]);
  });

  it('are taken down by `closed`, and a copy on its way does not bring them back', async () => {
    const socket = await online();
    await send(socket, prompt());
    socket.emit('closed', { id: 'ver_1', rev: 3, status: 'canceled' });
    await send(socket, prompt());
    expect(device.closed).to.deep.equal([{ id: 'ver_1', status: 'canceled' }]);
    expect(shownIds()).to.deep.equal(['ver_1']);
    expect(device.client.pending()).to.deep.equal([]);
  });

  it('are taken down after a reconnect when the hub no longer lists them', async () => {
    await send(await online(), prompt());
    await send(sockets[0]!, prompt({ id: 'ver_2' }));
    listed = [prompt({ id: 'ver_2' }), prompt({ id: 'ver_3' })];
    hub.cut();
    await online(2);
    await until('the resync', () => device.closed.length === 1);
    expect(device.closed).to.deep.equal([{ id: 'ver_1', status: null }]);
    expect(shownIds()).to.deep.equal(['ver_1', 'ver_2', 'ver_3']);
    expect(device.states.map(({ condition }) => condition)).to.deep.equal([
      'connecting',
      'online',
      'reconnecting',
      'online',
    ]);
  });

  it('count with whatever revision after a reconnect', async () => {
    await send(await online(), prompt({ rev: 9 }));
    hub.cut();
    listed = [prompt({ rev: 2, action: 'Restored from a copy' })];
    await online(2);
    await until('the new text', () => device.shown.length === 2);
    expect(device.client.pending()[0]?.action).to.equal('Restored from a copy');
  });

  it('that were closed come back when the hub lists them after a reconnect', async () => {
    const socket = await online();
    await send(socket, prompt());
    socket.emit('closed', { id: 'ver_1', rev: 3, status: 'denied' });
    await until('the end', () => device.closed.length === 1);
    listed = [prompt()];
    hub.cut();
    await online(2);
    await until('the prompt', () => device.shown.length === 2);
  });

  it('do not wait behind a connection that no longer answers', async () => {
    device.client.close();
    device = await enrolledDevice(hub, { timeouts: { acknowledgeMs: 400 }, runtime: { random: () => 0 } });
    hub.onDevice = (socket) => {
      sockets.push(socket);
      if (sockets.length > 1) socket.on('prompts', (reply) => reply({ ok: true, prompts: [prompt()] }));
    };
    await device.client.connect();
    await until('the prompt', () => device.shown.length === 1);
    expect(sockets).to.have.length(2);
  });

  it('do not come to a client that was closed while it began to connect', async () => {
    const connecting = rejectionOf(device.client.connect());
    device.client.close();
    expect(await connecting).to.have.property('code', 'closed');
    expect(device.client.state().condition).to.equal('closed');
  });

  it('that come while the list is on its way stay', async () => {
    hub.onDevice = (socket) => {
      sockets.push(socket);
      socket.on('prompts', (reply) => {
        socket.emit('prompt', prompt({ id: 'ver_new' }), () => reply({ ok: true, prompts: [] }));
      });
    };
    await online();
    await until('the prompt', () => device.shown.length === 1);
    await send(sockets[0]!, prompt({ id: 'ver_after' }));
    expect(device.closed).to.deep.equal([]);
    expect(device.client.pending()).to.have.length(2);
  });

  it('end at their deadline when nothing else ends them, on the hub’s clock', async () => {
    const runtime = createFakeRuntime(Date.now() - 3_600_000, { random: () => 0 });
    device = await enrolledDevice(hub, { runtime });
    await send(await online(), prompt());
    await runtime.advance(299_000);
    expect(device.client.pending()).to.have.length(1);
    await runtime.advance(3_000);
    expect(device.closed).to.deep.equal([{ id: 'ver_1', status: 'expired' }]);
  });

  it('that are listed but never come as an event are acknowledged over HTTP', async () => {
    const runtime = createFakeRuntime();
    device = await enrolledDevice(hub, { runtime });
    const path = 'POST /v1/device/prompts/ver_1/acknowledge';
    hub.route(path, () => ({ status: 200, body: { prompt: prompt(), serverTime: new Date().toISOString() } }));
    listed = [prompt()];
    await online();
    await until('the prompt', () => device.shown.length === 1);
    await runtime.advance(2_000);
    await until('the acknowledgement', () => hub.seen(path).length === 1);
  });

  it('arrive over HTTP while no socket can be had', async () => {
    device.client.close();
    device = await enrolledDevice(hub, { timeouts: { pollAfterMs: 10 }, runtime: { random: () => 0.01 } });
    hub.handshake = () => problem('store-unavailable', 503).body as object;
    let prompts = [prompt()];
    hub.route('GET /v1/device/prompts', () => ({
      status: 200,
      body: { prompts, serverTime: new Date().toISOString() },
    }));
    const path = 'POST /v1/device/prompts/ver_1/acknowledge';
    hub.route(path, () => ({ status: 200, body: { prompt: prompt(), serverTime: new Date().toISOString() } }));
    await device.client.connect();
    // A look may overtake the acknowledgement of the look before: more than one is harmless.
    await until('the prompt', () => device.shown.length === 1 && hub.seen(path).length > 0);
    prompts = [];
    await until('the end', () => device.closed.length === 1);
    expect(shownIds()).to.deep.equal(['ver_1']);
  });

  it('are all taken down when the device is revoked', async () => {
    await send(await online(), prompt());
    hub.handshake = () => problem('unauthenticated', 401).body as object;
    hub.io.of('/device').disconnectSockets(true);
    await until('revoked', () => device.client.state().condition === 'revoked');
    expect(device.closed).to.deep.equal([{ id: 'ver_1', status: null }]);
  });

  it('come again after the hub has told the client to go', async () => {
    await send(await online(), prompt());
    listed = [prompt()];
    hub.io.of('/device').disconnectSockets(true);
    await online(2);
    expect(device.client.pending()).to.have.length(1);
  });

  it('do not reach one listener less when another throws', async () => {
    const socket = await online();
    const faults: unknown[] = [];
    const log = console.error;
    console.error = (fault: unknown) => void faults.push(fault);
    try {
      device.client.onPrompt(() => {
        throw new Error('a bug in the app');
      });
      const late: string[] = [];
      device.client.onPrompt(({ id }) => late.push(id));
      await send(socket, prompt());
      expect(late).to.deep.equal(['ver_1']);
    } finally {
      console.error = log;
    }
    expect(faults).to.have.length(1);
  });
});
