// A store that fails at the call a test chooses: before it does anything, or after it has done it and before it answers.
import { StoreUnavailableError, type Store } from '../../server/ports/store.ts';

type Verb = keyof Store;

export interface FailingStore {
  wrap(store: Store): Store;
  /** Makes the n-th call from now on fail, counted from 1. `verbs`: which calls count; default all. */
  failAt(call: number, when: 'before' | 'after', verbs?: readonly Verb[]): void;
  /** From now on nothing fails. Answers whether the chosen call was made. */
  heal(): boolean;
}

export function createFailingStore(): FailingStore {
  let left = 0;
  let when: 'before' | 'after' = 'before';
  let counted: readonly Verb[] | undefined;
  let hasFailed = false;

  const isChosen = (verb: Verb): boolean => {
    if (left === 0 || (counted !== undefined && !counted.includes(verb))) return false;
    left -= 1;
    hasFailed ||= left === 0;
    return left === 0;
  };

  const guarded =
    <A extends unknown[], T>(verb: Verb, call: (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> => {
      const fails = isChosen(verb);
      if (fails && when === 'before') throw new StoreUnavailableError(`${verb} failed before it did anything`);
      const answer = await call(...given);
      if (fails) throw new StoreUnavailableError(`${verb} did its work and its answer was lost`);
      return answer;
    };

  return {
    wrap: (store) => ({
      // Generic verbs keep their types by being called, not passed.
      read: async (refs) => {
        const fails = isChosen('read');
        if (fails) throw new StoreUnavailableError('read failed');
        return store.read(refs);
      },
      list: async (query) => {
        const fails = isChosen('list');
        if (fails) throw new StoreUnavailableError('list failed');
        return store.list(query);
      },
      commit: guarded('commit', store.commit),
      timeline: guarded('timeline', store.timeline),
      claimDue: guarded('claimDue', store.claimDue),
      claimOutbox: guarded('claimOutbox', store.claimOutbox),
      release: guarded('release', store.release),
      nextWake: guarded('nextWake', store.nextWake),
      sweep: guarded('sweep', store.sweep),
      check: guarded('check', store.check),
      close: store.close,
    }),
    failAt: (call, moment, verbs) => {
      left = call;
      when = moment;
      counted = verbs;
      hasFailed = false;
    },
    heal: () => {
      left = 0;
      return hasFailed;
    },
  };
}
