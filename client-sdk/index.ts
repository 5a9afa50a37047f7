/** Everything the SDK offers, for programs that bundle; the entries `./device`, `./browser` and `./relying-party` load less. */
export * from './browser.ts';
export * from './device.ts';
export { createRelyingParty } from './relying-party-client.ts';
export type { CallOptions, RelyingParty, RelyingPartyOptions, ResultCheckOptions } from './relying-party-client.ts';
export type { ResultClaims } from './result-token.ts';
export { verifyWebhook } from './webhook.ts';
export type { WebhookEvent, WebhookHeaders } from './webhook.ts';
export type * from './protocol.ts';
