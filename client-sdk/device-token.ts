/** The token a device makes itself (contract section 3): cached, renewed in time, and on the hub's clock. */
import { randomId } from './base64url.ts';
import { signCompact } from './device-signature.ts';
import type { HubClock } from './hub-clock.ts';
import type { KeyStore } from './key-store.ts';

/** `exp - iat`, seconds: the most the contract allows. */
const lifetimeSeconds = 300;
/** A token this close to its end is not handed out any more: it has to outlast a slow request. */
const reserveSeconds = 60;

export interface DeviceTokens {
  /** Rejects with `key-store`. */
  current: () => Promise<string>;
  /** Forgets the cached token, so that the next one is made anew. */
  renew: () => void;
}

export interface DeviceTokenOptions {
  keys: KeyStore;
  clock: HubClock;
  deviceId: string;
  hub: string;
}

export function createDeviceTokens({ keys, clock, deviceId, hub }: DeviceTokenOptions): DeviceTokens {
  let cached: { iat: number; token: Promise<string> } | null = null;

  function make(iat: number): Promise<string> {
    const claims = { iss: deviceId, aud: hub, iat, exp: iat + lifetimeSeconds, jti: randomId() };
    return signCompact(keys, { typ: 'device+jwt', kid: deviceId }, claims);
  }

  return {
    current() {
      const now = Math.floor(clock.now() / 1_000);
      // An `iat` ahead of now means that the clock was corrected since.
      if (cached !== null && cached.iat <= now && now < cached.iat + lifetimeSeconds - reserveSeconds) {
        return cached.token;
      }
      const made = { iat: now, token: make(now) };
      cached = made;
      made.token.catch(() => {
        if (cached === made) cached = null;
      });
      return made.token;
    },
    renew() {
      cached = null;
    },
  };
}
