// Revocation without its hint, and other things that are found out by asking again (contract section 3).
import { expect } from 'chai';
import { StoreUnavailableError } from '../../server/ports/store.ts';
import { ask, connected, next, until } from './support/clients.ts';
import { openWorld, type World } from './support/harness.ts';
import { createFakeClock } from '../support/clock.ts';
import { makeDevice, makePending } from './support/records.ts';

describe('a connected device', () => {
  const clock = createFakeClock();
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ clock });
  });
  afterEach(async () => {
    const closed = world.close();
    clock.advance(1_000);
    await closed;
  });

  it('is put out within 5 s of its revocation, though the hint was lost', async () => {
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    const other = await connected(world.clients.open('/device', 'dev_2'));
    const gone = next<[string]>(socket, 'disconnect');
    clock.advance(10_000);
    await ask(socket, 'prompts');
    world.revoked.add('dev_1');
    clock.advance(4_500);
    expect((await gone)[0]).to.equal('io server disconnect');
    expect((await ask(other, 'prompts')).ok).to.equal(true);
  });

  it('is looked up once a round, and as evenly as can be', async () => {
    const asked: string[] = [];
    world.use.isActive = async (id) => asked.push(id) > 0;
    for (let index = 0; index < 32; index += 1) {
      world.devices.set(`dev_r${index}`, makeDevice(`dev_r${index}`, `user${index}`));
      await connected(world.clients.open('/device', `dev_r${index}`));
    }
    clock.advance(8_000);
    asked.splice(0);
    const perTick: number[] = [];
    for (let tick = 0; tick < 16; tick += 1) {
      const before = asked.length;
      clock.advance(250);
      perTick.push(asked.length - before);
    }
    expect(new Set(asked).size).to.equal(32);
    expect(asked).to.have.length(32);
    expect(Math.max(...perTick)).to.equal(2);
  });

  it('stays while the store does not answer', async () => {
    world.use.isActive = async () => {
      throw new StoreUnavailableError('away');
    };
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    clock.advance(20_000);
    const answer = await ask(socket, 'prompts');
    expect(answer.problem).to.include({ code: 'store-unavailable', status: 503, retryAfter: 1 });
    expect(socket.connected).to.equal(true);
  });

  it('gets nothing more once it is revoked, and leaves', async () => {
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    world.verifications.set('ver_1', makePending('ver_1', clock.now()));
    world.revoked.add('dev_1');
    const gone = next<[string]>(socket, 'disconnect');
    const answer = await ask(socket, 'prompts');
    expect(answer.problem).to.include({ code: 'unauthenticated' });
    expect((await gone)[0]).to.equal('io server disconnect');
  });

  it('connects again when what waits for it could not be read', async () => {
    let tries = 0;
    world.use.prompts = async () => {
      tries += 1;
      if (tries === 1) throw new StoreUnavailableError('away');
      return { prompts: [], now: clock.now() };
    };
    const socket = await connected(world.clients.open('/device', 'dev_1', { reconnect: true }));
    await next(socket, 'disconnect');
    await connected(socket);
    await until(() => tries === 2, 'read again');
    expect((await ask(socket, 'prompts')).ok).to.equal(true);
  });

  it('may acknowledge as late as it likes; what came of it is not its business', async () => {
    const errors = [new StoreUnavailableError('away'), new TypeError('bug')];
    world.use.acknowledge = async (device, id, via) => {
      world.acknowledged.push({ deviceId: device.id, id, via });
      throw errors.shift()!;
    };
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    for (const id of ['ver_1', 'ver_2']) {
      const arriving = next<[object, () => void]>(socket, 'prompt');
      world.bus.publish({ type: 'prompt', verification: makePending(id, clock.now()), now: clock.now() });
      const [, acknowledge] = await arriving;
      clock.advance(299_000);
      acknowledge();
    }
    await until(() => world.acknowledged.length === 2, 'both');
    expect((await ask(socket, 'prompts')).ok).to.equal(true);
    expect(world.log.filter(({ level }) => level === 'error').map(({ message }) => message)).to.deep.equal([
      'an acknowledgement failed',
    ]);
  });
});

describe('a waiting page', () => {
  const clock = createFakeClock();

  it('is put out when its token has run out, 5 minutes after the verification', async () => {
    const world = await openWorld({ clock });
    world.verifications.set('ver_1', makePending('ver_1', clock.now()));
    const socket = world.clients.open('/browser', 'waiter:ver_1');
    await next(socket, 'verification');
    const gone = next<[string]>(socket, 'disconnect');
    clock.advance(599_999);
    expect(world.open.browser).to.equal(1);
    clock.advance(1);
    expect((await gone)[0]).to.equal('io server disconnect');
    await world.close();
  });
});
