// One page's stream of snapshots: in order of `rev`, each at most once, the newest first when they come faster than they leave.
import type { Snapshot } from '../app/verifications.ts';

export interface SnapshotFeed {
  /** Ignored when it is not news. */
  offer(snapshot: Snapshot): void;
  end(): void;
}

interface Needs<Resource> {
  view(snapshot: Snapshot): Promise<Resource>;
  send(resource: Resource): void;
  onError(error: unknown): void;
}

/** A view takes a moment (an ended one is signed); meanwhile a newer snapshot replaces the one that waits. */
export function createSnapshotFeed<Resource>({ view, send, onError }: Needs<Resource>): SnapshotFeed {
  let sentRev = 0;
  /** The highest one taken in, sent or not. */
  let takenRev = 0;
  let next: Snapshot | undefined;
  let running = false;
  let ended = false;

  const run = async (): Promise<void> => {
    running = true;
    while (next !== undefined) {
      const snapshot = next;
      next = undefined;
      try {
        const resource = await view(snapshot);
        if (ended) break;
        send(resource);
        sentRev = snapshot.verification.rev;
      } catch (error) {
        // Not counted as sent: the constant re-read brings it again.
        if (next === undefined) takenRev = sentRev;
        onError(error);
      }
    }
    running = false;
  };

  return {
    offer: (snapshot) => {
      const { rev } = snapshot.verification;
      if (ended || rev <= takenRev) return;
      takenRev = rev;
      next = snapshot;
      if (!running) void run();
    },
    end: () => {
      ended = true;
      next = undefined;
    },
  };
}
