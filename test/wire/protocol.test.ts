// The schemas and client-sdk/protocol.ts say the same: what one takes the other sends, member by member. The compiler is the test.
import { expect } from 'chai';
import type * as protocol from '../../client-sdk/protocol.ts';
import type * as calls from '../../client-sdk/webhook-calls.ts';
import type { createVerificationReply, createVerificationRequest } from '../../server/wire/create-verification.ts';
import type { deviceListReply, enrollDeviceReply, enrollDeviceRequest } from '../../server/wire/devices.ts';
import type { Value } from '../../server/wire/parse.ts';
import type { problem } from '../../server/wire/problem.ts';
import type { decisionReply, promptReply, promptsReply } from '../../server/wire/prompts.ts';
import type { trustedBrowserListReply } from '../../server/wire/trusted-browsers.ts';
import type { createEnrollmentReply, preferencesReply, putUserRequest, userReply } from '../../server/wire/users.ts';
import type { trustReply } from '../../server/wire/verification-calls.ts';
import type { timelineReply, verificationReply } from '../../server/wire/verification.ts';
import type { deadLetterListReply, webhookKeysReply } from '../../server/wire/webhooks.ts';

/** Every field present, and marked as what it was: an optional field that one side lacks would fit otherwise. */
type Marked<T> = T extends readonly (infer E)[]
  ? Marked<E>[]
  : T extends object
    ? { [K in keyof T]-?: [Marked<T[K]>, object extends Pick<T, K> ? 'optional' : 'required'] }
    : T;
type Fits<A, B> = [A] extends [B] ? true : false;
/** `true`, or both sides to look at. */
type Same<A, B> = [Fits<Marked<A>, Marked<B>>, Fits<Marked<B>, Marked<A>>] extends [true, true]
  ? true
  : { schema: A; protocol: B };

/** The store keeps a platform as text. */
type StoredDevice = Omit<protocol.DeviceView, 'platform'> & { platform: string };

type Agreements = [
  Same<Value<typeof createVerificationRequest>, protocol.CreateVerificationRequest>,
  Same<Value<typeof createVerificationReply>, protocol.CreateVerificationReply>,
  Same<Value<typeof verificationReply>, protocol.VerificationReply>,
  Same<Value<typeof timelineReply>, protocol.TimelineReply>,
  Same<Value<typeof trustReply>, protocol.TrustReply>,
  Same<Value<typeof putUserRequest>, protocol.PutUserRequest>,
  Same<Value<typeof userReply>, protocol.UserReply>,
  Same<Value<typeof createEnrollmentReply>, protocol.EnrollmentReply>,
  Same<Value<typeof preferencesReply>, protocol.PreferencesReply>,
  Same<Value<typeof enrollDeviceRequest>, protocol.EnrollDeviceRequest>,
  Same<Value<typeof enrollDeviceReply>, protocol.EnrollDeviceReply>,
  Same<Value<typeof deviceListReply>, { devices: StoredDevice[]; serverTime: string }>,
  Same<Value<typeof promptReply>, protocol.PromptReply>,
  Same<Value<typeof promptsReply>, protocol.PromptsReply>,
  Same<Value<typeof decisionReply>, protocol.DecisionReply>,
  Same<Value<typeof deadLetterListReply>, calls.DeadLetterListReply>,
  Same<Value<typeof webhookKeysReply>, calls.WebhookKeysReply>,
  Same<Value<typeof trustedBrowserListReply>, protocol.TrustedBrowserListReply>,
  Same<Value<typeof problem>, Omit<protocol.Problem, 'code'> & { code: protocol.ProblemCode }>,
];

type Disagreements = Exclude<Agreements[number], true>;

describe('the schemas', () => {
  it('agree with the protocol of the SDK', () => {
    // Does not compile as soon as one of them differs.
    const agree: [Disagreements] extends [never] ? true : Disagreements = true;
    expect(agree).to.equal(true);
  });
});
