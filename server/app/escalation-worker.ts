// Knocks on verifications whose time has come: the next step, a check, or the deadline.
import { userKey } from '../ports/records.ts';
import type { DueClaim } from '../ports/store.ts';
import { change } from './change.ts';
import type { Context } from './context.ts';
import { connectedDevices, readReach, unreachable } from './reach.ts';
import { createWorkerLoop, type Worker } from './worker-loop.ts';

/** Law 4. A node that dies holds its claims no longer than this. */
const leaseMs = 2_000;

/** After this many claims that changed nothing, the step is passed over so that it holds up nobody (L8). */
const patience = 3;

export function createEscalationWorker(context: Context): Worker {
  return createWorkerLoop(context, {
    name: 'escalation',
    slots: 64,
    claim: async (limit) => {
      const { claims } = await context.store.claimDue({ limit, leaseMs });
      return claims.map((claim) => () => knock(context, claim));
    },
    nextAt: async () => {
      const { now, dueAt } = await context.store.nextWake();
      return { now, at: dueAt };
    },
  });
}

async function knock(context: Context, claim: DueClaim): Promise<void> {
  const { verificationId, fence, tries } = claim;
  const options = { claim: { verificationId, fence } };
  await change(
    context,
    verificationId,
    async (current, now) => {
      const { applicationId, userId } = current;
      if (current.status === 'pending') context.metrics.dueLate(Math.max(0, now - current.dueAt));
      if (tries > patience) return { type: 'due', reach: unreachable('provider-error', true), connected: [] };
      const [reach, connected] = await Promise.all([
        readReach(context, applicationId, userId, userKey(applicationId, userId)),
        connectedDevices(context, applicationId, userId),
      ]);
      return { type: 'due', reach, connected };
    },
    options,
  );
}
