// What the terminal shows once the hub runs: where everything is, and a first call to try.
import type { Config } from './config.ts';

/** Beside the data, so that it comes and goes with them; undefined: nothing is kept. */
export function demoKeyFile({ store }: Config): string | undefined {
  return store.kind === 'sqlite' && store.file !== ':memory:'
    ? store.file.replace(/[^/\\]*$/u, 'demo-api-key')
    : undefined;
}

/** What the terminal shows once the hub runs. The demo's key is shown in full the first time only. */
export function bannerOf(
  config: Config,
  origin: string,
  demoKey: { apiKey: string; isNew: boolean } | undefined,
): string {
  const file = demoKeyFile(config);
  const isShown = demoKey !== undefined && (demoKey.isNew || file === undefined);
  const credential = demoKey === undefined ? '$VERIHUB_API_KEY' : isShown ? demoKey.apiKey : `$(cat ${file})`;
  const keyLine = isShown
    ? `${demoKey.apiKey}${file === undefined ? '' : `   (kept in ${file})`}`
    : `in ${file ?? 'VERIHUB_API_KEY'}`;
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
