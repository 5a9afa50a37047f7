// `npm run docs` writes every generated text; `npm run docs -- --check` only tells which are stale.
import { documents } from './docs/documents.ts';
import { bringUpToDate } from './docs/generated-text.ts';
import { pages } from './docs/pages.ts';

const check = process.argv.includes('--check');
const outcomes = await bringUpToDate(documents, pages, !check);
for (const { message } of outcomes) console.log(message);
const unacceptable = check ? ['stale', 'fault'] : ['fault'];
if (outcomes.some(({ result }) => unacceptable.includes(result))) process.exitCode = 1;
