// Requests as they come: paths, methods, media types, sizes, broken bytes. Each is answered with a problem, and the hub goes on.
import { expect } from 'chai';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { sendAndLeave, sendRaw } from '../support/raw-http.ts';
import { codeOf, startVerification } from '../support/rest-scenes.ts';

describe('requests', () => {
  let hub: CheckedHub;
  before(async () => {
    hub = await startCheckedHub();
  });
  after(() => hub.close());
  afterEach('the hub works', async () => void (await startVerification(hub, 'alice')));

  const head = (line: string, ...headers: string[]) => `${[line, 'Host: hub', ...headers].join('\r\n')}\r\n\r\n`;
  const authorized = () => `Authorization: Bearer ${hub.apiKey}`;

  describe('to paths', () => {
    for (const path of [
      '/',
      '/v1',
      '/v1/',
      '/V1/verifications',
      '/v1/verifications/',
      '//v1/verifications',
      '/v1/verifications/ver_a/b',
      '/v2/verifications',
      '/%2e%2e/etc/passwd',
      '/__proto__',
      '/constructor',
      '/openapi.yaml',
      '/debug',
      '/v1/providers/fcm/status',
    ]) {
      it(`answers ${path} with 404`, async () => {
        const { status, body } = await hub.call('GET', path);
        expect([status, codeOf({ status, body, headers: new Headers() })]).to.deep.equal([404, 'not-found']);
      });
    }

    for (const path of [
      '/v1/users/%',
      '/v1/users/%zz',
      '/v1/users/%ff',
      '/v1/users/%c3%28',
      '/v1/users/%ed%a0%80',
      '/%',
    ]) {
      it(`answers ${path} with 400`, async () => {
        const { status, body } = await hub.call('GET', path);
        expect(status).to.equal(400);
        expect(body['code']).to.equal('malformed');
      });
    }

    const missing = [
      'ver_',
      'ver_0',
      `ver_${'0'.repeat(34)}`,
      `ver_${'a'.repeat(200)}`,
      'dev_0123',
      'ver_%00',
      'ver_%0a',
      "ver_'--",
      'ver_%2f..',
      '__proto__',
      '%F0%9F%98%80',
    ];
    for (const id of missing) {
      it(`answers the id ${id} as unknown, whatever is wrong with it`, async () => {
        const calls: [string, string][] = [
          ['GET', `/v1/verifications/${id}`],
          ['GET', `/v1/verifications/${id}/timeline`],
          ['POST', `/v1/verifications/${id}/cancel`],
          ['DELETE', `/v1/users/alice/devices/${id}`],
          ['DELETE', `/v1/users/alice/trusted-browsers/${id}`],
        ];
        for (const [method, path] of calls) {
          const { status, body } = await hub.call(method, path);
          expect([status, body['code']], path).to.deep.equal([404, 'not-found']);
        }
      });
    }

    it('takes user ids with any printable character', async () => {
      for (const userId of [
        'a/b',
        'a b',
        'a%b',
        'ä',
        '日本',
        'a?b#c',
        '~',
        "o'brien",
        'user@bank.test',
        '__proto__',
        'constructor',
        '😀'.repeat(128),
      ]) {
        const path = `/v1/users/${encodeURIComponent(userId)}`;
        const { status, body } = await hub.call('PUT', path, { body: {} });
        expect(status, userId).to.equal(200);
        expect((body['user'] as { userId: string }).userId).to.equal(userId);
        expect((await hub.call('GET', path)).status).to.equal(200);
        expect((await startVerification(hub, userId)).verification.userId).to.equal(userId);
      }
    });

    for (const userId of ['%00', '%0a', '%E2%80%AE', 'a%E2%80%8Bb', 'a'.repeat(129), '%20%C2%A0']) {
      it(`answers the user id ${userId.slice(0, 20)} with a pointer`, async () => {
        for (const [method, path] of [
          ['GET', ''],
          ['PUT', ''],
          ['DELETE', ''],
          ['POST', '/enrollments'],
          ['GET', '/devices'],
        ]) {
          const { status, body } = await hub.call(String(method), `/v1/users/${userId}${path}`);
          expect(status).to.equal(422);
          expect((body['errors'] as { pointer: string }[])[0]?.pointer).to.equal('/path/userId');
        }
      });
    }
  });

  describe('with methods', () => {
    for (const [method, path, allow] of [
      ['DELETE', '/v1/verifications', 'POST, OPTIONS'],
      ['PATCH', '/v1/users/alice', 'DELETE, GET, HEAD, PUT, OPTIONS'],
      ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
      ['GET', '/v1/device', 'DELETE, OPTIONS'],
      ['PUT', '/enroll', 'GET, HEAD, OPTIONS'],
    ] as const) {
      it(`answers ${method} ${path} with 405 and what is allowed`, async () => {
        const { status, headers, body } = await hub.call(method, path);
        expect([status, body['code']]).to.deep.equal([405, 'method-not-allowed']);
        expect(headers.get('allow')).to.equal(allow);
      });
    }

    it('answers OPTIONS with what is allowed', async () => {
      const { status, headers } = await hub.call('OPTIONS', '/v1/users/alice', { token: null });
      expect(status).to.equal(204);
      expect(headers.get('allow')).to.equal('DELETE, GET, HEAD, PUT, OPTIONS');
    });

    it('answers HEAD like GET, without the body', async () => {
      const { status, headers, body } = await hub.call('HEAD', '/.well-known/jwks.json');
      expect(status).to.equal(200);
      expect(Number(headers.get('content-length'))).to.be.above(100);
      expect(body).to.deep.equal({ text: '' });
    });

    it('answers TRACE with 405', async () => {
      expect(await sendRaw(hub.localUrl, head('TRACE /v1/verifications HTTP/1.1'))).to.match(/^HTTP\/1.1 405 /);
    });
  });

  describe('with media types', () => {
    const post = (headers: Record<string, string>, body = '{"userId":"alice","action":"Sign in"}') =>
      hub.call('POST', '/v1/verifications', { headers, body });

    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'application/jsonx',
      'application/json; charset=utf-16',
      'application/json; charset=iso-8859-1',
      'json',
      '*/*',
    ]) {
      it(`answers ${type} with 415`, async () => {
        const { status, body } = await post({ 'content-type': type });
        expect([status, body['code']]).to.deep.equal([415, 'unsupported-media-type']);
      });
    }

    for (const type of [
      'application/json',
      'APPLICATION/JSON',
      'application/json;charset=utf-8',
      'application/json; charset="UTF-8"',
    ]) {
      it(`takes ${type}`, async () => expect((await post({ 'content-type': type })).status).to.equal(201));
    }

    it('unpacks nothing', async () => {
      expect((await post({ 'content-encoding': 'gzip' })).status).to.equal(415);
    });

    it('asks no type of a body that is not there', async () => {
      const { id } = await startVerification(hub, 'bob');
      const { status } = await hub.call('POST', `/v1/verifications/${id}/cancel`, {
        headers: { 'content-type': 'text/plain' },
      });
      expect(status).to.be.oneOf([200, 409]);
    });
  });

  describe('with bodies', () => {
    const send = (body: string) => hub.call('POST', '/v1/verifications', { body });

    for (const body of [
      '{',
      '{"userId":}',
      'userId=alice',
      "{'userId':'alice'}",
      '{"userId":"alice",}',
      '\u0000',
      'undefined',
      'NaN',
      '{"a":1}{"b":2}',
      '[]',
      'null',
      '"text"',
      '3',
      'true',
      '['.repeat(30_000),
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    ]) {
      it(`answers ${body.slice(0, 20)} with 400`, async () => {
        const reply = await send(body);
        expect([reply.status, reply.body['code']]).to.deep.equal([400, 'malformed']);
      });
    }

    it('answers bytes that are not UTF-8 with 400', async () => {
      const bytes = Buffer.concat([
        Buffer.from('{"userId":"al'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('","action":"x"}'),
      ]);
      const request = Buffer.concat([
        Buffer.from(
          head(
            'POST /v1/verifications HTTP/1.1',
            authorized(),
            'Content-Type: application/json',
            `Content-Length: ${bytes.length}`,
          ),
        ),
        bytes,
      ]);
      expect(await sendRaw(hub.localUrl, request)).to.match(/^HTTP\/1.1 400 [^]*"code":"malformed"/);
    });

    it('takes a body of 64 KB, and not one byte more', async () => {
      const fit = (size: number) => {
        const body = '{"userId":"alice","action":"Sign in"}';
        return body + ' '.repeat(size - body.length);
      };
      expect((await send(fit(65_536))).status).to.equal(201);
      const { status, body } = await send(fit(65_537));
      expect([status, body['code']]).to.deep.equal([413, 'too-large']);
    });

    it('stops reading a body that grows past 64 KB without having said so', async () => {
      const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
      const start = head(
        'POST /v1/verifications HTTP/1.1',
        authorized(),
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
      );
      expect(await sendRaw(hub.localUrl, start + chunk.repeat(5))).to.match(
        /^HTTP\/1.1 413 [^]*Connection: close[^]*"code":"too-large"/,
      );
    });

    it('is not upset by a client that leaves in the middle', async () => {
      const start = head(
        'POST /v1/verifications HTTP/1.1',
        authorized(),
        'Content-Type: application/json',
        'Content-Length: 100',
      );
      await sendAndLeave(hub.localUrl, `${start}{"userId"`);
    });

    it('turns strangers away before it reads', async () => {
      const { status } = await hub.call('POST', '/v1/verifications', { token: null, body: 'x'.repeat(1_000_000) });
      expect(status).to.equal(401);
    });
  });

  describe('with a query', () => {
    it('refuses what it does not know', async () => {
      const { id } = await startVerification(hub, 'alice');
      const wrong: [query: string, pointer: string][] = [
        ['wiat=3', '/query/wiat'],
        ['wait=31', '/query/wait'],
        ['wait=-1', '/query/wait'],
        ['wait=1.5', '/query/wait'],
        ['wait=', '/query/wait'],
        ['wait=0&wait=0', '/query/wait'],
        ['wait[]=0', '/query/wait[]'],
        ['rev=0x1', '/query/rev'],
        ['rev=9007199254740992', '/query/rev'],
        ['__proto__=1', '/query/__proto__'],
      ];
      for (const [query, pointer] of wrong) {
        const { status, body } = await hub.call('GET', `/v1/verifications/${id}?${query}`);
        expect(status, query).to.equal(422);
        expect(
          (body['errors'] as { pointer: string }[]).map((error) => error.pointer),
          query,
        ).to.deep.equal([pointer]);
      }
      expect((await hub.call('GET', '/v1/users/alice/devices?limit=3')).status).to.equal(422);
    });

    it('takes no credential from it', async () => {
      const { id, waiterToken } = await startVerification(hub, 'alice');
      for (const query of [`token=${waiterToken}`, `access_token=${waiterToken}`, `waiterToken=${waiterToken}`]) {
        expect((await hub.call('GET', `/v1/verifications/${id}?${query}`, { token: null })).status).to.equal(401);
      }
      expect(
        (await hub.call('POST', `/v1/verifications?apiKey=${hub.apiKey}`, { token: null, body: {} })).status,
      ).to.equal(401);
    });
  });
});
