/** The browser entry of the SDK, as a public list: the page that waits for a verification to end. */
export { createBrowserClient } from './browser-client.ts';
export type { BrowserCallOptions, BrowserClient, BrowserClientOptions, BrowserTimeouts } from './browser-client.ts';
export { browserConditions } from './browser-state.ts';
export type { BrowserCondition, BrowserState } from './browser-state.ts';
export { clientErrorCodes } from './error-codes.ts';
export type { ClientErrorCode, VerihubErrorCode } from './error-codes.ts';
export { VerihubError } from './errors.ts';
export type {
  DecisionView,
  DeliveryStepName,
  DeliveryStepView,
  VerificationStatus,
  VerificationView,
} from './protocol.ts';
export type { Cancel, PlatformEvent, SdkRuntime } from './runtime.ts';
export type { SocketSettings, SocketTransport } from './socket-link.ts';
