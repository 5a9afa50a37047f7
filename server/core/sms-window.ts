// How many there were in the last while: counts by bucket of time, small enough to be kept in a record.
import type { Timestamp } from './verification.ts';

export interface Window {
  /** Milliseconds. */
  lengthMs: number;
  /** Milliseconds; what is counted is given back this much later than it could be, never earlier. */
  bucketMs: number;
}

/** Since when, and how many from then until the next bucket. */
export type Bucket = readonly [from: Timestamp, count: number];

/**
 * Without what the window has left behind. A bucket stays until its last moment has: in no stretch of `lengthMs` are there
 * more than the limit. One that lies ahead by more than a window is of a clock that was wrong.
 */
export function current(buckets: readonly Bucket[], { lengthMs, bucketMs }: Window, now: Timestamp): Bucket[] {
  return buckets.filter(([from]) => from + bucketMs + lengthMs > now && from <= now + lengthMs);
}

export function countIn(buckets: readonly Bucket[], window: Window, now: Timestamp): number {
  return current(buckets, window, now).reduce((sum, [, count]) => sum + count, 0);
}

/** One more now. */
export function add(buckets: readonly Bucket[], window: Window, now: Timestamp): Bucket[] {
  const start = bucketOf(now, window);
  const kept = current(buckets, window, now);
  const count = kept.find(([from]) => from === start)?.[1] ?? 0;
  return [...kept.filter(([from]) => from !== start), [start, count + 1]];
}

/** One less of those that were added at `at`. */
export function takeBack(buckets: readonly Bucket[], window: Window, at: Timestamp): Bucket[] {
  const start = bucketOf(at, window);
  return buckets.flatMap(([from, count]): Bucket[] => {
    if (from !== start) return [[from, count]];
    return count > 1 ? [[from, count - 1]] : [];
  });
}

function bucketOf(at: Timestamp, { bucketMs }: Window): Timestamp {
  return Math.floor(at / bucketMs) * bucketMs;
}
