// Clients that offer another protocol, or expect something unknown, are answered all the same (RFC 9110 sections 7.8 and 10.1.1).
import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startTestHub, testApiKey, type TestHub } from '../support/hub.ts';
import { sendRaw } from '../support/raw-http.ts';

const h2c =
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n';
const webSocket =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

describe('requests that ask for an upgrade', () => {
  let hub: TestHub;
  before(async () => {
    // Sessions that were begun and left would be waited for.
    hub = await startTestHub({ VERIHUB_DRAIN_TIMEOUT_MS: '400' });
  });
  after(() => hub.close());

  const ask = (start: string, headers: string, body = ''): Promise<string> =>
    sendRaw(hub.localUrl, `${start} HTTP/1.1\r\nHost: hub\r\n${headers}\r\n${body}`);
  const authorization = `Authorization: Bearer ${testApiKey}\r\n`;

  it('are answered as if they had not, when it is to HTTP/2', async () => {
    expect(await ask('GET /healthz', h2c))
      .to.match(/^HTTP\/1\.1 200 /)
      .and.to.match(/X-Request-Id: /i);
    expect(await ask('GET /v1/users/nobody', h2c + authorization))
      .to.match(/^HTTP\/1\.1 404 /)
      .and.to.include('"code":"not-found"');
  });

  it('have their body read', async () => {
    const body = JSON.stringify({ locale: 'de' });
    const headers = `${h2c}${authorization}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const reply = await ask('PUT /v1/users/alice', headers, body);
    expect(reply)
      .to.match(/^HTTP\/1\.1 20\d /)
      .and.to.include('"de"');
  });

  it('are answered as others when they ask for a WebSocket where there is none', async () => {
    for (const path of ['/foo', '/v1/users/alice', '/socket.io', '/socket.iox/?EIO=4&transport=websocket']) {
      const reply = await ask(`GET ${path}`, webSocket);
      expect(reply, path).to.match(/^HTTP\/1\.1 40[14] /);
      expect(reply)
        .to.include('Content-Type: application/problem+json')
        .and.to.match(/X-Request-Id: /i);
    }
  });

  it('begin a session by polling where they ask the socket server for HTTP/2', async () => {
    expect(await ask('GET /socket.io/?EIO=4&transport=polling', h2c))
      .to.match(/^HTTP\/1\.1 200 /)
      .and.to.include('"sid"');
  });

  it('get their WebSocket where there is one', async () => {
    expect(await ask('GET /socket.io/?EIO=4&transport=websocket', webSocket)).to.match(/^HTTP\/1\.1 101 /);
  });

  it('get none over HTTP/1.0', async () => {
    const reply = await sendRaw(hub.localUrl, `GET /socket.io/?EIO=4&transport=websocket HTTP/1.0\r\n${webSocket}\r\n`);
    expect(reply).to.match(/^HTTP\/1\.1 400 /);
  });

  it('keep no hub from closing', async () => {
    // What is left is cut after a quarter of this, which is longer than a test may take.
    const closing = await startTestHub({ VERIHUB_DRAIN_TIMEOUT_MS: '30000' });
    const socket = connect(Number(new URL(closing.localUrl).port), '127.0.0.1');
    socket.write(`GET /healthz HTTP/1.1\r\nHost: hub\r\n${h2c}\r\n`);
    await once(socket, 'data');
    await Promise.all([once(socket, 'close'), closing.close()]);
  });
});

describe('requests that expect what the hub does not know', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({ VERIHUB_DRAIN_TIMEOUT_MS: '400' });
  });
  after(() => hub.close());

  for (const [path, status] of [
    ['/healthz', 200],
    ['/nowhere', 404],
    ['/socket.io/?EIO=4&transport=polling', 200],
    ['/socket.io/?EIO=3&transport=polling', 400],
  ] as const) {
    it(`are answered as if they did not: ${path}`, async () => {
      const reply = await sendRaw(hub.localUrl, `GET ${path} HTTP/1.1\r\nHost: hub\r\nExpect: wonders\r\n\r\n`);
      expect(reply)
        .to.match(new RegExp(`^HTTP/1\\.1 ${status} `))
        .and.to.match(/X-Request-Id: /i);
    });
  }
});
