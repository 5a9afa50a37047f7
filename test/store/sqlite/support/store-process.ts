// A process that holds a store and does as it is told on its input: what a test kills, starves or locks out.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createSqliteStore } from '../../../../server/store/sqlite/sqlite-store.ts';
import { createSystemClock } from '../../../../server/telemetry/clock.ts';
import type { Store } from '../../../../server/ports/store.ts';
import {
  expiredOf,
  laterOf,
  mustCommit,
  pendingOf,
  pushOf,
  putOf,
  someUser,
  webhookOf,
} from '../../../contract/store/fixture.ts';
import { deviceOf } from '../../../contract/store/fixture.ts';

/** Synchronous: a line that was written is in the pipe, whatever happens to this process next. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function openOrSay(file: string): Store | undefined {
  try {
    return createSqliteStore({ file, clock: createSystemClock() });
  } catch (error) {
    say(`refused ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
    return undefined;
  }
}

/** A verification's whole life in three commits, each with its timeline and messages; each is said once it is answered. */
async function live(store: Store): Promise<void> {
  const now = Date.now();
  const first = pendingOf(someUser(), now);
  const second = laterOf(first);
  const timeline = { verificationId: first.id, entries: [{ at: now, type: 'step' as const }] };
  await mustCommit(store, { puts: [putOf(first)], timeline, enqueue: [pushOf(first, 'phone')] });
  say(`${first.id} 1`);
  await mustCommit(store, { puts: [putOf(second)], timeline, before: now + 60_000 });
  say(`${first.id} 2`);
  await mustCommit(store, {
    puts: [putOf(expiredOf(second))],
    timeline,
    dropSends: first.id,
    enqueue: [webhookOf(first, 'ended')],
  });
  say(`${first.id} 3`);
}

/** Commits `count` devices in one turn, and says how each ended. */
async function commitAtOnce(store: Store, count: number): Promise<void> {
  const devices = Array.from({ length: count }, () => deviceOf(someUser(), { name: 'x'.repeat(2_000) }));
  const outcomes = await Promise.allSettled(
    devices.map((record) => store.commit({ puts: [{ kind: 'device', record }] })),
  );
  const taken = devices.filter((_, i) => outcomes[i]?.status === 'fulfilled').map(({ id }) => id);
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
  say(JSON.stringify({ taken, errors }));
}

async function liveForEver(store: Store): Promise<never> {
  for (;;) await live(store);
}

async function obey(store: Store, [command, count]: string[]): Promise<void> {
  if (command === 'live') await Promise.race(Array.from({ length: Number(count) }, () => liveForEver(store)));
  if (command === 'commit') await commitAtOnce(store, Number(count));
  if (command === 'check') {
    say(
      await store.check().then(
        () => 'works',
        (error: unknown) => String(error),
      ),
    );
  }
}

const store = openOrSay(process.argv[2] ?? '');
if (store !== undefined) {
  say('open');
  for await (const line of createInterface({ input: process.stdin })) await obey(store, line.split(' '));
  await store.close();
}
