// The hub's own keys: made once, whoever comes first, and the same for everybody after.
import { expect } from 'chai';
import { ensureHubKeys } from '../../server/app/hub-keys.ts';
import { StoreUnavailableError, type Store } from '../../server/ports/store.ts';
import { generateHubKeys } from '../../server/security/hub-keys.ts';
import { createRandom } from '../../server/security/random.ts';
import { createSqliteStore } from '../../server/store/sqlite/sqlite-store.ts';
import { createFakeClock } from '../support/clock.ts';

describe('hub keys', () => {
  const random = createRandom();
  let store: Store;
  beforeEach(() => {
    store = createSqliteStore({ file: ':memory:', clock: createFakeClock() });
  });
  afterEach(() => store.close());
  const ensure = (at = store) => ensureHubKeys(at, (now) => generateHubKeys(random, now));

  it('are made at the first start and found at every other', async () => {
    const first = await ensure();
    expect(await ensure()).to.deep.equal(first);
  });

  it('are the same for ten nodes that start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => ensure()));
    expect(new Set(keys.map(({ codeKey }) => codeKey)).size).to.equal(1);
  });

  it('of an older version keep what they are, and get what they lack once, whoever comes first', async () => {
    const { webhookSeeds: _lacking, ...older } = generateHubKeys(random, 0);
    await store.commit({ puts: [{ kind: 'hub-keys', record: older }] });
    const all = await Promise.all(Array.from({ length: 10 }, () => ensure()));
    for (const keys of all) {
      expect(keys).to.deep.include({ rev: 2, codeKey: older.codeKey, signingKeys: older.signingKeys });
      expect(keys.webhookSeeds).to.deep.equal(all[0]?.webhookSeeds).and.to.have.length(1);
    }
    expect(await ensure()).to.deep.equal(all[0]);
  });

  it('are not made up when they cannot be stored', async () => {
    const refusing: Store = { ...store, commit: async () => ({ ok: false, conflict: 'stale', now: 0 }) };
    let failure: unknown;
    await ensure(refusing).catch((error: unknown) => {
      failure = error;
    });
    expect(failure).to.be.instanceOf(StoreUnavailableError);
  });
});
