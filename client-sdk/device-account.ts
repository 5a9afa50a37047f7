/** What a device may ask and change about itself and its user (contract section 5), over HTTP. */
import type { DeviceApi } from './device-api.ts';
import type {
  DeliveryPreference,
  PreferencesReply,
  PushToken,
  TrustedBrowserListReply,
  TrustedBrowserView,
} from './protocol.ts';
import { anything, having } from './reply-guards.ts';

export interface CallOptions {
  signal?: AbortSignal;
}

export interface DevicePreferences {
  get: (options?: CallOptions) => Promise<DeliveryPreference>;
  set: (delivery: DeliveryPreference, options?: CallOptions) => Promise<DeliveryPreference>;
}

export interface DeviceTrustedBrowsers {
  list: (options?: CallOptions) => Promise<TrustedBrowserView[]>;
  revoke: (id: string, options?: CallOptions) => Promise<void>;
}

type Ready = () => Promise<DeviceApi>;

const preferencesPath = '/v1/device/preferences';
const browsersPath = '/v1/device/trusted-browsers';

export function createDevicePreferences(ready: Ready): DevicePreferences {
  const read = having<PreferencesReply>('delivery');
  return {
    async get({ signal } = {}) {
      const api = await ready();
      return (await api.call({ method: 'GET', path: preferencesPath, read, repeatable: true, signal })).delivery;
    },
    async set(delivery, { signal } = {}) {
      const api = await ready();
      const body = { delivery };
      return (await api.call({ method: 'PUT', path: preferencesPath, body, read, repeatable: true, signal })).delivery;
    },
  };
}

export function createDeviceTrustedBrowsers(ready: Ready): DeviceTrustedBrowsers {
  const read = having<TrustedBrowserListReply>('trustedBrowsers');
  return {
    async list({ signal } = {}) {
      const api = await ready();
      return (await api.call({ method: 'GET', path: browsersPath, read, repeatable: true, signal })).trustedBrowsers;
    },
    async revoke(id, { signal } = {}) {
      const api = await ready();
      const path = `${browsersPath}/${encodeURIComponent(id)}`;
      await api.call({ method: 'DELETE', path, read: anything, repeatable: true, signal });
    },
  };
}

export async function sendPushToken(api: DeviceApi, token: PushToken): Promise<void> {
  await api.call({ method: 'PUT', path: '/v1/device/push-token', body: token, read: anything, repeatable: true });
}

export async function deleteDevice(api: DeviceApi, signal: AbortSignal | undefined): Promise<void> {
  await api.call({ method: 'DELETE', path: '/v1/device', read: anything, repeatable: true, signal });
}
