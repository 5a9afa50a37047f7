// A whole hub with a sick provider: its breaker, attempts and readiness are there for Prometheus to see.
import { expect } from 'chai';
import { StoreUnavailableError, type Store } from '../../server/ports/store.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { startVerification } from '../support/rest-scenes.ts';

async function shownBy(hub: TestHub): Promise<string> {
  return String((await hub.call('GET', '/metrics', { token: null })).body['text']);
}

/** The figure as soon as it is what is awaited, else as it is in the end. */
async function becomes(hub: TestHub, series: string, awaited: string): Promise<string | undefined> {
  const read = async () => (await shownBy(hub)).split('\n').find((line) => line.startsWith(`${series} `));
  const patience = performance.now() + 3_000;
  while ((await read()) !== `${series} ${awaited}` && performance.now() < patience);
  return (await read())?.slice(series.length + 1);
}

describe('a hub whose SMS provider is sick', () => {
  it('shows its breaker open and the attempts it left unanswered, and the number of nobody', async () => {
    await using hub = await startTestHub();
    hub.outbox?.respond(() => ({ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' }));
    await hub.call('PUT', '/v1/users/bob', { body: { phoneNumber: '+31612345678' } });
    for (let n = 0; n < 6; n += 1) await startVerification(hub, 'bob', { steps: ['sms'] });
    expect(await becomes(hub, 'verihub_open_breakers{channel="sms"}', '1')).to.equal('1');
    expect(await becomes(hub, 'verihub_breakers_opened_total{channel="sms"}', '1')).to.equal('1');
    const unanswered = 'verihub_delivery_attempts_total{channel="sms",outcome="unanswered"}';
    expect(await becomes(hub, unanswered, '5')).to.equal('5');
    expect(await becomes(hub, 'verihub_open_breakers{channel="push"}', '0')).to.equal('0');
    expect(await shownBy(hub)).not.to.include('612345678');
  });
});

describe('a hub whose store is away', () => {
  it('shows that it is not ready, and still shows it', async () => {
    let isAway = false;
    const wrapStore = (store: Store): Store => ({
      ...store,
      check: () => (isAway ? Promise.reject(new StoreUnavailableError('gone')) : store.check()),
    });
    await using hub = await startTestHub({}, { wrapStore });
    expect(await becomes(hub, 'verihub_ready', '1')).to.equal('1');
    isAway = true;
    expect(await becomes(hub, 'verihub_ready', '0')).to.equal('0');
  });
});
