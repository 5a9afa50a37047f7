// The schemas and client-sdk/protocol.ts say the same: what one takes the other sends, member by member. The compiler is the test.
import { expect } from 'chai';
import type * as protocol from '../../client-sdk/protocol.ts';
import type { createVerificationReply, createVerificationRequest } from '../../server/wire/create-verification.ts';
import type { deviceListReply, enrollDeviceReply, enrollDeviceRequest } from '../../server/wire/devices.ts';
import type { Schema, Value } from '../../server/wire/parse.ts';
import type { problem } from '../../server/wire/problem.ts';
import type { decisionReply, promptReply, promptsReply } from '../../server/wire/prompts.ts';
import type { trustedBrowserListReply } from '../../server/wire/trusted-browsers.ts';
import type { createEnrollmentReply, preferencesReply, putUserRequest, userReply } from '../../server/wire/users.ts';
import type { trustReply } from '../../server/wire/verification-calls.ts';
import type { timelineReply, verificationReply } from '../../server/wire/verification.ts';

/** `true` when each may stand for the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : 'the protocol has more') : 'the schema has more';
/** What the hub sends must be something the client knows; the client may know more exact types. */
type Sends<S extends Schema, P> = [P] extends [Value<S>] ? true : false;

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
  Sends<typeof deviceListReply, protocol.DeviceListReply>,
  Same<Value<typeof promptReply>, protocol.PromptReply>,
  Same<Value<typeof promptsReply>, protocol.PromptsReply>,
  Same<Value<typeof decisionReply>, protocol.DecisionReply>,
  Same<Value<typeof trustedBrowserListReply>, protocol.TrustedBrowserListReply>,
  Sends<typeof problem, protocol.Problem & { code: protocol.ProblemCode }>,
];

type Disagreements = Exclude<Agreements[number], true>;

describe('the schemas', () => {
  it('agree with the protocol of the SDK', () => {
    // Does not compile as soon as one of them differs.
    const disagreements: Disagreements[] = [];
    expect(disagreements).to.be.empty;
  });
});
