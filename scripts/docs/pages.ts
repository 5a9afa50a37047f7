// The pages of this checkout.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Pages } from './generated-text.ts';

const root = resolve(import.meta.dirname, '../..');

export const pages: Pages = {
  read: (target) => (existsSync(resolve(root, target)) ? readFileSync(resolve(root, target), 'utf8') : undefined),
  write: (target, text) => writeFileSync(resolve(root, target), text),
};
