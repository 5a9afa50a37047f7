/** HTTP calls made as a device: signs each one, corrects the clock once when the hub says it is off, and notices a revocation. */
import { underSignals } from './deadline.ts';
import type { DeviceTokens } from './device-token.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import type { HttpCall, HttpClient } from './http-client.ts';
import type { HubClock } from './hub-clock.ts';
import { anything } from './reply-guards.ts';

export interface DeviceApi {
  /** As `HttpClient.call`; `device-revoked` when the hub refuses a fresh token too. */
  call: <T>(call: Omit<HttpCall<T>, 'credential'>) => Promise<T>;
}

export interface DeviceApiOptions {
  http: HttpClient;
  tokens: DeviceTokens;
  clock: HubClock;
  /** Ends every call: the client was closed. */
  closing: AbortSignal;
  onRevoked: (error: VerihubError) => void;
}

export function createDeviceApi(options: DeviceApiOptions): DeviceApi {
  return {
    call: (call) =>
      underSignals([options.closing, call.signal], (signal) => callAsDevice(options, { ...call, signal })),
  };
}

async function callAsDevice<T>(options: DeviceApiOptions, call: HttpCall<T>): Promise<T> {
  const { http, tokens, clock } = options;
  const signed: HttpCall<T> = { ...call, credential: () => tokens.current() };
  try {
    return await http.call(signed);
  } catch (thrown) {
    if (!mayBeCorrected(asVerihubError(thrown), tokens, clock)) throw thrown;
  }
  try {
    return await http.call(signed);
  } catch (thrown) {
    const error = asVerihubError(thrown);
    if (error.code !== 'unauthenticated' || !(await isRevoked(options, call))) throw error;
    const { detail, status, requestId } = error;
    options.onRevoked(error);
    throw new VerihubError('device-revoked', { detail, status, requestId, cause: error });
  }
}

/**
 * True when a fresh token may do better. A token can also die of age: while the offset was unknown, `exp` may have passed
 * on the hub's clock, which the hub answers with `unauthenticated`.
 */
export function mayBeCorrected(error: VerihubError, tokens: DeviceTokens, clock: HubClock): boolean {
  if (error.code !== 'clock-skew' && error.code !== 'unauthenticated') return false;
  clock.observe(error.serverTime);
  tokens.renew();
  return true;
}

/** Another 401 may have been about the content of that call, such as a decision; a plain read is about the token alone. */
async function isRevoked({ http, tokens }: DeviceApiOptions, refused: HttpCall<unknown>): Promise<boolean> {
  const probe = '/v1/device/preferences';
  if (refused.method === 'GET') return true;
  try {
    const { signal } = refused;
    await http.call({
      method: 'GET',
      path: probe,
      credential: () => tokens.current(),
      read: anything,
      repeatable: true,
      signal,
    });
    return false;
  } catch (thrown) {
    return asVerihubError(thrown).code === 'unauthenticated';
  }
}
