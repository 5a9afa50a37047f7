// What every handler answers with: the verification one rev further, unchanged, ended for ever, or further up the ladder.
import { allStepsOver, isUndeliverable, type Climb } from './escalation.ts';
import type { Answer, Effect, Outcome, Reach, TimelineEntry, WebhookEvent } from './events.ts';
import type {
  Approved,
  Canceled,
  Denied,
  Expired,
  Pending,
  Terminal,
  Timestamp,
  Undeliverable,
} from './verification.ts';

export const ok: Answer = { ok: true };

export const expiredAnswer: Answer = {
  ok: false,
  code: 'verification-expired',
  detail: 'This verification has expired. Start a new one.',
};

export function note(entry: TimelineEntry): Effect {
  return { type: 'note', entry };
}

export function advance(state: Pending, changes: Partial<Pending>, effects: Effect[], answer: Answer = ok): Outcome {
  const next: Pending = { ...state, ...changes, rev: state.rev + 1 };
  return { next, effects, dueAt: next.dueAt, answer };
}

export function same(state: Pending, answer: Answer, effects: Effect[] = []): Outcome {
  return { next: state, effects, dueAt: state.dueAt, answer };
}

type Ending =
  | Pick<Approved, 'status' | 'decision'>
  | Pick<Denied, 'status' | 'decision'>
  | Pick<Expired, 'status'>
  | Pick<Canceled, 'status' | 'canceledBy'>
  | Pick<Undeliverable, 'status'>;

/** Ends it for ever: the due time goes, unsent messages are dropped, everyone is told. */
export function end(
  state: Pending,
  ending: Ending,
  now: Timestamp,
  effects: Effect[] = [],
  answer: Answer = ok,
): Outcome {
  const { dueAt: _gone, ...rest } = state;
  const next: Terminal = { ...rest, ...ending, rev: state.rev + 1, endedAt: now };
  const event: WebhookEvent = `verification.${ending.status}`;
  const after: Effect[] = [
    note({ at: now, type: 'ended', status: ending.status, ...howEnded(ending) }),
    { type: 'drop-sends' },
    { type: 'webhook', event },
  ];
  if (state.promptable) after.push({ type: 'close' });
  return { next, effects: [...effects, ...after], dueAt: undefined, answer };
}

function howEnded(ending: Ending): Pick<TimelineEntry, 'method' | 'reason'> {
  if (ending.status === 'approved' || ending.status === 'denied') return { method: ending.decision.method };
  return ending.status === 'canceled' ? { reason: ending.canceledBy } : {};
}

/** Goes on with the climbed ladder, or ends as undeliverable when nobody is left. */
export function settle(
  state: Pending,
  climb: Climb,
  reach: Reach,
  now: Timestamp,
  changes: Partial<Pending> = {},
): Outcome {
  const climbed: Pending = { ...state, ...changes, delivery: climb.delivery, dueAt: climb.dueAt };
  if (isUndeliverable(climbed, reach)) return end(climbed, { status: 'undeliverable' }, now, climb.effects);
  const failedNow = allStepsOver(climb.delivery) && (state.rev === 0 || !allStepsOver(state.delivery));
  const effects: Effect[] = failedNow
    ? [...climb.effects, { type: 'webhook', event: 'verification.delivery_failed' }]
    : climb.effects;
  return advance(climbed, {}, effects);
}
