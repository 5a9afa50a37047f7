// The options as read, with the defaults that depend on other options filled in.
import { rawValue, readOption, type Environment, type Option } from './option.ts';
import { options } from './options.ts';

export interface Settings {
  /** Undefined when it is faulty, or neither set nor defaulted. */
  get<T, D extends T | undefined>(this: void, row: Option<T, D>): T | D | undefined;
  given(this: void, row: { readonly name: string }): boolean;
  readonly production: boolean;
  readonly demo: boolean;
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string | undefined;
  readonly push: 'none' | 'simulated' | 'fcm';
  readonly sms: 'none' | 'simulated' | 'vonage';
  readonly applicationDomain: string;
  readonly applicationName: string;
}

export function readSettings(env: Environment): Settings {
  const get = <T, D extends T | undefined>(row: Option<T, D>): T | D | undefined => {
    const read = readOption(env, row);
    return read.ok ? read.value : undefined;
  };
  const production = get(options.profile) === 'production';
  const demo = get(options.demo) ?? !production;
  const port = get(options.port) ?? options.port.default;
  const channel = demo && !production ? 'simulated' : 'none';
  const publicUrl = get(options.publicUrl) ?? (port === 0 ? undefined : `http://localhost:${port}`);
  const publicHost = new URL(publicUrl ?? 'http://localhost').hostname;
  const applicationDomain = get(options.applicationDomain) ?? publicHost;
  return {
    get,
    given: (row) => rawValue(env, row) !== undefined,
    production,
    demo,
    port,
    host: get(options.host) ?? (production ? '0.0.0.0' : '127.0.0.1'),
    publicUrl,
    push: get(options.push) ?? channel,
    sms: get(options.sms) ?? channel,
    applicationDomain,
    applicationName: get(options.applicationName) ?? (demo ? 'Example Bank' : applicationDomain),
  };
}
