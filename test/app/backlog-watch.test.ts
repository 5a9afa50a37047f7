// What waits and what was given up, as an operator sees it.
import { expect } from 'chai';
import { createBacklogWatch } from '../../server/app/backlog-watch.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { settle } from '../support/settle.ts';

const webhook = { url: 'https://bank.test/hook', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };

describe('the backlog watch', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp({ webhook });
  });
  afterEach(() => app.kill());

  const seen = async (): Promise<Record<string, unknown>> => {
    app.measured.length = 0;
    await createBacklogWatch(app.context).runOnce();
    return Object.fromEntries(
      app.measured.map(({ name, values: [topic, ...figures] }) =>
        name === 'outboxSeen' ? [String(topic), figures] : [name, topic],
      ),
    );
  };

  it('shows nothing where nothing waits', async () => {
    expect(await seen()).to.deep.equal({ push: [0, 0], sms: [0, 0], webhook: [0, 0], deadLettersSeen: 0 });
  });

  it('shows how much waits, since when, and what was given up', async () => {
    app.receiver.respond = () => ({ kind: 'unreachable', outcome: 'not-sent', reason: 'refused' });
    for (const _ of [1, 2]) {
      await app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' });
      app.clock.advance(5_000);
    }
    await app.work();
    expect(await seen()).to.deep.include({ webhook: [2, 10_000] });
    app.receiver.respond = () => ({ kind: 'rejected', reason: 'http-410', recipientGone: true });
    await app.pass(3_600_000);
    expect(await seen()).to.deep.include({ webhook: [0, 0], deadLettersSeen: 2 });
  });

  it('looks at once and every 15 seconds, also after the store was away, until it is drained', async () => {
    let isAway = false;
    let looks = 0;
    const list: typeof app.store.list = async (query) => {
      looks += 1;
      if (isAway) throw new Error('away');
      return app.store.list(query);
    };
    const watch = createBacklogWatch({ ...app.context, store: { list } });
    const passed = async (ms: number): Promise<number> => {
      app.clock.advance(ms);
      await settle();
      return looks;
    };
    watch.start();
    expect(await passed(0)).to.equal(4);
    isAway = true;
    expect(await passed(15_000)).to.equal(5);
    expect(app.measured.filter(({ name }) => name === 'workerFailed')).to.have.length(1);
    isAway = false;
    expect(await passed(15_000)).to.equal(9);
    await watch.drain();
    expect(await passed(60_000)).to.equal(9);
  });
});
