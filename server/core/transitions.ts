// The state machine: decide(state, command, now) → {next, effects, dueAt, answer}; every state × command cell stands in one table.
import type { Answer, Command, CommandOf, CommandType, Outcome, TimelineEntry } from './events.ts';
import { expiredAnswer } from './outcomes.ts';
import * as delivery from './pending-delivery.ts';
import * as pending from './pending.ts';
import {
  dueAtOf,
  type Pending,
  type Status,
  type Terminal,
  type Timestamp,
  type Verification,
} from './verification.ts';

/** What one cell does, which states it may lead to, and how the table of the README words it. */
interface Cell<S, C extends Command> {
  /** States the verification may be in afterwards; empty: the command is refused or changes nothing. */
  readonly to: readonly Status[];
  readonly text: string;
  run(this: void, state: S, command: C, now: Timestamp): Outcome;
}

type Row<S> = { readonly [T in Exclude<CommandType, 'create'>]: Cell<S, CommandOf<T>> };

function unchanged(state: Verification, answer: Answer, entry?: TimelineEntry): Outcome {
  return { next: state, effects: entry === undefined ? [] : [{ type: 'note', entry }], dueAt: dueAtOf(state), answer };
}

function told(state: Terminal): Answer {
  if (state.status === 'expired') {
    return { ok: false, code: 'verification-expired', detail: 'This verification has expired. Start a new one.' };
  }
  return { ok: false, code: 'already-decided', detail: `This verification has already ended: ${state.status}.` };
}

const refuse = {
  to: [],
  text: 'refused: already decided',
  run: (state: Terminal) => unchanged(state, told(state)),
} as const;

const gone = { ...refuse, text: 'refused: expired' } as const;

const silence = {
  to: [],
  text: 'nothing: terminal is final',
  run: (state: Terminal) => unchanged(state, { ok: true }),
} as const;

const noteOutcome = {
  to: [],
  text: 'noted in the timeline only',
  run: (state: Terminal, command: CommandOf<'delivery-outcome'>, now: Timestamp) =>
    unchanged(state, { ok: true }, delivery.attemptEntry(state, command, now)),
} as const;

const noteReceipt = {
  to: [],
  text: 'noted in the timeline only',
  run: (state: Terminal, command: CommandOf<'receipt'>, now: Timestamp) =>
    unchanged(state, { ok: true }, delivery.receiptEntry(command, now)),
} as const;

const repeatAnswer = {
  to: [],
  text: 'same answer told again; others refused: already decided',
  run: (state: Terminal, command: CommandOf<'decide'>, now: Timestamp) => {
    if (now >= state.expiresAt) return unchanged(state, expiredAnswer);
    return unchanged(state, pending.repeatedAnswer(state, command) ?? told(state));
  },
} as const;

const ended: Row<Terminal> = {
  acknowledge: silence,
  decide: repeatAnswer,
  'submit-code': refuse,
  resend: refuse,
  cancel: refuse,
  due: silence,
  'delivery-outcome': noteOutcome,
  receipt: noteReceipt,
};

/** Every state × command cell. `create` has its own row: it starts from nothing. */
export const table: { readonly pending: Row<Pending> } & { readonly [S in Terminal['status']]: Row<Terminal> } = {
  pending: {
    acknowledge: { to: ['pending'], text: 'acknowledged; escalation stops', run: pending.acknowledge },
    decide: {
      to: ['approved', 'denied', 'pending'],
      text: 'approved; denied; or wrong number counted',
      run: pending.decideByDevice,
    },
    'submit-code': { to: ['approved', 'pending'], text: 'approved; or wrong code counted', run: pending.submitCode },
    resend: { to: ['pending'], text: 'current step again, or straight to SMS', run: delivery.resend },
    cancel: { to: ['canceled'], text: 'canceled', run: pending.cancel },
    due: {
      to: ['pending', 'undeliverable', 'expired'],
      text: 'next step; nobody left; or deadline',
      run: delivery.due,
    },
    'delivery-outcome': {
      to: ['pending', 'undeliverable'],
      text: 'accepted, retried, or failed and next step',
      run: delivery.deliveryOutcome,
    },
    receipt: { to: ['pending', 'undeliverable'], text: 'delivered; or failed', run: delivery.receipt },
  },
  approved: ended,
  denied: ended,
  expired: { ...ended, decide: { ...repeatAnswer, ...gone }, 'submit-code': gone, resend: gone, cancel: gone },
  canceled: { ...ended, cancel: { ...silence, text: 'same answer told again' } },
  undeliverable: ended,
};

/** The row of a verification that does not exist yet. */
export const createCell: Cell<undefined, CommandOf<'create'>> = {
  to: ['pending', 'approved', 'undeliverable'],
  text: 'first step starts; a trusted browser approves at once; nobody to reach ends it',
  run: (_state, command, now) => pending.create(command, now),
};

/** What one command does to one verification. Pure: the caller commits `next` with `dueAt` and the effects in one write. */
export function decide(state: undefined, command: CommandOf<'create'>, now: Timestamp): Outcome;
export function decide(state: Verification, command: Exclude<Command, { type: 'create' }>, now: Timestamp): Outcome;
export function decide(state: Verification | undefined, command: Command, now: Timestamp): Outcome {
  if (command.type === 'create') return createCell.run(undefined, command, now);
  if (state === undefined) throw new TypeError(`${command.type} needs a verification`);
  if (state.status !== 'pending')
    return runCell<Terminal, typeof command.type>(table[state.status], state, command.type, command, now);
  // Whoever knocks at or after the deadline finds it expired, whether or not a timer has run (law 3).
  if (now >= state.expiresAt) return pending.expire(state, command, now);
  return runCell<Pending, typeof command.type>(table.pending, state, command.type, command, now);
}

function runCell<S, T extends keyof Row<S>>(
  row: Row<S>,
  state: S,
  type: T,
  command: CommandOf<T>,
  now: Timestamp,
): Outcome {
  return row[type].run(state, command, now);
}
