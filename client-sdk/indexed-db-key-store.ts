/** The key store of browsers and PWAs: non-extractable CryptoKeys in IndexedDB, so that a script can use them but never read them. */
import { VerihubError } from './errors.ts';
import type { DeviceRecord, KeyStore } from './key-store.ts';
import { agreeWith, exportPublicKeys, generateDeviceKeys, signWith } from './web-crypto-keys.ts';
import type { DeviceKeyPairs } from './web-crypto-keys.ts';

export interface IndexedDbKeyStoreOptions {
  /** Database name; one per enrollment. Default `verihub-device`. */
  name?: string;
  /** Where to store; default `globalThis.indexedDB`. */
  indexedDB?: IDBFactory;
}

const storeName = 'device';

/** Rejects with `unsupported-platform` where there is no IndexedDB (private windows of some browsers). */
export function createIndexedDbKeyStore(options: IndexedDbKeyStoreOptions = {}): KeyStore {
  const open = (): Promise<IDBDatabase> =>
    openDatabase(options.indexedDB ?? globalThis.indexedDB, options.name ?? 'verihub-device');

  async function run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await open();
    try {
      return await inTransaction(database, mode, work);
    } finally {
      database.close();
    }
  }

  const readKeys = (): Promise<DeviceKeyPairs | undefined> =>
    run('readonly', (store): IDBRequest<DeviceKeyPairs | undefined> => store.get('keys'));

  async function required(): Promise<DeviceKeyPairs> {
    const keys = await readKeys();
    if (keys === undefined) throw new VerihubError('key-store', { detail: 'there are no keys yet' });
    return keys;
  }

  return {
    async createKeys() {
      const keys = await generateDeviceKeys(false);
      await run('readwrite', (store) => store.put(keys, 'keys'));
      // Ask that the browser does not evict the keys when space runs low; a refusal changes nothing else.
      globalThis.navigator?.storage?.persist?.().catch(() => {});
      return exportPublicKeys(keys);
    },
    async publicKeys() {
      const keys = await readKeys();
      return keys === undefined ? null : exportPublicKeys(keys);
    },
    sign: async (data) => signWith(await required(), data),
    agree: async (peer) => agreeWith(await required(), peer),
    async load() {
      const record = await run('readonly', (store): IDBRequest<DeviceRecord | undefined> => store.get('record'));
      return record ?? null;
    },
    async save(record) {
      await run('readwrite', (store) => store.put(record, 'record'));
    },
    async clear() {
      await run('readwrite', (store) => store.clear());
    },
  };
}

function openDatabase(factory: IDBFactory | undefined, name: string): Promise<IDBDatabase> {
  if (factory === undefined)
    return Promise.reject(new VerihubError('unsupported-platform', { detail: 'there is no IndexedDB here' }));
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () =>
      reject(new VerihubError('key-store', { detail: 'IndexedDB could not be opened', cause: request.error }));
    request.onblocked = () => reject(new VerihubError('key-store', { detail: 'IndexedDB is blocked by another tab' }));
  });
}

/** Settles when the transaction is durable, not when the request inside it succeeded. */
function inTransaction<T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(storeName, mode);
    const request = work(transaction.objectStore(storeName));
    const fail = (): void =>
      reject(new VerihubError('key-store', { detail: 'IndexedDB refused', cause: transaction.error }));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = fail;
    transaction.onabort = fail;
  });
}
