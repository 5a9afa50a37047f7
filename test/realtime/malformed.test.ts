// Malformed packets: a few thousand, from a new seed each time. The long run has a hundred thousand.
import { expect } from 'chai';
import { until } from './support/clients.ts';
import { isItself, talkNonsense } from './support/fuzz.ts';
import { openWorld } from './support/harness.ts';
import { makePending } from './support/records.ts';

describe('malformed packets', () => {
  it('are survived', async () => {
    const world = await openWorld();
    world.verifications.set('ver_1', makePending('ver_1', Date.now()));
    const seed = Math.floor(Math.random() * 2 ** 32);
    await talkNonsense(world, 3_000, seed);
    const errors = world.log.filter(({ level }) => level === 'error');
    expect(errors, `seed ${seed}`).to.deep.equal([]);
    expect(await isItself(world), `seed ${seed}`).to.equal(true);
    await until(() => world.realtime.connectionCount() === 0, `all gone, seed ${seed}`);
    expect(world.open, `seed ${seed}`).to.deep.equal({ device: 0, browser: 0 });
    await world.close();
  }).timeout(30_000);
});
