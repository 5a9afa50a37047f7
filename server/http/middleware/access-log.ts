// One log line and one measurement a request: which route, by whom, how it ended. Never a path, a query or a header: they may hold secrets.
import type { HubMiddleware } from '../hub-context.ts';
import type { Clock, Logger, Metrics } from '../../ports/runtime.ts';

/** Closed, so that nobody can make up labels. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

/** Asked every few seconds by machines; and the demo's pages, which would drown what the hub itself does. */
const quiet = new Set(['/healthz', '/readyz', '/metrics', '/demo']);

export function accessLog(deps: { logger: Logger; metrics: Pick<Metrics, 'request'>; clock: Clock }): HubMiddleware {
  return async (ctx, next) => {
    const startedAt = deps.clock.monotonic();
    // Once the reply is out, or the client has gone without it.
    ctx.res.once('close', () => {
      const durationMs = Math.round(deps.clock.monotonic() - startedAt);
      const method = methods.has(ctx.method) ? ctx.method : 'other';
      const route = ctx.state.route ?? 'unmatched';
      deps.metrics.request(route, method, ctx.status, durationMs);
      const fields = { requestId: ctx.state.requestId, method, route, status: ctx.status, durationMs };
      const end = ctx.res.writableFinished ? {} : { cutOff: true };
      const level = quiet.has(route) ? 'debug' : 'info';
      deps.logger[level]({ ...fields, ...ctx.state.caller, ...end }, 'request');
    });
    await next();
  };
}
