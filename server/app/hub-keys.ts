// The hub's own keys: made at the first start, shared by all nodes, the same after a restart.
import type { Timestamp } from '../core/verification.ts';
import type { HubKeysRecord } from '../ports/records.ts';
import { StoreUnavailableError, type Store } from '../ports/store.ts';

const id = 'hub';

/** Two nodes that start at once agree: the one that comes second takes the keys of the first. */
export async function ensureHubKeys(store: Store, generate: (now: Timestamp) => HubKeysRecord): Promise<HubKeysRecord> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const { now, records } = await store.read([{ kind: 'hub-keys', id }]);
    const [known] = records;
    if (known !== undefined) return known;
    const record = generate(now);
    const result = await store.commit({ puts: [{ kind: 'hub-keys', record }] });
    if (result.ok) return record;
  }
  throw new StoreUnavailableError("The hub's keys could not be stored.");
}
