// One suite for every store: what server/ports/store.ts promises, verb by verb.
import type { OpenFixture } from './store/fixture.ts';
import { describeClosing } from './store/closing.ts';
import { describeCommit } from './store/commit.ts';
import { describeConflicts } from './store/conflicts.ts';
import { describeConcurrency } from './store/concurrency.ts';
import { describeDeadLetters } from './store/dead-letters.ts';
import { describeDue } from './store/due.ts';
import { describeList } from './store/list.ts';
import { describeOutbox } from './store/outbox.ts';
import { describeSettling } from './store/settling.ts';
import { describeSweep } from './store/sweep.ts';

/** @param open called once per test; each answer is used by that test alone */
export function describeStore(name: string, open: OpenFixture): void {
  describe(`the store port on ${name}`, () => {
    describeCommit(open);
    describeConflicts(open);
    describeList(open);
    describeDue(open);
    describeOutbox(open);
    describeSettling(open);
    describeDeadLetters(open);
    describeSweep(open);
    describeConcurrency(open);
    describeClosing(open);
  });
}
