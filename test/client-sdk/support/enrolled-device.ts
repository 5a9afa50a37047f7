/** A device client enrolled at the fake hub, with what its user interface would have been told. */
import { createDeviceClient, createMemoryKeyStore } from '../../../client-sdk/device.ts';
import type {
  DeviceClient,
  DeviceClientOptions,
  DeviceState,
  MemoryKeyStore,
  PromptClosed,
  PromptView,
} from '../../../client-sdk/device.ts';
import type { PublicJwk } from '../../../client-sdk/protocol.ts';
import type { FakeHub } from './fake-hub.ts';

export interface EnrolledDevice {
  client: DeviceClient;
  keyStore: MemoryKeyStore;
  signingKey: PublicJwk;
  encryptionKey: PublicJwk;
  shown: PromptView[];
  closed: PromptClosed[];
  states: DeviceState[];
}

export const enrollmentReply = {
  deviceId: 'dev_1',
  userId: 'alice',
  application: { id: 'app_1', name: 'Example Bank' },
};

export async function enrolledDevice(
  hub: FakeHub,
  options: Partial<DeviceClientOptions> = {},
): Promise<EnrolledDevice> {
  hub.route('POST /v1/devices', () => ({
    status: 201,
    body: { ...enrollmentReply, serverTime: new Date().toISOString() },
  }));
  const keyStore = createMemoryKeyStore();
  const client = createDeviceClient({ keyStore, runtime: { random: () => 0 }, ...options });
  await client.enroll({ uri: `${hub.origin}/enroll#token-1`, name: 'Pixel 10', platform: 'android' });
  const keys = await keyStore.publicKeys();
  if (keys === null) throw new Error('no keys');
  const device: EnrolledDevice = {
    ...{ client, keyStore, signingKey: keys.signing, encryptionKey: keys.encryption },
    ...{ shown: [], closed: [], states: [] },
  };
  client.onPrompt((prompt) => device.shown.push(prompt));
  client.onPromptClosed((closed) => device.closed.push(closed));
  client.onState((state) => device.states.push(state));
  return device;
}
