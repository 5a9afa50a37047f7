// The ring that empties while a request waits, on the hub's clock; says the last minute, half minute and ten seconds aloud.
import { secondsLeft, timeLeft } from '../shared/time-left.ts';
import type { View } from '../shared/view.ts';

export interface CountdownRing {
  /** Both in milliseconds since the Unix epoch. */
  set(createdAt: number, expiresAt: number): void;
  stop(): void;
}

const spokenAt = [60, 30, 10];

export function startRing(view: View, hubNow: () => number): CountdownRing {
  const ring = view.part('ring', HTMLElement);
  const arc = view.part('arc', SVGElement);
  const span = { createdAt: 0, expiresAt: 0, spoken: Number.POSITIVE_INFINITY };

  function draw(): void {
    if (span.expiresAt === 0) return;
    const milliseconds = span.expiresAt - hubNow();
    const left = secondsLeft(milliseconds);
    const share = Math.min(1, (left * 1_000) / (span.expiresAt - span.createdAt));
    arc.setAttribute('stroke-dashoffset', String(1 - share));
    view.text('left', timeLeft(milliseconds));
    ring.toggleAttribute('data-low', left <= 15);
    const due = spokenAt.find((seconds) => left <= seconds && span.spoken > seconds && left > seconds - 5);
    if (due === undefined) return;
    span.spoken = due;
    view.text('spoken', `${due} seconds left`);
  }

  const timer = setInterval(draw, 250);
  return {
    set(createdAt, expiresAt) {
      Object.assign(span, { createdAt, expiresAt });
      draw();
    },
    stop: () => clearInterval(timer),
  };
}
