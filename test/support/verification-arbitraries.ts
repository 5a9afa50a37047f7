// Random verifications and random commands for the state machine's property tests.
import * as fc from 'fast-check';
import type { ChannelResult, Command, CommandOf, Reach, StepReach } from '../../server/core/events.ts';
import type {
  Facts,
  MatchingMode,
  StepName,
  StepReason,
  Timestamp,
  Verification,
} from '../../server/core/verification.ts';

export const start: Timestamp = 1_800_000_000_000;
export const rightNumber = '42';
const devices = ['dev_a', 'dev_b'] as const;
const stepNames: readonly StepName[] = ['socket', 'push', 'sms'];

function targetsOr(targets: string[], skip: StepReason): fc.Arbitrary<StepReach> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<StepReach>({ targets }) },
    { weight: 1, arbitrary: fc.constant<StepReach>({ skip }) },
  );
}

export const reachArbitrary: fc.Arbitrary<Reach> = fc.record({
  socket: targetsOr(['dev_a'], 'no-device-online'),
  push: fc.oneof(targetsOr(['dev_a'], 'no-push-token'), targetsOr(['dev_a', 'dev_b'], 'not-configured')),
  sms: targetsOr(['phone'], 'no-phone-number'),
  enrolled: fc.boolean(),
});

const matchingArbitrary = fc
  .constantFrom<MatchingMode>('none', 'choose', 'enter', 'qr')
  .map((mode): Facts['matching'] => {
    if (mode === 'none') return { mode };
    if (mode === 'choose') return { mode, number: rightNumber, choices: ['17', rightNumber, '99'] };
    return mode === 'enter' ? { mode, number: rightNumber, digits: 2 } : { mode, number: rightNumber };
  });

export const createArbitrary: fc.Arbitrary<CommandOf<'create'>> = fc
  .record({
    matching: matchingArbitrary,
    plan: fc.constantFrom('escalate' as const, 'all-at-once' as const),
    steps: fc.subarray([...stepNames], { minLength: 1 }),
    excluded: fc.subarray([...stepNames], { maxLength: 2 }),
    lifetimeMs: fc.constantFrom(30_000, 300_000, 600_000),
    reach: reachArbitrary,
    trusted: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    id: fc.uuid(),
  })
  .map(({ matching, plan, steps, excluded, lifetimeMs, reach, trusted, id }) => ({
    type: 'create',
    facts: {
      id: `ver_${id.replaceAll('-', '')}00`,
      applicationId: 'app_1',
      applicationName: 'Bank',
      userId: 'alice',
      action: 'Sign in',
      details: [],
      context: {},
      matching,
      challenge: 'challenge',
      codeSalt: 'salt',
      plan,
      promptable: steps.some((step) => step !== 'sms'),
      waits: { socketMs: 3_000, pushMs: 10_000, answerMs: 60_000 },
      createdAt: start,
      expiresAt: start + lifetimeMs,
    },
    steps: steps.map((step) => (excluded.includes(step) ? { step, skip: 'preference' as const } : { step })),
    reach,
    ...(trusted ? { trustedBrowserId: 'tru_1' } : {}),
  }));

const resultArbitrary: fc.Arbitrary<ChannelResult> = fc.oneof(
  fc.constant<ChannelResult>({ kind: 'accepted', provider: 'simulated', providerId: 'm1' }),
  fc.constantFrom<ChannelResult>(
    { kind: 'unreachable', outcome: 'not-sent', reason: 'refused' },
    { kind: 'unreachable', outcome: 'unknown', reason: 'timeout' },
    { kind: 'throttled', reason: '429', retryAfterMs: 2_000 },
    { kind: 'throttled', reason: '429' },
    { kind: 'rejected', reason: 'bad-token', recipientGone: true },
    { kind: 'rejected', reason: 'country', skip: 'country-not-allowed' },
  ),
);

/** A command as it is drawn; some of its fields depend on the verification it meets. */
export type Knock = Exclude<Command, { type: 'create' }>;
export type DrawnKnock = (state: Verification) => Knock;

const decideArbitrary: fc.Arbitrary<DrawnKnock> = fc
  .record({
    deviceId: fc.constantFrom(...devices),
    challenge: fc.constantFrom('challenge', 'challenge', 'challenge', 'other'),
    decision: fc.constantFrom(
      'approve' as const,
      'approve' as const,
      'approve' as const,
      'deny' as const,
      'report' as const,
    ),
    number: fc.constantFrom(rightNumber, '11', '12', '13', undefined),
  })
  .map(({ number, ...rest }) => () => ({
    type: 'decide',
    evidence: `jws:${rest.decision}:${number ?? ''}`,
    ...rest,
    ...(number === undefined ? {} : { number }),
  }));

const outcomeArbitrary: fc.Arbitrary<DrawnKnock> = fc
  .record({
    step: fc.constantFrom('push' as const, 'sms' as const),
    isStale: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    target: fc.constantFrom('dev_a', 'dev_b', 'phone'),
    result: resultArbitrary,
    latencyMs: fc.nat(5_000),
    jitter: fc.double({ min: 0, max: 0.999, noNaN: true }),
    reach: reachArbitrary,
  })
  .map(({ isStale, ...rest }) => (state) => {
    const round = state.delivery.find((step) => step.step === rest.step)?.round ?? 0;
    return { type: 'delivery-outcome', ...rest, round: isStale ? round + 7 : round };
  });

const plain = <T extends object>(arbitrary: fc.Arbitrary<T & Knock>): fc.Arbitrary<DrawnKnock> =>
  arbitrary.map((knock) => () => knock);

export const knockArbitrary: fc.Arbitrary<DrawnKnock> = fc.oneof(
  { weight: 3, arbitrary: decideArbitrary },
  { weight: 3, arbitrary: outcomeArbitrary },
  plain(
    fc.record({
      type: fc.constant('acknowledge' as const),
      deviceId: fc.constantFrom(...devices),
      via: fc.constantFrom('socket' as const, 'http' as const),
    }),
  ),
  {
    weight: 2,
    arbitrary: plain(
      fc.record({
        type: fc.constant('submit-code' as const),
        matches: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      }),
    ),
  },
  plain(
    fc
      .record({
        step: fc.constantFrom(undefined, 'socket' as const, 'push' as const, 'sms' as const),
        reach: reachArbitrary,
      })
      .map(({ step, reach }) => ({ type: 'resend' as const, reach, ...(step === undefined ? {} : { step }) })),
  ),
  plain(
    fc.record({
      type: fc.constant('cancel' as const),
      by: fc.constantFrom('relying-party' as const, 'browser' as const),
    }),
  ),
  {
    weight: 4,
    arbitrary: plain(
      fc.record({ type: fc.constant('due' as const), reach: reachArbitrary, connected: fc.subarray([...devices]) }),
    ),
  },
  plain(
    fc.record({
      type: fc.constant('receipt' as const),
      step: fc.constant('sms' as const),
      outcome: fc.constantFrom('delivered' as const, 'failed' as const),
      provider: fc.constant('simulated'),
      reach: reachArbitrary,
    }),
  ),
);

/** How far the clock moves before a command: often to the very moment that matters, or one millisecond beside it. */
export type Wait = (state: Verification, now: Timestamp) => Timestamp;
export const waitArbitrary: fc.Arbitrary<Wait> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(0, 1, 400, 3_000, 31_000).map(
      (ms): Wait =>
        (_state, now) =>
          now + ms,
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(-1, 0, 1, 900).map(
      (ms): Wait =>
        (state, now) =>
          Math.max(now, (state.status === 'pending' ? state.dueAt : now) + ms),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-1, 0, 1).map(
      (ms): Wait =>
        (state, now) =>
          Math.max(now, state.expiresAt + ms),
    ),
  },
);

export interface Turn {
  wait: Wait;
  knock: DrawnKnock;
}
/** Somebody who keeps guessing codes once one was sent by SMS. */
const guessingArbitrary: fc.Arbitrary<Turn[]> = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.nat(8))
  .map(([guesses, rightAt]) =>
    Array.from({ length: guesses }, (_, index) => ({
      wait: (_state: Verification, now: Timestamp) => now + 1,
      knock: (): Knock => ({ type: 'submit-code', matches: index === rightAt }),
    })),
  );

const turnArbitrary: fc.Arbitrary<Turn[]> = fc
  .record({ wait: waitArbitrary, knock: knockArbitrary })
  .map((turn) => [turn]);

export const turnsArbitrary: fc.Arbitrary<Turn[]> = fc
  .array(fc.oneof({ weight: 9, arbitrary: turnArbitrary }, { weight: 1, arbitrary: guessingArbitrary }), {
    minLength: 1,
    maxLength: 24,
  })
  .map((turns) => turns.flat());
