// Who may open a connection: origins and credentials in URLs, on every kind of request (security.md T1, T3).
import { expect } from 'chai';
import type { Problem } from '../../client-sdk/protocol.ts';
import { connected, refusal, transports } from './support/clients.ts';
import { allowedOrigin, openWorld, type World } from './support/harness.ts';
import { openPolling, rawRequest, upgradeHeaders, type RawRequest } from './support/raw-http.ts';

const refused: readonly string[] = [
  'null',
  '',
  'https://evil.example',
  `${allowedOrigin}.evil.example`,
  `https://evil.example/${allowedOrigin}`,
  allowedOrigin.replace('https:', 'http:'),
  allowedOrigin.toUpperCase(),
  `${allowedOrigin}:444`,
  `${allowedOrigin}/`,
  `${allowedOrigin} `.padEnd(300, 'x'),
  `${allowedOrigin}, https://evil.example`,
  'https://xn--bnk-ela.example',
  'file://',
];

describe('origins', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const withHeaders = (what: RawRequest, origin: string | string[]): RawRequest => ({
    ...what,
    headers: { ...what.headers, Origin: origin },
  });
  const kinds: Record<string, () => Promise<RawRequest>> = {
    'a polling handshake': async () => ({ path: '/socket.io/?EIO=4&transport=polling' }),
    'a poll of an open session': async () => {
      const path = `/socket.io/?EIO=4&transport=polling&sid=${await openPolling(world.url)}`;
      // So that there is something to fetch.
      await rawRequest(world.url, { path, method: 'POST', body: '40/device,{"token":"nobody"}' });
      return { path };
    },
    'a message to an open session': async () => ({
      path: `/socket.io/?EIO=4&transport=polling&sid=${await openPolling(world.url)}`,
      method: 'POST',
      body: '40/device,{"token":"dev_1"}',
    }),
    'an upgrade': async () => ({ path: '/socket.io/?EIO=4&transport=websocket', headers: upgradeHeaders }),
    'an upgrade of an open session': async () => ({
      path: `/socket.io/?EIO=4&transport=websocket&sid=${await openPolling(world.url)}`,
      headers: upgradeHeaders,
    }),
  };

  for (const [kind, make] of Object.entries(kinds)) {
    it(`are refused with 403 unless listed: ${kind}`, async () => {
      for (const origin of [...refused, [allowedOrigin, 'https://evil.example']]) {
        const answer = await rawRequest(world.url, withHeaders(await make(), origin));
        expect(answer.status, String(origin)).to.equal(403);
        expect(answer.headers['content-type']).to.equal('application/problem+json');
        expect(answer.headers['x-request-id']).to.be.a('string');
        expect(answer.headers['access-control-allow-origin']).to.equal(undefined);
        expect(JSON.parse(answer.body) as Problem).to.include({ code: 'origin-not-allowed', status: 403 });
      }
    });

    it(`are let in when listed, the hub's own, or absent: ${kind}`, async () => {
      const taken = kind.includes('upgrade') ? 101 : 200;
      for (const origin of [allowedOrigin, world.url]) {
        const answer = await rawRequest(world.url, withHeaders(await make(), origin));
        expect(answer.status, origin).to.equal(taken);
        if (taken === 200) expect(answer.headers['access-control-allow-origin']).to.equal(origin);
      }
      expect((await rawRequest(world.url, await make())).status).to.equal(taken);
    });
  }

  it('are told by CORS what they may do, and others are not', async () => {
    const ask = {
      path: '/socket.io/?EIO=4&transport=polling',
      method: 'OPTIONS',
      headers: { 'Access-Control-Request-Method': 'POST' },
    };
    const welcome = await rawRequest(world.url, withHeaders(ask, allowedOrigin));
    expect(welcome.headers['access-control-allow-origin']).to.equal(allowedOrigin);
    expect(welcome.headers['access-control-allow-credentials']).to.equal(undefined);
    const stranger = await rawRequest(world.url, withHeaders(ask, 'https://evil.example'));
    expect(stranger.headers['access-control-allow-origin']).to.equal(undefined);
  });

  for (const transport of transports) {
    it(`let a browser's client in over ${transport}`, async () => {
      const headers = { Origin: allowedOrigin };
      const socket = await connected(world.clients.open('/device', 'dev_1', { transports: [transport], headers }));
      expect(socket.connected).to.equal(true);
      const stranger = await refusal(
        world.clients.open('/device', 'dev_1', { transports: [transport], headers: { Origin: 'null' } }),
      );
      expect(stranger.data).to.equal(undefined);
    });
  }

  it('do not matter to an upgrade that is none: the hub lives', async () => {
    const answer = rawRequest(world.url, {
      path: '/socket.io/?EIO=4&transport=websocket',
      headers: { Connection: 'Upgrade', Upgrade: 'h2c', Origin: 'null' },
    });
    expect((await answer).status).to.equal(403);
    await connected(world.clients.open('/device', 'dev_1'));
  });
});

describe('credentials in the URL', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const queries: Record<string, string>[] = [
    { token: 'dev_1' },
    { Token: 'dev_1' },
    { access_token: 'dev_1' },
    { authorization: 'dev_1' },
    { anything: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln' },
    { anything: 'vh_demo_secret' },
    { anything: 'enr_1' },
  ];
  for (const query of queries) {
    for (const transport of transports) {
      it(`are refused even beside a good one: ${JSON.stringify(query)} over ${transport}`, async () => {
        const path = `/socket.io/?${new URLSearchParams({ EIO: '4', transport, ...query }).toString()}`;
        const headers = transport === 'websocket' ? upgradeHeaders : {};
        const answer = await rawRequest(world.url, { path, headers });
        expect(answer.status).to.equal(403);
        expect(JSON.parse(answer.body) as Problem).to.include({ code: 'forbidden' });
        expect(answer.body).not.to.include(Object.values(query)[0]);
        await refusal(world.clients.open('/device', 'dev_1', { transports: [transport], query }));
      });
    }
  }

  it('do not include harmless fields', async () => {
    await connected(world.clients.open('/device', 'dev_1', { query: { v: '2', platform: 'android' } }));
  });
});

describe('namespaces', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  it('refuse whoever asks for the root', async () => {
    expect((await refusal(world.clients.open('/', 'dev_1'))).data).to.include({ code: 'not-found' });
  });

  it('refuse names that are none', async () => {
    for (const name of ['/admin', '/device/', '/Device', '/browser2']) {
      expect((await refusal(world.clients.open(name, 'dev_1'))).message).to.equal('Invalid namespace');
    }
  });

  it("refuse each other's tokens", async () => {
    expect((await refusal(world.clients.open('/browser', 'dev_1'))).data).to.include({ code: 'unauthenticated' });
    expect((await refusal(world.clients.open('/device', 'waiter:ver_1'))).data).to.include({ code: 'unauthenticated' });
  });

  it('refuse tokens that are none', async () => {
    const { devices, use } = world;
    let asked = 0;
    use.authenticate = async (token) => {
      asked += 1;
      return devices.get(token)!;
    };
    const odd = [
      undefined,
      {},
      { token: null },
      { token: 5 },
      { token: ['dev_1'] },
      { token: { toString: 'dev_1' } },
      { token: '' },
      { token: 'x'.repeat(5000) },
      { __proto__: null, token: true },
    ];
    for (const auth of odd) {
      const namespace = '/device';
      expect((await refusal(world.clients.open(namespace, '', { auth: auth ?? {} }))).data).to.include({
        code: 'unauthenticated',
      });
    }
    delete use.authenticate;
    expect(asked).to.equal(0);
  });

  it('send nothing to a socket that was refused', async () => {
    const socket = world.clients.open('/device', 'nobody');
    await refusal(socket);
    expect(world.open.device).to.equal(0);
    expect(await world.realtime.presence.connectedDevices('app_1', 'alice')).to.deep.equal([]);
  });

  it('never log a token', async () => {
    await refusal(world.clients.open('/device', 'eyJsecret.token.here'));
    expect(JSON.stringify(world.log)).not.to.include('eyJsecret');
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    socket.disconnect();
  });
});
