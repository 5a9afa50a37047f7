// The order in which a page learns of changes, when views take their time or fail.
import { expect } from 'chai';
import type { Snapshot } from '../../server/app/verifications.ts';
import { createSnapshotFeed } from '../../server/realtime/snapshot-feed.ts';
import { makePending } from './support/records.ts';

const at = (rev: number): Snapshot => ({ verification: makePending('ver_1', 0, { rev }), now: 0 });
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('a snapshot feed', () => {
  const sent: number[] = [];
  const errors: unknown[] = [];
  let views: PromiseWithResolvers<number>[];
  const make = () =>
    createSnapshotFeed<number>({
      view: () => {
        const view = Promise.withResolvers<number>();
        views.push(view);
        return view.promise;
      },
      send: (rev) => void sent.push(rev),
      onError: (error) => void errors.push(error),
    });
  beforeEach(() => {
    sent.length = 0;
    errors.length = 0;
    views = [];
  });

  it('replaces what waits by what is newer, and never goes back', async () => {
    const feed = make();
    feed.offer(at(1));
    feed.offer(at(3));
    feed.offer(at(2));
    feed.offer(at(4));
    expect(views).to.have.length(1);
    views[0]?.resolve(1);
    await turn();
    views[1]?.resolve(4);
    await turn();
    feed.offer(at(4));
    feed.offer(at(3));
    expect([sent, views.length]).to.deep.equal([[1, 4], 2]);
  });

  it('sends again what could not be viewed, when it is offered again', async () => {
    const feed = make();
    feed.offer(at(2));
    views[0]?.reject(new Error('no key'));
    await turn();
    feed.offer(at(1));
    views[1]?.resolve(1);
    await turn();
    feed.offer(at(2));
    views[2]?.resolve(2);
    await turn();
    expect(sent).to.deep.equal([1, 2]);
    expect(errors).to.have.length(1);
  });

  it('sends nothing once it has ended', async () => {
    const feed = make();
    feed.offer(at(1));
    feed.offer(at(2));
    feed.end();
    views[0]?.resolve(1);
    await turn();
    feed.offer(at(3));
    expect([sent, views.length]).to.deep.equal([[], 1]);
  });
});
