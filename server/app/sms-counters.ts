// Counters that many write at once: on this node in turns, several to a write; between nodes by compare-and-set.
import { keepMs, type SmsCounter } from '../core/sms-counter.ts';
import type { Timestamp } from '../core/verification.ts';
import type { SmsCounterRecord } from '../ports/records.ts';
import { StoreUnavailableError, type Store } from '../ports/store.ts';

/** What becomes of a counter, and what its changer is told. `next` undefined: it stays as it was. */
export interface CounterChange<A> {
  next: SmsCounter | undefined;
  answer: A;
}

export type ChangeCounter<A> = (counter: SmsCounter | undefined, now: Timestamp) => CounterChange<A>;

export interface SmsCounters {
  /**
   * Answers once the change is stored. `make` is pure: it is asked again when somebody else was faster.
   * @throws StoreUnavailableError
   */
  change<A>(id: string, make: ChangeCounter<A>): Promise<A>;
}

/** One change that waits for its turn. */
interface Turn {
  /** The counter after it. */
  take(counter: SmsCounter | undefined, now: Timestamp): SmsCounter | undefined;
  tell(): void;
  fail(error: unknown): void;
}

/** Only other nodes are in the way, and each time one of them got something done. */
const attempts = 64;

export function createSmsCounters(store: Store): SmsCounters {
  const waiting = new Map<string, Turn[]>();

  const work = async (id: string): Promise<void> => {
    for (let turns = waiting.get(id) ?? []; turns.length > 0; turns = waiting.get(id) ?? []) {
      waiting.set(id, []);
      await takeTurns(store, id, turns);
    }
    waiting.delete(id);
  };

  return {
    change: (id, make) =>
      new Promise((resolve, reject) => {
        const turns = waiting.get(id);
        const turn = toTurn(make, resolve, reject);
        if (turns !== undefined) turns.push(turn);
        else {
          waiting.set(id, [turn]);
          void work(id);
        }
      }),
  };
}

function toTurn<A>(make: ChangeCounter<A>, resolve: (answer: A) => void, reject: (error: unknown) => void): Turn {
  let tell = (): void => {};
  return {
    take: (counter, now) => {
      const { next, answer } = make(counter, now);
      tell = () => resolve(answer);
      return next ?? counter;
    },
    tell: () => tell(),
    fail: reject,
  };
}

/** All of them in one write. Never rejects: each is told. */
async function takeTurns(store: Store, id: string, turns: readonly Turn[]): Promise<void> {
  try {
    await writeTurns(store, id, turns);
  } catch (error) {
    for (const turn of turns) turn.fail(error);
    return;
  }
  for (const turn of turns) turn.tell();
}

async function writeTurns(store: Store, id: string, turns: readonly Turn[]): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await store.read([{ kind: 'sms-counter', id }]);
    const [known] = records;
    let counter: SmsCounter | undefined = known;
    for (const turn of turns) counter = turn.take(counter, now);
    if (counter === undefined || counter === known) return;
    const record: SmsCounterRecord = { ...counter, id, rev: (known?.rev ?? 0) + 1 };
    const result = await store.commit({
      puts: [{ kind: 'sms-counter', record, forgetAt: now + keepMs[counter.scope] }],
    });
    if (result.ok) return;
  }
  throw new StoreUnavailableError('A counter kept changing under the write.');
}
