// Random lives through the use cases, as data: who the person is, what is asked, and what everybody does when.
import * as fc from 'fast-check';
import type { ChannelResult } from '../../server/core/events.ts';
import type { MatchingMode, StepName } from '../../server/core/verification.ts';
import type { DeliveryPreference } from '../../server/ports/records.ts';

export interface Persona {
  phones: 0 | 1 | 2;
  push: boolean;
  phoneNumber: boolean;
  delivery: DeliveryPreference;
}

export interface Asked {
  mode: MatchingMode;
  steps: StepName[];
  lifetimeSeconds: number;
  /** Shows the newest trust token of this person, when there is one. */
  trusts: boolean;
  stepUp: boolean;
}

type Which = 0 | 1;
export type WorkerName = 'escalation' | 'push' | 'sms' | 'webhook';

export type Move =
  | { kind: 'acknowledge'; phone: Which; via: 'socket' | 'http' }
  | {
      kind: 'decide';
      phone: Which;
      decision: 'approve' | 'deny' | 'report';
      number: 'right' | 'none' | 1 | 2 | 3;
      challenge: 'right' | 'wrong';
    }
  | { kind: 'code'; isRight: boolean }
  | { kind: 'resend'; step: StepName | undefined }
  | { kind: 'cancel'; by: 'relying-party' | 'browser' }
  | { kind: 'read' }
  | { kind: 'replay' }
  | { kind: 'work'; workers: WorkerName[] }
  | { kind: 'provider'; result: ChannelResult }
  | { kind: 'presence'; online: Which[] }
  | { kind: 'revoke'; phone: Which }
  | { kind: 'number'; has: boolean }
  | { kind: 'receipt'; outcome: 'delivered' | 'failed'; round: number | undefined };

/** Milliseconds to wait, or to a moment that matters and that many beside it. */
export type Wait = number | { to: 'due' | 'deadline' | 'resend'; beside: number };

export interface Turn {
  wait: Wait;
  /** All begin at the same instant. */
  moves: Move[];
  /** Makes the n-th commit of this turn fail, before or after it was written. */
  storeFails: { commit: number; when: 'before' | 'after' } | undefined;
}

export interface DrawnLife {
  persona: Persona;
  asked: Asked;
  turns: Turn[];
  /** Grants trust when it ends approved. */
  grants: boolean;
}

const which = fc.constantFrom<Which>(0, 1);
const oneIn = (n: number) => fc.nat(n - 1).map((drawn) => drawn === 0);
const stepNames: readonly StepName[] = ['socket', 'push', 'sms'];
const noStep = undefined;

const persona: fc.Arbitrary<Persona> = fc.record({
  phones: fc.constantFrom<Persona['phones']>(0, 1, 2, 2),
  push: fc.boolean(),
  phoneNumber: fc.nat(3).map((n) => n > 0),
  delivery: fc.constantFrom<DeliveryPreference>('push_then_sms', 'push_then_sms', 'push', 'sms', 'push_and_sms'),
});

const asked: fc.Arbitrary<Asked> = fc.record({
  mode: fc.constantFrom<MatchingMode>('none', 'choose', 'enter', 'qr'),
  steps: fc.oneof(
    { weight: 3, arbitrary: fc.constant<StepName[]>([...stepNames]) },
    { weight: 1, arbitrary: fc.subarray<StepName>([...stepNames], { minLength: 1 }) },
  ),
  lifetimeSeconds: fc.constantFrom(30, 300, 600),
  trusts: oneIn(3),
  stepUp: oneIn(6),
});

const results: readonly ChannelResult[] = [
  { kind: 'accepted', provider: 'simulated' },
  { kind: 'unreachable', outcome: 'not-sent', reason: 'refused' },
  { kind: 'unreachable', outcome: 'unknown', reason: 'timeout' },
  { kind: 'throttled', reason: '429', retryAfterMs: 2_000 },
  { kind: 'throttled', reason: '429', retryAfterMs: 60_000 },
  { kind: 'rejected', reason: 'bad-request' },
  { kind: 'rejected', reason: 'UNREGISTERED', recipientGone: true },
  { kind: 'rejected', reason: 'country', skip: 'country-not-allowed' },
];

const work: fc.Arbitrary<Move> = fc.record({
  kind: fc.constant('work' as const),
  workers: fc.oneof(
    fc.constant<WorkerName[]>(['escalation', 'push', 'sms', 'webhook']),
    fc.constant<WorkerName[]>(['escalation']),
    fc.subarray<WorkerName>(['escalation', 'push', 'sms', 'webhook'], { minLength: 1 }),
  ),
});

const decide: fc.Arbitrary<Move> = fc.record({
  kind: fc.constant('decide' as const),
  phone: which,
  decision: fc.constantFrom(
    'approve' as const,
    'approve' as const,
    'approve' as const,
    'deny' as const,
    'report' as const,
  ),
  number: fc.constantFrom<'right' | 'none' | 1 | 2 | 3>('right', 'none', 1, 1, 2, 2, 3),
  challenge: fc.constantFrom('right' as const, 'right' as const, 'right' as const, 'wrong' as const),
});

const code: fc.Arbitrary<Move> = fc.record({ kind: fc.constant('code' as const), isRight: oneIn(5) });

const resend: fc.Arbitrary<Move> = fc.record({
  kind: fc.constant('resend' as const),
  step: fc.constantFrom(noStep, noStep, 'sms' as const, 'push' as const),
});

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 8, arbitrary: work },
  { weight: 5, arbitrary: decide },
  { weight: 4, arbitrary: code },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('acknowledge' as const),
      phone: which,
      via: fc.constantFrom('socket' as const, 'http' as const),
    }),
  },
  { weight: 2, arbitrary: resend },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('provider' as const), result: fc.constantFrom(...results) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('presence' as const), online: fc.subarray<Which>([0, 1]) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('receipt' as const),
      outcome: fc.constantFrom('delivered' as const, 'failed' as const),
      round: fc.constantFrom(undefined, 1, 2),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Move>({ kind: 'read' }) },
  { weight: 1, arbitrary: fc.constant<Move>({ kind: 'replay' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), phone: which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('number' as const), has: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: oneIn(2).map((isPage): Move => ({ kind: 'cancel', by: isPage ? 'browser' : 'relying-party' })),
  },
);

const wait: fc.Arbitrary<Wait> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 500, 2_001, 12_001) },
  { weight: 4, arbitrary: fc.record({ to: fc.constant('due' as const), beside: fc.constantFrom(-1, 0, 1, 900) }) },
  { weight: 1, arbitrary: fc.record({ to: fc.constant('resend' as const), beside: fc.constantFrom(-1, 0) }) },
  { weight: 1, arbitrary: fc.record({ to: fc.constant('deadline' as const), beside: fc.constantFrom(-1, 0, 1) }) },
);

const turn: fc.Arbitrary<Turn> = fc.record({
  wait,
  moves: fc.oneof(
    { weight: 6, arbitrary: fc.array(move, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(move, { minLength: 2, maxLength: 4 }) },
  ),
  storeFails: fc.option(
    fc.record({
      commit: fc.integer({ min: 1, max: 2 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
    { freq: 12, nil: undefined },
  ),
});

const wrongAnswer: fc.Arbitrary<Move> = fc.record({
  kind: fc.constant('decide' as const),
  phone: which,
  decision: fc.constant('approve' as const),
  number: fc.constantFrom<1 | 2 | 3>(1, 2, 3),
  challenge: fc.constant('right' as const),
});

/** Somebody who keeps guessing codes or numbers, one after the other or many at once. */
const guessing: fc.Arbitrary<Turn[]> = fc
  .record({ guess: fc.constantFrom(code, wrongAnswer), guesses: fc.integer({ min: 2, max: 7 }), isStorm: fc.boolean() })
  .chain(({ guess, guesses, isStorm }) =>
    fc.tuple(fc.array(guess, { minLength: guesses, maxLength: guesses }), fc.constant(isStorm)),
  )
  .map(([moves, isStorm]) => (isStorm ? [moves] : moves.map((one) => [one])).map((together) => calm(1, together)));

/** Somebody who has it sent again as soon as that is allowed, until it is not any more. */
const insisting: fc.Arbitrary<Turn[]> = fc
  .array(resend, { minLength: 2, maxLength: 5 })
  .map((moves) =>
    moves.map((one) => calm({ to: 'resend', beside: 0 }, [one, { kind: 'work', workers: ['push', 'sms'] }])),
  );

const everyWorker: Move = { kind: 'work', workers: ['escalation', 'push', 'sms', 'webhook'] };

/** Providers that answer so for a while, and workers that come by whenever there is something to do. */
const troubled: fc.Arbitrary<Turn[]> = fc
  .record({ result: fc.constantFrom(...results), visits: fc.integer({ min: 1, max: 4 }) })
  .map(({ result, visits }) => [
    calm(0, [{ kind: 'provider', result }]),
    calm({ to: 'due', beside: 0 }, [everyWorker]),
    ...Array.from({ length: visits }, () => calm(1_001, [everyWorker])),
  ]);

function calm(pause: Wait, moves: Move[]): Turn {
  return { wait: pause, moves, storeFails: undefined };
}

export const lifeArbitrary: fc.Arbitrary<DrawnLife> = fc.record({
  persona,
  asked,
  turns: fc
    .array(
      fc.oneof(
        { weight: 16, arbitrary: turn.map((one) => [one]) },
        { weight: 2, arbitrary: guessing },
        { weight: 1, arbitrary: insisting },
        { weight: 1, arbitrary: troubled },
      ),
      { minLength: 1, maxLength: 7 },
    )
    .map((turns) => turns.flat()),
  grants: oneIn(2),
});
