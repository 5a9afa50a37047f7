// Group commit: what is submitted in one turn of the event loop shares one transaction, and one sync of the disk.
import type { DatabaseSync } from 'node:sqlite';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Logger } from '../../ports/runtime.ts';
import { asStoreError } from './errors.ts';

/** What a piece of work answers, and whether what it wrote is kept. */
export interface Outcome<T> {
  keep: boolean;
  answer: T;
}

export interface GroupCommit {
  /** Runs `work` inside the next transaction, and answers once that is durable. Nothing is seen of it before. */
  submit<T>(work: () => Outcome<T>): Promise<T>;
  /** Commits what waits, at once. */
  flush(): void;
}

interface Job {
  /** Runs the work; afterwards `tell` is called if the transaction was committed. */
  run(): { keep: boolean; tell: () => void };
  fail(error: Error): void;
}

/** More than this in one transaction would hold up sockets; the rest goes into the next turn. */
const maxJobs = 256;

export function createGroupCommit(db: DatabaseSync, logger?: Logger): GroupCommit {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const savepoint = db.prepare('SAVEPOINT job');
  const undo = db.prepare('ROLLBACK TO job');
  const release = db.prepare('RELEASE job');
  let queue: Job[] = [];

  /** Each job in its own savepoint: one that is refused or fails changes nothing, and does not hurt its neighbours. */
  const runJob = (job: Job): (() => void) => {
    savepoint.run();
    try {
      const { keep, tell } = job.run();
      if (!keep) undo.run();
      release.run();
      return tell;
    } catch (error) {
      if (!db.isTransaction) throw error;
      undo.run();
      release.run();
      return () => job.fail(asStoreError(error));
    }
  };

  const failAll = (jobs: readonly Job[], error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error);
    logger?.error({ reason, jobs: jobs.length }, 'the embedded store could not commit');
    const failure = new StoreUnavailableError(`The embedded store could not commit: ${reason}.`, { cause: error });
    for (const job of jobs) job.fail(failure);
  };

  const transact = (jobs: readonly Job[]): void => {
    let tells: (() => void)[] = [];
    let ran = 0;
    try {
      begin.run();
      tells = jobs.map((job) => {
        ran += 1;
        return runJob(job);
      });
      commit.run();
    } catch (error) {
      const endedByOne = ran > 0 && !db.isTransaction && tells.length === 0;
      rollBack(db);
      // A full file makes SQLite end the whole transaction at the job that asked for more (lang_transaction.html, section 3).
      // The others may well fit: one by one, so that deciding goes on where creating cannot.
      if (endedByOne && jobs.length > 1) for (const job of jobs) transact([job]);
      else failAll(jobs, error);
      return;
    }
    for (const tell of tells) tell();
  };

  const turn = (): void => {
    const jobs = queue.slice(0, maxJobs);
    queue = queue.slice(maxJobs);
    // setImmediate comes after all I/O callbacks of this turn: commits of all requests that arrived together meet here.
    if (queue.length > 0) setImmediate(turn);
    if (jobs.length > 0) transact(jobs);
  };

  return {
    submit: (work) =>
      new Promise((resolve, reject) => {
        if (queue.length === 0) setImmediate(turn);
        queue.push({
          run: () => {
            const { keep, answer } = work();
            return { keep, tell: () => resolve(answer) };
          },
          fail: reject,
        });
      }),
    flush: () => {
      while (queue.length > 0) turn();
    },
  };
}

function rollBack(db: DatabaseSync): void {
  if (!db.isTransaction) return;
  try {
    db.exec('ROLLBACK');
  } catch {
    // Nothing is left to undo; the next BEGIN tells whether the file works again.
  }
}
