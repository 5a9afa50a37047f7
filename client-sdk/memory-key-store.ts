/** A key store in memory, for tests and Node programs: what it holds can be exported and imported, so guard that text like a password. */
import { VerihubError } from './errors.ts';
import type { DeviceRecord, KeyStore } from './key-store.ts';
import { isRecord } from './reply-guards.ts';
import {
  agreeWith,
  exportPrivateJwks,
  exportPublicKeys,
  generateDeviceKeys,
  importPrivateJwks,
  signWith,
} from './web-crypto-keys.ts';
import type { DeviceKeyPairs } from './web-crypto-keys.ts';

interface Exported {
  keys: { signing: JsonWebKey; encryption: JsonWebKey } | null;
  record: DeviceRecord | null;
}

export interface MemoryKeyStore extends KeyStore {
  /** The private keys and the record as JSON text. */
  export(): Promise<string>;
}

/** `exported` is the text that `export()` gave; throws `invalid-argument` when it is not. */
export function createMemoryKeyStore(exported?: string): MemoryKeyStore {
  const start = exported === undefined ? null : readExport(exported);
  let keys: Promise<DeviceKeyPairs> | null = start?.keys ? importPrivateJwks(start.keys) : null;
  let record: DeviceRecord | null = start?.record ?? null;
  // A bad import is reported by the first use, not as an unhandled rejection.
  keys?.catch(() => {});

  async function required(): Promise<DeviceKeyPairs> {
    if (keys === null) throw new VerihubError('key-store', { detail: 'there are no keys yet' });
    return keys;
  }

  return {
    async createKeys() {
      keys = generateDeviceKeys(true);
      return exportPublicKeys(await keys);
    },
    publicKeys: async () => (keys === null ? null : exportPublicKeys(await keys)),
    sign: async (data) => signWith(await required(), data),
    agree: async (peer) => agreeWith(await required(), peer),
    load: async () => record,
    async save(next) {
      record = next;
    },
    async clear() {
      keys = null;
      record = null;
    },
    async export() {
      const content: Exported = { keys: keys === null ? null : await exportPrivateJwks(await keys), record };
      return JSON.stringify(content);
    },
  };
}

function readExport(text: string): Exported {
  try {
    const content: unknown = JSON.parse(text);
    if (isExported(content)) return content;
  } catch {
    // Told below.
  }
  throw new VerihubError('invalid-argument', { detail: 'this is not an exported key store' });
}

/** Its own export is trusted beyond the outline: what is wrong inside fails at the first use. */
function isExported(value: unknown): value is Exported {
  return isRecord(value) && 'keys' in value && 'record' in value;
}
