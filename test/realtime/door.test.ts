// What Engine.IO would answer in its own way is answered as everything else is: problems, and ids to ask about (contract section 2).
import { expect } from 'chai';
import type { Problem } from '../../client-sdk/protocol.ts';
import { connected, until } from './support/clients.ts';
import { allowedOrigin, openWorld, type World } from './support/harness.ts';
import { openPolling, rawRequest, upgradeHeaders, type RawRequest } from './support/raw-http.ts';

const polling = '/socket.io/?EIO=4&transport=polling';
const webSocket = '/socket.io/?EIO=4&transport=websocket';
const upgrade = (path: string, headers: Record<string, string> = {}): RawRequest => ({
  path,
  headers: { ...upgradeHeaders, ...headers },
});

const refusals: Record<string, [request: RawRequest, status: number, code: string]> = {
  'an older protocol': [{ path: '/socket.io/?EIO=3&transport=polling' }, 400, 'malformed'],
  'an older protocol over WebSocket': [upgrade('/socket.io/?EIO=3&transport=websocket'), 400, 'malformed'],
  'no protocol': [{ path: '/socket.io/' }, 400, 'malformed'],
  'an unknown transport': [{ path: '/socket.io/?EIO=4&transport=carrier-pigeon' }, 400, 'malformed'],
  'a property of every object as transport': [{ path: '/socket.io/?EIO=4&transport=constructor' }, 400, 'malformed'],
  'the last of several transports': [{ path: `${polling}&transport=pigeon` }, 400, 'malformed'],
  'an unknown session': [{ path: `${polling}&sid=gone` }, 400, 'malformed'],
  'a message to an unknown session': [{ path: `${polling}&sid=gone`, method: 'POST', body: '3' }, 400, 'malformed'],
  'an upgrade of an unknown session': [upgrade(`${webSocket}&sid=gone`), 400, 'malformed'],
  'a property of every object as session': [{ path: `${polling}&sid=toString` }, 400, 'malformed'],
  'a message before there is a session': [{ path: polling, method: 'POST', body: '40' }, 400, 'malformed'],
  'a WebSocket without a handshake': [{ path: webSocket }, 400, 'malformed'],
  'an upgrade of polling': [upgrade(polling), 400, 'malformed'],
  'a WebSocket without a key': [upgrade(webSocket, { 'Sec-WebSocket-Key': 'short' }), 400, 'malformed'],
  'a WebSocket of another version': [upgrade(webSocket, { 'Sec-WebSocket-Version': '7' }), 400, 'malformed'],
  'a wrong method': [{ path: polling, method: 'PUT', body: 'x' }, 405, 'method-not-allowed'],
  'another wrong method': [{ path: polling, method: 'DELETE' }, 405, 'method-not-allowed'],
};

describe('the socket door', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  for (const [what, [request, status, code]] of Object.entries(refusals)) {
    it(`refuses with a problem: ${what}`, async () => {
      const { body, headers, ...answer } = await rawRequest(world.url, request);
      expect(answer.status).to.equal(status);
      expect(headers['content-type']).to.equal('application/problem+json');
      const problem = JSON.parse(body) as Problem;
      expect(problem).to.include({ status, code, requestId: headers['x-request-id'] });
      expect(headers.allow).to.equal(status === 405 ? 'GET, POST' : undefined);
    });
  }

  it('refuses a poll of a connection that has moved to a WebSocket', async () => {
    const socket = await connected(world.clients.open('/device', 'dev_1', { transports: ['websocket'] }));
    const answer = await rawRequest(world.url, { path: `${polling}&sid=${socket.io.engine.id}` });
    expect(answer.status).to.equal(400);
    expect(JSON.parse(answer.body) as Problem).to.include({ code: 'malformed' });
    expect(socket.connected).to.equal(true);
  });

  it('gives every reply an id', async () => {
    const preflight = { Origin: allowedOrigin, 'Access-Control-Request-Method': 'POST' };
    const asked: [RawRequest, number][] = [
      [{ path: polling }, 200],
      [{ path: `${polling}&sid=${await openPolling(world.url)}`, method: 'POST', body: '40/device,{}' }, 200],
      [{ path: polling, method: 'OPTIONS', headers: preflight }, 204],
      [upgrade(webSocket), 101],
    ];
    const ids = new Set<unknown>();
    for (const [request, status] of asked) {
      const answer = await rawRequest(world.url, request);
      expect(answer.status).to.equal(status);
      expect(answer.headers['x-request-id'], String(status)).to.be.a('string');
      ids.add(answer.headers['x-request-id']);
    }
    expect(ids).to.have.lengthOf(asked.length);
  });

  it("takes over the client's id when it is well-formed, and tells pages that they may read it", async () => {
    const ask = async (id: string) => {
      const headers = { 'X-Request-Id': id, Origin: allowedOrigin };
      return (await rawRequest(world.url, { path: polling, headers })).headers;
    };
    expect(await ask('from-the-client-1')).to.deep.include({
      'x-request-id': 'from-the-client-1',
      'access-control-expose-headers': 'X-Request-Id,Retry-After',
    });
    expect((await ask('<script>'))['x-request-id']).not.to.include('<');
    const refused = await rawRequest(world.url, upgrade(`${webSocket}&sid=gone`, { 'X-Request-Id': 'upgrade-0001' }));
    expect(refused.headers['x-request-id']).to.equal('upgrade-0001');
    expect(world.log.at(-1)?.fields).to.include({ code: 'malformed', requestId: 'upgrade-0001' });
  });

  it('lets requests that offer HTTP/2 poll', async () => {
    const headers = { Connection: 'Upgrade', Upgrade: 'h2c' };
    expect((await rawRequest(world.url, { path: polling, headers })).status).to.equal(200);
  });

  it('has clients connect again whose session nobody knows', async () => {
    const socket = await connected(
      world.clients.open('/device', 'dev_1', { transports: ['polling'], reconnect: true }),
    );
    const { engine } = socket.io;
    const reasons: string[] = [];
    socket.on('disconnect', (reason) => reasons.push(reason));
    // As after a restart of the hub: it goes on with the session that it had.
    engine.transport.query['sid'] = 'gone';
    socket.emit('anything');
    await until(() => socket.connected && socket.io.engine !== engine, 'again');
    expect(reasons).to.deep.equal(['transport error']);
  });

  it('has a connection begun with an empty session wait its turn as all do', async () => {
    const drained = await openWorld();
    await drained.realtime.drain(1);
    const answer = await rawRequest(drained.url, { path: `${polling}&sid=` });
    expect(answer.status).to.equal(503);
    await drained.close();
  });
});
