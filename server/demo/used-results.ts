// Which sign-in results were used: each opens the account once, however often its token is minted anew.
import type { Clock } from '../ports/runtime.ts';

export interface UsedResults {
  /** False when this verification was used before. */
  use(verificationId: string): boolean;
}

/** A verification lives at most 10 minutes and its waiter token 5 more: after an hour nobody can bring its result again. */
const rememberedMs = 3_600_000;

export function createUsedResults(clock: Clock): UsedResults {
  const usedAt = new Map<string, number>();
  return {
    use(verificationId) {
      const now = clock.now();
      // In order of insertion: the first that is young enough ends the search.
      for (const [id, at] of usedAt) {
        if (now - at < rememberedMs) break;
        usedAt.delete(id);
      }
      if (usedAt.has(verificationId)) return false;
      usedAt.set(verificationId, now);
      return true;
    },
  };
}
