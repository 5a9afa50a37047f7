/** The relying-party entry of the SDK, as a public list: for the backend that asks for approvals. */
export { clientErrorCodes } from './error-codes.ts';
export type { ClientErrorCode, VerihubErrorCode } from './error-codes.ts';
export { VerihubError } from './errors.ts';
export type {
  CreateVerificationReply,
  CreateVerificationRequest,
  DeliveryPreference,
  DeliveryStepName,
  DeviceView,
  EnrollmentReply,
  PutUserRequest,
  TimelineEntry,
  TrustedBrowserView,
  TrustReply,
  UserView,
  VerificationStatus,
  VerificationView,
  WebhookType,
} from './protocol.ts';
export { createRelyingParty } from './relying-party-client.ts';
export type { RelyingParty, RelyingPartyCallOptions, RelyingPartyOptions } from './relying-party-client.ts';
export type { ResultCheckOptions } from './result-check.ts';
export type { ResultClaims } from './result-token.ts';
export type { SdkRuntime } from './runtime.ts';
export { verifyWebhook } from './webhook.ts';
export type { WebhookEvent, WebhookHeaders } from './webhook.ts';
export type { DeadLetterListReply, DeadLetterView, WebhookCalls } from './webhook-calls.ts';
