// The reply that reading, typing the code, sending again and canceling share.
import type { Caller } from '../../app/context.ts';
import type { Snapshot, Verifications } from '../../app/verifications.ts';
import { rfc3339 } from '../../app/views.ts';

/** As this caller may see it: evidence and reasons are for the relying party. */
export async function replyWith(snapshot: Snapshot, caller: Caller, verifications: Pick<Verifications, 'view'>) {
  return { verification: await verifications.view(snapshot, caller.kind), serverTime: rfc3339(snapshot.now) };
}
