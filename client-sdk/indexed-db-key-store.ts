/** The key store of browsers and PWAs: non-extractable CryptoKeys in IndexedDB, so that a script can use them but never read them. */
import { VerihubError } from './errors.ts';
import type { DeviceRecord, KeyStore } from './key-store.ts';
import { isRecord } from './reply-guards.ts';
import { agreeWith, exportPublicKeys, generateDeviceKeys, signWith } from './web-crypto-keys.ts';
import type { DeviceKeyPairs } from './web-crypto-keys.ts';

export interface IndexedDbKeyStoreOptions {
  /** Database name; one per enrollment. Default `verihub-device`. */
  name?: string;
  /** Where to store; default `globalThis.indexedDB`. */
  indexedDB?: IDBFactory;
}

const storeName = 'device';
type Run = (mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest) => Promise<unknown>;

/** Its methods reject with `unsupported-platform` where there is no IndexedDB (private windows of some browsers). */
export function createIndexedDbKeyStore(options: IndexedDbKeyStoreOptions = {}): KeyStore {
  const name = options.name ?? 'verihub-device';
  const run: Run = async (mode, work) => {
    const database = await openDatabase(options.indexedDB ?? globalThis.indexedDB, name);
    try {
      return await inTransaction(database, mode, work);
    } finally {
      database.close();
    }
  };
  return {
    createKeys: () => createKeys(run),
    async publicKeys() {
      const keys = await readKeys(run);
      return keys === null ? null : exportPublicKeys(keys);
    },
    sign: async (data) => signWith(await requireKeys(run), data),
    agree: async (peer) => agreeWith(await requireKeys(run), peer),
    async load() {
      const record = await run('readonly', (store) => store.get('record'));
      return isDeviceRecord(record) ? record : null;
    },
    async save(record) {
      await run('readwrite', (store) => store.put(record, 'record'));
    },
    async clear() {
      await run('readwrite', (store) => store.clear());
    },
  };
}

async function createKeys(run: Run): ReturnType<KeyStore['createKeys']> {
  const keys = await generateDeviceKeys(false);
  await run('readwrite', (store) => store.put(keys, 'keys'));
  // Ask that the browser does not evict the keys when space runs low; a refusal changes nothing else.
  const platform: Partial<Navigator> | undefined = globalThis.navigator;
  platform?.storage?.persist().catch(() => {});
  return exportPublicKeys(keys);
}

async function readKeys(run: Run): Promise<DeviceKeyPairs | null> {
  const keys = await run('readonly', (store) => store.get('keys'));
  return isKeyPairs(keys) ? keys : null;
}

async function requireKeys(run: Run): Promise<DeviceKeyPairs> {
  const keys = await readKeys(run);
  if (keys === null) throw new VerihubError('key-store', { detail: 'there are no keys yet' });
  return keys;
}

function isKeyPairs(value: unknown): value is DeviceKeyPairs {
  return isRecord(value) && isRecord(value['signing']) && isRecord(value['encryption']);
}

function isDeviceRecord(value: unknown): value is DeviceRecord {
  return isRecord(value) && typeof value['hub'] === 'string' && typeof value['enrollment'] === 'string';
}

function openDatabase(factory: IDBFactory | undefined, name: string): Promise<IDBDatabase> {
  if (factory === undefined) {
    return Promise.reject(new VerihubError('unsupported-platform', { detail: 'there is no IndexedDB here' }));
  }
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    const fail = (detail: string) => () => reject(new VerihubError('key-store', { detail, cause: request.error }));
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(storeName));
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', fail('IndexedDB could not be opened'));
    request.addEventListener('blocked', fail('IndexedDB is blocked by another tab'));
  });
}

/** Settles when the transaction is complete, not when the request inside it succeeded. */
function inTransaction(database: IDBDatabase, mode: IDBTransactionMode, work: Parameters<Run>[1]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(storeName, mode);
    const request = work(transaction.objectStore(storeName));
    const fail = (): void => {
      reject(new VerihubError('key-store', { detail: 'IndexedDB refused', cause: transaction.error }));
    };
    transaction.addEventListener('complete', () => resolve(request.result));
    transaction.addEventListener('error', fail);
    transaction.addEventListener('abort', fail);
  });
}
