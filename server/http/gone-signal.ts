// Tells a handler that waits that nobody is there any more to be answered.
import type { HubContext } from './hub-context.ts';

export function goneSignal(ctx: HubContext): AbortSignal {
  const controller = new AbortController();
  ctx.res.once('close', () => controller.abort());
  return controller.signal;
}
