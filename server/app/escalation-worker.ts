// Knocks on verifications whose time has come: the next step, a check, or the deadline.
import type { DueClaim } from '../ports/store.ts';
import { change } from './change.ts';
import type { Context } from './context.ts';
import { connectedDevices, nobody, readReach, readReachDespiteDamage } from './reach.ts';
import { createWorkerLoop, type Worker } from './worker-loop.ts';

/** Law 4. A node that dies holds its claims no longer than this. */
const leaseMs = 2_000;

/** After this many claims that changed nothing, a step whose recipients cannot be read is passed over (L8). */
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
      context.metrics.nextWorkSeen('verifications', now, dueAt);
      return { now, at: dueAt };
    },
  });
}

async function knock(context: Context, claim: DueClaim): Promise<void> {
  const { verificationId, fence, tries } = claim;
  const read = tries > patience ? readReachDespiteDamage : readReach;
  await change(
    context,
    verificationId,
    async (current, now) => {
      const { applicationId, userId, expiresAt } = current;
      if (current.status === 'pending') context.metrics.dueLate(Math.max(0, now - current.dueAt));
      if (now >= expiresAt) return { type: 'due', reach: nobody, connected: [] };
      const [reach, connected] = await Promise.all([
        read(context, current),
        connectedDevices(context, applicationId, userId),
      ]);
      return { type: 'due', reach, connected };
    },
    { claim: { verificationId, fence } },
  );
}
