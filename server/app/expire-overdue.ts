// Nobody reads `pending` after the deadline (contract section 3): who finds one that no worker has ended yet ends it.
import { isPending, type Timestamp, type Verification } from '../core/verification.ts';
import { change } from './change.ts';
import type { Context } from './context.ts';
import { nobody, readReach } from './reach.ts';

interface Read {
  verification: Verification;
  now: Timestamp;
}

/** What was read, or how it ended. Undefined: it is gone. */
export async function expireOverdue(context: Context, read: Read): Promise<Read | undefined> {
  if (!isPending(read.verification) || read.now < read.verification.expiresAt) return read;
  const changed = await change(context, read.verification.id, async (current, now) => ({
    type: 'due',
    // A clock that was set back between the two reads finds a verification whose steps go on.
    reach: now >= current.expiresAt ? nobody : await readReach(context, current),
    connected: [],
  }));
  return changed === undefined ? undefined : { verification: changed.verification, now: changed.now };
}
