/** HTTP calls made as a device: signs each one, corrects the clock once when the hub says it is off, and notices a revocation. */
import type { DeviceTokens } from './device-token.ts';
import { asVerihubError, VerihubError } from './errors.ts';
import type { HttpCall, HttpClient } from './http-client.ts';
import type { HubClock } from './hub-clock.ts';

export interface DeviceApi {
  /** As `HttpClient.call`; `device-revoked` when the hub refuses a fresh token too. */
  call<T>(call: Omit<HttpCall, 'credential'>): Promise<T>;
}

export interface DeviceApiOptions {
  http: HttpClient;
  tokens: DeviceTokens;
  clock: HubClock;
  onRevoked(): void;
}

export function createDeviceApi({ http, tokens, clock, onRevoked }: DeviceApiOptions): DeviceApi {
  return {
    async call<T>(call: Omit<HttpCall, 'credential'>): Promise<T> {
      const signed: HttpCall = { ...call, credential: () => tokens.current() };
      try {
        return await http.call<T>(signed);
      } catch (thrown) {
        if (!mayBeCorrected(asVerihubError(thrown), tokens, clock)) throw thrown;
      }
      try {
        return await http.call<T>(signed);
      } catch (thrown) {
        const error = asVerihubError(thrown);
        if (error.code !== 'unauthenticated') throw error;
        onRevoked();
        throw new VerihubError('device-revoked', {
          detail: error.detail,
          status: error.status,
          requestId: error.requestId,
          cause: error,
        });
      }
    },
  };
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
