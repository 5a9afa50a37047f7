// Push tokens: one that its provider calls gone is put aside first, and given up only when that repeats or lasts.
import type { Timestamp } from '../core/verification.ts';
import type { PushTokenRecord } from '../ports/records.ts';

/** So often may the same token be called gone; each time the app can bring it back by registering it again. */
const strikesAllowed = 3;

/** Google drops tokens after months of silence; an app that has not come back in this time registers a new one anyway. */
const quarantineMs = 30 * 86_400_000;

/** The token after its provider called it gone: aside, or given up (undefined). */
export function strikeToken(token: PushTokenRecord, now: Timestamp): PushTokenRecord | undefined {
  const strikes = (token.strikes ?? 0) + 1;
  return strikes < strikesAllowed ? { ...token, status: 'quarantined', strikes, quarantinedAt: now } : undefined;
}

/** The token as the app registers it: the same one again leaves quarantine, and keeps its strikes. */
export function registerToken(
  known: PushTokenRecord | undefined,
  token: { provider: string; token: string },
  now: Timestamp,
): PushTokenRecord {
  const isSame = known?.provider === token.provider && known.token === token.token;
  const strikes = isSame && known.strikes !== undefined ? { strikes: known.strikes } : {};
  return { ...token, status: 'active', registeredAt: now, ...strikes };
}

/** The token as long as it is worth keeping: one that was put aside too long ago is none. */
export function keptToken(token: PushTokenRecord | undefined, now: Timestamp): PushTokenRecord | undefined {
  const isOver = token?.status === 'quarantined' && now >= (token.quarantinedAt ?? token.registeredAt) + quarantineMs;
  return isOver ? undefined : token;
}
