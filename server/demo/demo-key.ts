// The demo application's API key: made at the first start, kept beside the data, readable by its owner only.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface DemoKey {
  apiKey: string;
  isNew: boolean;
}

/**
 * @param file where it is kept; undefined: nowhere, and each start has its own
 * @param make a new key; only called when none is kept
 */
export async function ensureDemoKey(file: string | undefined, make: () => string): Promise<DemoKey> {
  if (file === undefined) return { apiKey: make(), isNew: true };
  const known = await readKey(file);
  if (known !== undefined) return { apiKey: known, isNew: false };
  const apiKey = make();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${apiKey}\n`, { mode: 0o600, flag: 'wx' });
  return { apiKey, isNew: true };
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
