// Webhooks over real sockets: what arrives, and what the hub makes of every answer.
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createWebhookChannel } from '../../server/channels/webhook.ts';
import type { WebhookRequest } from '../../server/ports/channel.ts';
import { createFakeClock } from '../support/clock.ts';
import { startReceiver } from '../support/http-receiver.ts';
import { selfSigned } from '../support/self-signed.ts';

const now = Date.UTC(2026, 9, 21, 7, 28, 0);
const never = new AbortController().signal;
const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const sign = () => 'v1,c2lnbmVk v1a,c2lnbmVk';
const request = (url: string, body = '{"type":"verification.approved","name":"Zoë"}'): WebhookRequest => ({
  id: 'msg_1',
  applicationId: 'app_1',
  url,
  secrets: [secret],
  timestamp: 1_700_000_000,
  body,
});

/** A channel of which everything is let go at the end of the test. */
function setUp(options: { ca?: string; sign?: () => string | undefined } = {}) {
  const clock = createFakeClock(now);
  const channel = createWebhookChannel({ clock, sign, allowPrivate: true, ...options });
  return { clock, channel, [Symbol.dispose]: () => channel.close() };
}

async function listenRaw(onSocket: (socket: Socket) => void): Promise<AsyncDisposable & { origin: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a webhook', () => {
  it('arrives as a signed POST', async () => {
    await using receiver = await startReceiver((response) => response.writeHead(204).end());
    using hub = setUp();
    const sent = request(`${receiver.origin}/hooks?a=1`);
    expect(await hub.channel.send(sent, never)).to.deep.equal({ kind: 'accepted', provider: 'webhook' });
    const [got] = receiver.received;
    expect(got).to.deep.include({ method: 'POST', path: '/hooks?a=1', body: sent.body });
    expect(got?.headers).to.deep.include({
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': sign(),
    });
    expect(JSON.stringify(got?.headers)).not.to.include(secret.slice(6));
  });

  it('that cannot be signed does not leave', async () => {
    await using receiver = await startReceiver((response) => response.end());
    using hub = setUp({ sign: () => undefined });
    const result = await hub.channel.send(request(receiver.origin), never);
    expect(result).to.deep.equal({ kind: 'rejected', reason: 'secret-malformed' });
    expect(receiver.connections()).to.equal(0);
  });

  const answers: [status: number, headers: Record<string, string>, result: object][] = [
    [200, {}, { kind: 'accepted', provider: 'webhook' }],
    [202, {}, { kind: 'accepted', provider: 'webhook' }],
    [301, { location: '/elsewhere' }, { kind: 'unreachable', outcome: 'not-sent', reason: 'http-301' }],
    [307, { location: '/elsewhere' }, { kind: 'unreachable', outcome: 'not-sent', reason: 'http-307' }],
    [304, {}, { kind: 'unreachable', outcome: 'not-sent', reason: 'http-304' }],
    [400, {}, { kind: 'unreachable', outcome: 'not-sent', reason: 'http-400' }],
    [404, {}, { kind: 'unreachable', outcome: 'not-sent', reason: 'http-404' }],
    [410, {}, { kind: 'rejected', reason: 'http-410', recipientGone: true }],
    [429, {}, { kind: 'throttled', reason: 'http-429' }],
    [429, { 'retry-after': '7' }, { kind: 'throttled', reason: 'http-429', retryAfterMs: 7000 }],
    [
      503,
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' },
      { kind: 'throttled', reason: 'http-503', retryAfterMs: 30_000 },
    ],
    [429, { 'retry-after': 'never' }, { kind: 'throttled', reason: 'http-429' }],
    [500, { 'retry-after': '7' }, { kind: 'unreachable', outcome: 'not-sent', reason: 'http-500' }],
    [502, {}, { kind: 'unreachable', outcome: 'not-sent', reason: 'http-502' }],
  ];
  for (const [status, headers, result] of answers) {
    it(`answered ${status} ${JSON.stringify(headers)} is ${JSON.stringify(result)}`, async () => {
      await using receiver = await startReceiver((response) => response.writeHead(status, headers).end());
      using hub = setUp();
      expect(await hub.channel.send(request(receiver.origin), never)).to.deep.equal(result);
      expect(receiver.received, 'requests, the redirect not followed').to.have.length(1);
      expect(hub.clock.timers()).to.be.at.most(1);
    });
  }

  it('is not held up by early hints', async () => {
    await using receiver = await startReceiver((response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.writeHead(200).end();
    });
    using hub = setUp();
    expect(await hub.channel.send(request(receiver.origin), never)).to.deep.include({ kind: 'accepted' });
  });

  it('uses its connection again, and lets it go when closed', async () => {
    await using receiver = await startReceiver((response) => response.end('ok'));
    using hub = setUp();
    for (let n = 0; n < 3; n++) await hub.channel.send(request(receiver.origin), never);
    expect(receiver.connections()).to.equal(1);
    expect(hub.clock.timers(), 'deadlines left behind').to.equal(0);
    hub.channel.close();
    await receiver.idle();
  });
});

describe('a webhook receiver that misbehaves', () => {
  it('and never answers costs one deadline; whether it took it is unknown', async () => {
    await using receiver = await startReceiver(() => {});
    using hub = setUp();
    const result = hub.channel.send(request(receiver.origin), never);
    await receiver.arrived(1);
    hub.clock.advance(9_999);
    expect(receiver.openConnections()).to.equal(1);
    hub.clock.advance(1);
    expect(await result).to.deep.equal({ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' });
    await receiver.idle();
  });

  it('is left when the caller gives up', async () => {
    await using receiver = await startReceiver(() => {});
    using hub = setUp();
    const controller = new AbortController();
    const result = hub.channel.send(request(receiver.origin), controller.signal);
    await receiver.arrived(1);
    controller.abort();
    expect(await result).to.deep.equal({ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' });
    expect(hub.clock.timers()).to.equal(0);
    const late = await hub.channel.send(request(receiver.origin), controller.signal);
    expect(late).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'timeout' });
    expect(receiver.received).to.have.length(1);
  });

  it('and sends 10 MB is cut off; its status counts', async () => {
    await using receiver = await startReceiver((response) => response.writeHead(200).end(Buffer.alloc(10_000_000)));
    using hub = setUp();
    expect(await hub.channel.send(request(receiver.origin), never)).to.deep.include({ kind: 'accepted' });
    await receiver.idle();
    expect(hub.clock.timers()).to.equal(0);
  });

  it('and never ends its answer is cut off at the deadline; its status counts', async () => {
    await using receiver = await startReceiver((response) => response.writeHead(500).write('drip'));
    using hub = setUp();
    expect(await hub.channel.send(request(receiver.origin), never)).to.deep.include({ reason: 'http-500' });
    expect(receiver.openConnections()).to.equal(1);
    hub.clock.advance(10_000);
    await receiver.idle();
  });

  it('and refuses connections was not sent anything', async () => {
    let origin = '';
    {
      await using gone = await startReceiver(() => {});
      ({ origin } = gone);
    }
    using hub = setUp();
    const result = await hub.channel.send(request(origin), never);
    expect(result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'econnrefused' });
    expect(hub.clock.timers()).to.equal(0);
  });

  const raw: [what: string, onSocket: (socket: Socket) => void, reason: RegExp][] = [
    ['hangs up', (socket) => socket.once('data', () => socket.destroy()), /^econnreset$/],
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy()), /^econnreset$/],
    ['talks gibberish', (socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n')), /^hpe_/],
    [
      'promises more headers than fit',
      (socket) => socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`)),
      /^hpe_|econnreset/,
    ],
    [
      'switches protocols',
      (socket) =>
        socket.once('data', () =>
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
        ),
      /./,
    ],
  ];
  for (const [what, onSocket, reason] of raw) {
    it(`and ${what} leaves it unknown`, async () => {
      await using server = await listenRaw(onSocket);
      using hub = setUp();
      const result = await hub.channel.send(request(server.origin), never);
      expect(result).to.deep.include({ kind: 'unreachable', outcome: 'unknown' });
      expect(result).to.have.property('reason').that.matches(reason);
    });
  }
});

describe('a webhook over TLS', () => {
  async function startTls() {
    const server = createHttpsServer(selfSigned, (_request, response) => response.end());
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      url: `https://localhost:${(server.address() as AddressInfo).port}/`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  }

  it('arrives when the certificate is trusted', async () => {
    await using server = await startTls();
    using hub = setUp({ ca: selfSigned.cert });
    expect(await hub.channel.send(request(server.url), never)).to.deep.include({ kind: 'accepted' });
  });

  it('does not leave when it is not', async () => {
    await using server = await startTls();
    using hub = setUp();
    const result = await hub.channel.send(request(server.url), never);
    expect(result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'depth_zero_self_signed_cert' });
  });
});
