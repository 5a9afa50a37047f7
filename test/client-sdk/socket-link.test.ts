/** The connection under both clients: every try and every request ends, pauses are jittered, blocked transports are got round. */
import { expect } from 'chai';
import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { Server as TcpServer, Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server } from 'socket.io';
import { createRuntime } from '../../client-sdk/runtime.ts';
import { createSocketLink } from '../../client-sdk/socket-link.ts';
import type { SocketLink, SocketLinkOptions } from '../../client-sdk/socket-link.ts';
import { rejectionOf, until } from './support/conditions.ts';
import { createFakeRuntime } from './support/fake-runtime.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub } from './support/fake-hub.ts';

async function listen(server: HttpServer | TcpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}

describe('a socket link', () => {
  let hub: FakeHub;
  let link: SocketLink | undefined;
  let downs: string[];

  beforeEach(async () => {
    hub = await startFakeHub();
    downs = [];
  });
  afterEach(async () => {
    link?.close();
    await hub.close();
  });

  function open(overrides: Partial<SocketLinkOptions> = {}): SocketLink {
    const opened = createSocketLink({
      url: `${hub.origin}/device`,
      settings: {},
      runtime: createRuntime({ random: () => 0 }),
      credential: async () => 'token',
      events: {},
      onUp: () => {},
      onDown: (error) => downs.push(error.code),
      onRefused: () => 'later',
      ...overrides,
    });
    link = opened;
    opened.open();
    return opened;
  }

  it('uses WebSocket by itself', async () => {
    const transports: string[] = [];
    hub.onDevice = (socket) => transports.push(socket.conn.transport.name);
    const opened = open();
    await until('up', opened.isUp);
    expect(transports).to.deep.equal(['websocket']);
  });

  it('falls back to polling where WebSocket is refused', async () => {
    const server = createServer();
    const io = new Server(server, { transports: ['polling'] });
    const url = `${await listen(server)}/device`;
    io.of('/device').on('connection', () => {});
    const opened = open({ url });
    await until('up', opened.isUp);
    opened.close();
    await io.close();
  });

  it('begins with polling after a try in which something swallowed the WebSocket handshake', async () => {
    const server = createServer();
    const io = new Server(server, { transports: ['polling'] });
    const url = `${await listen(server)}/device`;
    io.of('/device').on('connection', () => {});
    server.removeAllListeners('upgrade');
    const swallowed: Duplex[] = [];
    server.on('upgrade', (_request, socket) => swallowed.push(socket));
    const runtime = createFakeRuntime();
    const opened = open({ url, runtime });
    await until('the handshake', () => swallowed.length === 1);
    await runtime.advance(10_000);
    expect(downs).to.deep.equal(['timeout']);
    await runtime.advance(2_000);
    await until('up', opened.isUp);
    opened.close();
    for (const socket of swallowed) socket.destroy();
    await io.close();
  });

  it('gives up a try at a host that never answers, and tries again', async () => {
    const sockets: TcpSocket[] = [];
    const silent = createTcpServer((socket) => sockets.push(socket));
    const url = `${await listen(silent)}/device`;
    const runtime = createFakeRuntime();
    const opened = open({ url, runtime });
    await until('the try', () => sockets.length === 1);
    await runtime.advance(10_000);
    expect(downs).to.deep.equal(['timeout']);
    await runtime.advance(2_000);
    await until('the next try', () => sockets.length === 2);
    opened.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('gives up a try whose credential never comes', async () => {
    const runtime = createFakeRuntime();
    let asked = 0;
    open({ runtime, credential: () => (++asked, new Promise<string>(() => {})) });
    await runtime.advance(10_000);
    await runtime.advance(2_000);
    expect(asked).to.equal(2);
    expect(downs).to.deep.equal(['timeout']);
  });

  it('asks for a fresh credential on each try', async () => {
    const tokens: unknown[] = [];
    hub.handshake = (_namespace, token) => {
      tokens.push(token);
      return null;
    };
    let made = 0;
    const opened = open({ credential: async () => `token-${++made}` });
    await until('up', opened.isUp);
    hub.cut();
    await until('up again', () => tokens.length === 2);
    expect(tokens).to.deep.equal(['token-1', 'token-2']);
  });

  it('ends a request that is not acknowledged, one whose connection goes, and one without a connection', async () => {
    const opened = open();
    expect(await rejectionOf(opened.request('prompts', [], 50))).to.have.property('code', 'network');
    await until('up', opened.isUp);
    expect(await rejectionOf(opened.request('prompts', [], 20))).to.have.property('code', 'timeout');
    const cut = rejectionOf(opened.request('prompts', [], 60_000));
    hub.cut();
    expect(await cut).to.have.property('code', 'network');
    await until('up again', opened.isUp);
    const closed = rejectionOf(opened.request('prompts', [], 60_000));
    opened.close();
    expect(await closed).to.have.property('code', 'closed');
  });

  it('tells a problem from an answer from rubbish', async () => {
    const answers: unknown[] = [
      { ok: true, x: 1 },
      { ok: false, problem: problem('forbidden', 403).body },
      { ok: false },
      'yes',
      null,
    ];
    hub.onDevice = (socket) => socket.on('ask', (reply: (answer: unknown) => void) => reply(answers.shift()));
    const opened = open();
    await until('up', opened.isUp);
    expect(await opened.request('ask', [], 1_000)).to.deep.equal({ ok: true, x: 1 });
    expect(await rejectionOf(opened.request('ask', [], 1_000))).to.have.property('code', 'forbidden');
    for (let rest = 0; rest < 3; rest++) {
      expect(await rejectionOf(opened.request('ask', [], 1_000))).to.have.property('code', 'bad-response');
    }
  });

  it('hears why a hub refuses before there is a connection', async () => {
    const refusal = problem('origin-not-allowed', 403).body;
    const server = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/problem+json' }).end(JSON.stringify(refusal));
    });
    const url = `${await listen(server)}/device`;
    const heard: string[] = [];
    const opened = open({ url, onRefused: ({ code }) => (heard.push(code), 'stop') });
    await until('the refusal', () => heard.length === 1);
    expect(heard).to.deep.equal(['origin-not-allowed']);
    opened.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('waits as long as a refusing hub asks, whoever hurries', async () => {
    let handshakes = 0;
    hub.handshake = () => {
      handshakes += 1;
      return problem('rate-limited', 429, { retryAfter: 60 }).body as object;
    };
    const runtime = createFakeRuntime();
    const opened = open({ runtime });
    await until('the refusal', () => downs.length === 1);
    opened.hurry();
    expect(runtime.timers()).to.deep.equal([61_000]);
    await runtime.advance(59_000);
    expect(handshakes).to.equal(1);
    hub.handshake = () => null;
    await runtime.advance(3_000);
    await until('up', opened.isUp);
  });

  it('tries now when hurried', async () => {
    const runtime = createFakeRuntime();
    const opened = open({ runtime });
    await until('up', opened.isUp);
    hub.cut();
    await until('down', () => downs.length === 1);
    opened.hurry();
    await until('up again', opened.isUp);
  });

  it('pauses longer when a hub accepts and drops, and starts over only after a connection that held', async () => {
    const runtime = createFakeRuntime(Date.now(), { random: () => 0.999 });
    hub.onDevice = (socket) => socket.conn.close();
    open({ runtime });
    const pauses: number[] = [];
    for (let round = 1; round <= 5; round++) {
      await until(`down ${round}`, () => downs.length === round);
      pauses.push(runtime.timers()[0]!);
      if (round === 5) hub.onDevice = () => {};
      await runtime.advance(pauses.at(-1)!);
    }
    expect(pauses).to.deep.equal([1_998, 3_996, 7_992, 14_985, 14_985]);
    await until('up', link!.isUp);
    await runtime.advance(10_000);
    hub.cut();
    await until('down again', () => downs.length === 6);
    expect(runtime.timers()).to.deep.equal([1_998]);
  });

  it('leaves nothing open when closed at any moment', async () => {
    const opened = open();
    opened.close();
    opened.open();
    await until('up', opened.isUp);
    opened.close();
    await until('gone', () => hub.io.of('/device').sockets.size === 0);
    expect(opened.isUp()).to.equal(false);
    expect(downs).to.deep.equal([]);
  });
});
