// What is no HTTP at all is answered all the same: a problem with a request id, and the server goes on.
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerBadHttp } from '../../server/http/bad-http.ts';
import { sendRaw } from '../support/raw-http.ts';

describe('what is no HTTP', () => {
  let server: Server;
  let url: string;
  before(async () => {
    server = createServer((_request, response) => void response.end('fine'));
    answerBadHttp(server, { random: { uuid: () => '01234567-89ab' } });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  for (const [what, bytes, status, code] of [
    ['noise', 'NOISE\r\n\r\n', 400, 'malformed'],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: hub\r\n\r\n', 400, 'malformed'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'malformed',
    ],
    ['endless headers', `GET / HTTP/1.1\r\nHost: hub\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 413, 'too-large'],
    ['a TLS hello', '\u0016\u0003\u0001\u0002', 400, 'malformed'],
  ] as const) {
    it(`is answered with a problem: ${what}`, async () => {
      const reply = await sendRaw(url, bytes);
      expect(reply).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(reply)
        .to.match(/X-Request-Id: 01234567-89ab\r\n/)
        .and.to.match(/Connection: close\r\n/);
      const body: unknown = JSON.parse(reply.slice(reply.indexOf('{')));
      expect(body).to.deep.include({ status, code, requestId: '01234567-89ab' });
      expect(await (await fetch(url)).text()).to.equal('fine');
    });
  }
});
