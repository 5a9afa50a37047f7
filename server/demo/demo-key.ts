// The demo application's API key: made at the first start, kept beside the data, readable by its owner only.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface DemoKey {
  apiKey: string;
  isNew: boolean;
}

/** @param make a new key; only called when the file is not there */
export async function ensureDemoKey(file: string, make: () => string): Promise<DemoKey> {
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
