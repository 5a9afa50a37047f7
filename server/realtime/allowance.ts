// So many a minute: a bucket that fills up again steadily. Plain data, as every connection has some.

export interface Allowance {
  level: number;
  /** When `level` was true, on the monotonic clock; milliseconds. */
  at: number;
}

export function fullAllowance(perMinute: number, now: number): Allowance {
  return { level: perMinute, at: now };
}

/** Takes one. 0: it was there; otherwise the seconds until there is one again. */
export function take(allowance: Allowance, perMinute: number, now: number): number {
  const perMs = perMinute / 60_000;
  const level = Math.min(perMinute, allowance.level + (now - allowance.at) * perMs);
  allowance.at = now;
  if (level < 1) {
    allowance.level = level;
    return Math.max(1, Math.ceil((1 - level) / perMs / 1000));
  }
  allowance.level = level - 1;
  return 0;
}
