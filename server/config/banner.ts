// What the terminal shows once the hub runs: where everything is, and a first call to try.
import type { Config } from './config.ts';

/** The key the demo made for itself. */
interface DemoKey {
  apiKey: string;
  isNew: boolean;
}

/** Beside the data, so that it comes and goes with them; undefined: nothing is kept. */
export function demoKeyFile({ store }: Config): string | undefined {
  return store.kind === 'sqlite' && store.file !== ':memory:'
    ? store.file.replace(/[^/\\]*$/u, 'demo-api-key')
    : undefined;
}

/** What the terminal shows once the hub runs. The demo's key is shown in full the first time only. */
export function bannerOf(config: Config, origin: string, demoKey: DemoKey | undefined): string {
  const { keyLine, credential } = describeKey(config, demoKey);
  const data = config.store.kind === 'sqlite' ? config.store.file : config.store.kind;
  const lines = [
    `Verihub is ready at ${origin}`,
    '',
    ...(config.demo ? [`  Demo      ${origin}/demo/`] : []),
    `  API key   ${keyLine}`,
    `  Data      ${data}`,
    '',
    '  Create a verification:',
    `  curl -X POST ${origin}/v1/verifications -H "Authorization: Bearer ${credential}" \\`,
    `    -H 'Content-Type: application/json' -d '{"userId": "alice", "action": "Sign in to ${config.application.name.replaceAll("'", '')}"}'`,
    '',
    '  Ctrl-C stops it; everything is kept.',
  ];
  return `\n${lines.join('\n')}\n\n`;
}

/** Where the API key is, and how a shell gets at it. A key that was given is not repeated. */
function describeKey(config: Config, demoKey: DemoKey | undefined): { keyLine: string; credential: string } {
  const given = { keyLine: 'as given in VERIHUB_API_KEY', credential: '$VERIHUB_API_KEY' };
  if (config.application.apiKey !== undefined) return given;
  if (demoKey === undefined)
    return {
      ...given,
      keyLine: "none yet: npm run verihub -- applications create --name 'Example' --domain example.com",
    };
  const { apiKey, isNew } = demoKey;
  const file = demoKeyFile(config);
  if (file === undefined) return { keyLine: apiKey, credential: apiKey };
  return isNew
    ? { keyLine: `${apiKey}   (kept in ${file})`, credential: apiKey }
    : { keyLine: `in ${file}`, credential: `$(cat '${file}')` };
}
