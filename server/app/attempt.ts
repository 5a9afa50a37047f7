// One attempt at a provider or receiver, timed. Its deadline is the guard's around the channel.
import type { ChannelResult } from '../core/events.ts';
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
