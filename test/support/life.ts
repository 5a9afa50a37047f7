// One verification's life against the pure core, told in few words: what is knocked, when, and what came of it.
import { decide } from '../../server/core/transitions.ts';
import type { ChannelResult, CommandOf, Outcome, Reach, WebhookEvent } from '../../server/core/events.ts';
import { stepOf, type Facts, type Step, type StepName, type StepReason } from '../../server/core/verification.ts';

/** When every life begins. Times in tests are milliseconds after it. */
export const birth = 1_800_000_000_000;

export const accepted = { kind: 'accepted', provider: 'simulated', providerId: 'm1' } satisfies ChannelResult;
export const refused = { kind: 'rejected', reason: 'bad-request' } satisfies ChannelResult;
export const timedOut = { kind: 'unreachable', outcome: 'unknown', reason: 'timeout' } satisfies ChannelResult;
export const notSent = { kind: 'unreachable', outcome: 'not-sent', reason: 'refused' } satisfies ChannelResult;

/** Everybody can be reached, but for what is named otherwise. */
export function reach(over: Partial<Reach> = {}): Reach {
  return {
    socket: { targets: ['dev_a'] },
    push: { targets: ['dev_a'] },
    sms: { targets: ['phone'] },
    enrolled: true,
    ...over,
  };
}

/** No device at all, and no phone number. */
export const nobody: Reach = {
  socket: { skip: 'no-device-online' },
  push: { skip: 'no-push-token' },
  sms: { skip: 'no-phone-number' },
  enrolled: false,
};

export function facts(over: Partial<Facts> = {}): Facts {
  return {
    id: 'ver_1',
    applicationId: 'app_1',
    applicationName: 'Example Bank',
    userId: 'alice',
    action: 'Sign in',
    details: [],
    context: {},
    matching: { mode: 'enter', number: '42', digits: 2 },
    challenge: 'challenge',
    codeSalt: 'salt',
    plan: 'escalate',
    promptable: true,
    waits: { socketMs: 3_000, pushMs: 10_000, answerMs: 60_000 },
    createdAt: birth,
    expiresAt: birth + 300_000,
    ...over,
  };
}

type Knock = Exclude<Parameters<typeof decide>[1], { type: 'create' }>;

interface Begin {
  facts?: Partial<Facts>;
  steps?: CommandOf<'create'>['steps'];
  reach?: Partial<Reach>;
  trustedBrowserId?: string;
}

export type Life = ReturnType<typeof begin>;

/** A verification is created; the answer knocks on it, at the time that `at` has set. */
export function begin(given: Begin = {}) {
  const names: StepName[] = ['socket', 'push', 'sms'];
  const create: CommandOf<'create'> = {
    type: 'create',
    facts: facts(given.facts),
    steps: given.steps ?? names.map((step) => ({ step })),
    reach: reach(given.reach),
    ...(given.trustedBrowserId === undefined ? {} : { trustedBrowserId: given.trustedBrowserId }),
  };
  let now = birth;
  let last: Outcome = decide(undefined, create, now);

  const knock = (command: Knock): Outcome => {
    last = decide(last.next, command, now);
    return last;
  };
  const life = {
    get state() {
      return last.next;
    },
    get answer() {
      return last.answer;
    },
    get effects() {
      return last.effects;
    },
    /** Milliseconds after birth. */
    get dueAt() {
      return last.dueAt === undefined ? undefined : last.dueAt - birth;
    },
    knock,
    at: (ms: number) => {
      now = birth + ms;
      return life;
    },
    due: (over: Partial<Reach> = {}, connected: string[] = []) => knock({ type: 'due', reach: reach(over), connected }),
    acknowledge: (deviceId = 'dev_a', via: 'socket' | 'http' = 'socket') =>
      knock({ type: 'acknowledge', deviceId, via }),
    decide: (over: Partial<CommandOf<'decide'>> = {}) => knock({ ...approval, ...over }),
    code: (matches: boolean) => knock({ type: 'submit-code', matches }),
    cancel: () => knock({ type: 'cancel', by: 'browser' }),
    resend: (step?: StepName, over: Partial<Reach> = {}) =>
      knock({ type: 'resend', reach: reach(over), ...(step === undefined ? {} : { step }) }),
    attempted: (step: 'push' | 'sms', result: ChannelResult, over: Partial<CommandOf<'delivery-outcome'>> = {}) =>
      knock({
        ...attempt,
        target: step === 'sms' ? 'phone' : 'dev_a',
        step,
        result,
        round: life.step(step).round,
        ...over,
      }),
    receipt: (outcome: 'delivered' | 'failed', over: Partial<CommandOf<'receipt'>> = {}) =>
      knock({ type: 'receipt', step: 'sms', outcome, provider: 'simulated', reach: reach(), ...over }),
    step: (name: StepName): Step => {
      const step = stepOf(last.next, name);
      if (step === undefined) throw new Error(`it has no step ${name}`);
      return step;
    },
    /** Each step as `status` or `status: reason`. */
    delivery: (): Record<string, string> =>
      Object.fromEntries(last.next.delivery.map((step) => [step.step, told(step)])),
    sends: () => last.effects.flatMap((effect) => (effect.type === 'send' ? [effect] : [])),
    webhooks: (): WebhookEvent[] => last.effects.flatMap((effect) => (effect.type === 'webhook' ? [effect.event] : [])),
    has: (type: 'prompt' | 'close' | 'drop-sends') => last.effects.some((effect) => effect.type === type),
    notes: () => last.effects.flatMap((effect) => (effect.type === 'note' ? [effect.entry] : [])),
  };
  return life;
}

const approval: CommandOf<'decide'> = {
  type: 'decide',
  deviceId: 'dev_a',
  challenge: 'challenge',
  decision: 'approve',
  number: '42',
  evidence: 'jws',
};

const attempt = { type: 'delivery-outcome', latencyMs: 40, jitter: 0.5, reach: reach() } as const;

function told({ status, reason }: { status: string; reason?: StepReason }): string {
  return reason === undefined ? status : `${status}: ${reason}`;
}

/** Without its number: what a deny or report is signed over. */
export function unnumbered(over: Partial<CommandOf<'decide'>>): CommandOf<'decide'> {
  const { number: _left, ...rest } = approval;
  return { ...rest, ...over };
}

/** A life that has come to a step: nobody acknowledged the ones before. */
export function beginAt(step: StepName, given: Begin = {}): Life {
  const life = begin(given);
  if (step !== 'socket') life.at(3_000).due();
  if (step === 'sms') life.at(13_000).due();
  return life;
}
