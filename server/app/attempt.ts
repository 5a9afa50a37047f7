// One attempt at a provider or receiver, timed. Its deadline is the guard's around the channel.
import type { ChannelResult } from '../core/events.ts';
import type { AttemptOutcome } from '../ports/runtime.ts';
import type { Context } from './context.ts';

export interface Attempted {
  result: ChannelResult;
  latencyMs: number;
}

export async function attempt(
  context: Pick<Context, 'clock' | 'shutdown'>,
  send: (signal: AbortSignal) => Promise<ChannelResult>,
): Promise<Attempted> {
  const started = context.clock.monotonic();
  const result = await send(context.shutdown);
  return { result, latencyMs: Math.round(context.clock.monotonic() - started) };
}

/** For the metrics: a provider that fails told apart from a recipient that cannot be reached. */
export function outcomeOf(result: ChannelResult): AttemptOutcome {
  if (result.kind === 'unreachable') return result.outcome === 'unknown' ? 'unanswered' : 'not-sent';
  if (result.kind !== 'rejected') return result.kind;
  if (result.configuration === true) return 'misconfigured';
  if (result.recipientGone === true) return 'recipient-gone';
  return result.skip === undefined ? 'rejected' : 'skipped';
}
