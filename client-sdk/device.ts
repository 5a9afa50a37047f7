/** The device entry of the SDK, as a public list: a phone app or PWA that enrolls, is prompted, and answers. */
export { createDeviceClient } from './device-client.ts';
export type { DeviceClient, PushOptions } from './device-client.ts';
export type { CallOptions, DevicePreferences, DeviceTrustedBrowsers } from './device-account.ts';
export type { DeviceClientOptions } from './device-home.ts';
export type { DeviceTimeouts } from './device-session.ts';
export { deviceConditions } from './device-state.ts';
export type { DeviceCondition, DeviceState } from './device-state.ts';
export type { EnrollOptions } from './enrollment.ts';
export { clientErrorCodes } from './error-codes.ts';
export type { ClientErrorCode, VerihubErrorCode } from './error-codes.ts';
export { VerihubError } from './errors.ts';
export { createIndexedDbKeyStore } from './indexed-db-key-store.ts';
export type { IndexedDbKeyStoreOptions } from './indexed-db-key-store.ts';
export type { DevicePublicKeys, DeviceRecord, KeyStore, Registration } from './key-store.ts';
export { createMemoryKeyStore } from './memory-key-store.ts';
export type { MemoryKeyStore } from './memory-key-store.ts';
export type { PromptClosed } from './prompt-inbox.ts';
export type {
  DeliveryPreference,
  Detail,
  DevicePlatform,
  PromptView,
  PublicJwk,
  PushToken,
  RequestContext,
  TrustedBrowserView,
  VerificationStatus,
} from './protocol.ts';
export { parseEnrollmentUri } from './hub-origin.ts';
export type { Cancel, PlatformEvent, SdkRuntime } from './runtime.ts';
export type { SocketSettings, SocketTransport } from './socket-link.ts';
