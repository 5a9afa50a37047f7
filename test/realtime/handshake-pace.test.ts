// Storms: handshakes a few at a time, with room for others in between, and never more waiting than there is room for.
import { expect } from 'chai';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createLanes, createTurns } from '../../server/realtime/handshake-pace.ts';
import { ask, connected, refusal, until } from './support/clients.ts';
import { openWorld, type World } from './support/harness.ts';
import { rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { makeDevice } from './support/records.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('turns', () => {
  it('take so many for each turn of the loop, in order', async () => {
    const turns = createTurns(3, 100);
    const taken: number[] = [];
    for (let index = 0; index < 7; index += 1) turns.wait(() => void taken.push(index));
    expect(taken).to.deep.equal([]);
    const lengths: number[] = [];
    while (taken.length < 7) {
      await turn();
      lengths.push(taken.length);
    }
    expect(lengths).to.deep.equal([3, 6, 7]);
    expect(taken).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
    turns.wait(() => void taken.push(7));
    await turn();
    expect(taken).to.have.length(8);
  });

  it('refuse when too many wait', async () => {
    const turns = createTurns(1, 2);
    const nothing = (): void => {};
    expect([turns.wait(nothing), turns.wait(nothing), turns.wait(nothing)]).to.deep.equal([true, true, false]);
    await turn();
    expect(turns.wait(nothing)).to.equal(true);
  });
});

describe('lanes', () => {
  it('never hold more than their width, whatever fails', async () => {
    const lanes = createLanes(2, 100);
    let busy = 0;
    let most = 0;
    const works = Array.from({ length: 10 }, (_, index) =>
      lanes.run(async () => {
        busy += 1;
        most = Math.max(most, busy);
        await turn();
        busy -= 1;
        if (index % 3 === 0) throw new Error('refused');
        return index;
      }),
    );
    const outcomes = await Promise.allSettled(works);
    expect(most).to.equal(2);
    expect(outcomes.filter(({ status }) => status === 'rejected')).to.have.length(4);
    expect(await lanes.run(async () => 'free')).to.equal('free');
  });

  it('refuse when too many wait', async () => {
    const lanes = createLanes(1, 1);
    const go = Promise.withResolvers<void>();
    const running = lanes.run(() => go.promise);
    const waiting = lanes.run(async () => {});
    const refused = await lanes.run(async () => {}).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'rate-limited' });
    go.resolve();
    await Promise.all([running, waiting]);
  });
});

describe('a storm of connects', () => {
  let world: World;
  afterEach(() => world.close());

  it('is let in to the last, never more at once than there are lanes, while others are served', async () => {
    world = await openWorld({ limits: { handshakes: 10 } });
    const other = await connected(world.clients.open('/device', 'dev_1'));
    const go = Promise.withResolvers<void>();
    let most = 0;
    let busy = 0;
    world.use.authenticate = async (token) => {
      busy += 1;
      most = Math.max(most, busy);
      await go.promise;
      busy -= 1;
      return makeDevice(token, token);
    };
    const storm = Array.from({ length: 150 }, (_, index) => connected(world.clients.open('/device', `dev_s${index}`)));
    await until(() => world.realtime.connectionCount() === 151, 'all at the door');
    expect((await ask(other, 'prompts')).ok).to.equal(true);
    expect(busy).to.equal(10);
    go.resolve();
    await Promise.all(storm);
    expect([world.open.device, most]).to.deep.equal([151, 10]);
  }).timeout(15_000);

  it('may break off while it waits: the hub lives', async () => {
    world = await openWorld({ limits: { handshakes: 1 } });
    const { port, hostname } = new URL(world.url);
    const head = [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      'Host: hub',
      ...Object.entries(upgradeHeaders).map((line) => line.join(': ')),
    ].join('\r\n');
    for (const path of ['/socket.io/', '/elsewhere/']) {
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const socket = createConnection(Number(port), hostname);
          await once(socket, 'connect');
          await new Promise((resolve) => void socket.write(`${head.replace('/socket.io/', path)}\r\n\r\n`, resolve));
          socket.resetAndDestroy();
        }),
      );
    }
    await connected(world.clients.open('/device', 'dev_1'));
  });

  it('is refused where there is no room to wait', async () => {
    world = await openWorld({ limits: { handshakes: 1, waitingHandshakes: 0 } });
    const answer = await rawRequest(world.url, { path: '/socket.io/?EIO=4&transport=polling' });
    expect([answer.status, answer.headers['retry-after']]).to.deep.equal([429, '5']);
    await refusal(world.clients.open('/device', 'dev_1'));
  });
});
