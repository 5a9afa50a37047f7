// Every text of the project that is generated from code. `npm run docs` writes them, a test finds the stale ones.
import { optionsTable } from '../../server/config/options-table.ts';
import { asyncapiYaml } from './asyncapi.ts';
import type { GeneratedText } from './generated-text.ts';
import { openapiYaml } from './openapi.ts';
import { problemCodeTable } from './problem-codes.ts';
import { stateTable } from './state-table.ts';

export const documents: readonly GeneratedText[] = [
  { name: 'state-table', target: 'README.md', generate: stateTable },
  { name: 'options', target: 'README.md', generate: optionsTable },
  { name: 'problem-codes', target: 'README.md', generate: problemCodeTable },
  { name: 'openapi', target: 'openapi.yaml', generate: openapiYaml },
  { name: 'asyncapi', target: 'asyncapi.yaml', generate: asyncapiYaml },
];
