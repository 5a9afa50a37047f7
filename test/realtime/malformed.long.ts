// Malformed packets: a hundred thousand (reliability.md, figures to reach).
import { expect } from 'chai';
import { until } from './support/clients.ts';
import { isItself, talkNonsense } from './support/fuzz.ts';
import { openWorld } from './support/harness.ts';
import { makePending } from './support/records.ts';

describe('malformed packets, long', () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    it(`are survived: 10,000 from seed ${seed}`, async () => {
      const world = await openWorld();
      world.verifications.set('ver_1', makePending('ver_1', Date.now()));
      const sent = await talkNonsense(world, 10_000, seed);
      expect(sent).to.be.at.least(10_000);
      expect(world.log.filter(({ level }) => level === 'error')).to.deep.equal([]);
      expect(await isItself(world)).to.equal(true);
      await until(() => world.realtime.connectionCount() === 0, 'all gone', 20_000);
      expect(world.open).to.deep.equal({ device: 0, browser: 0 });
      await world.close();
    });
  }
});
