// The hub's own keys: made at the first start, shared by all nodes, the same after a restart.
import type { Timestamp } from '../core/verification.ts';
import type { HubKeysRecord } from '../ports/records.ts';
import { StoreUnavailableError, type Store } from '../ports/store.ts';

const id = 'hub';
const attempts = 8;

/**
 * Two nodes that start at once agree: the one that comes second takes the keys of the first. What a record of an older version
 * lacks is added to it.
 */
export async function ensureHubKeys(
  store: Store,
  generate: (now: Timestamp) => Required<HubKeysRecord>,
): Promise<Required<HubKeysRecord>> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await store.read([{ kind: 'hub-keys', id }]);
    const [known] = records;
    if (known !== undefined && isComplete(known)) return known;
    const fresh = generate(now);
    const record = known === undefined ? fresh : { ...fresh, ...known, rev: known.rev + 1 };
    const result = await store.commit({ puts: [{ kind: 'hub-keys', record }] });
    if (result.ok) return record;
  }
  throw new StoreUnavailableError("The hub's keys could not be stored.");
}

function isComplete(record: HubKeysRecord): record is Required<HubKeysRecord> {
  return record.webhookSeeds !== undefined;
}
