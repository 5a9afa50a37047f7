// Time left as people read it on a clock.

/** `m:ss`, rounded up, never below 0:00. */
export function timeLeft(milliseconds: number): string {
  const seconds = secondsLeft(milliseconds);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function secondsLeft(milliseconds: number): number {
  return Math.max(0, Math.ceil(milliseconds / 1_000));
}
