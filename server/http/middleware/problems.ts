// Whatever is thrown below becomes a problem on the wire; what nobody meant to throw is logged.
import type { HubContext, HubMiddleware } from '../hub-context.ts';
import type { Logger } from '../../ports/runtime.ts';
import { isRefusal, toProblem } from '../../wire/problem.ts';

export function problems({ logger }: { logger: Logger }): HubMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const requestId = ctx.state.requestId ?? '';
      if (!isRefusal(error)) logger.error({ requestId, error }, 'a request failed on a bug');
      reply(ctx, error, requestId);
    }
  };
}

function reply(ctx: HubContext, error: unknown, requestId: string): void {
  const problem = toProblem(error, requestId);
  ctx.status = problem.status;
  // Before the body: Koa would choose plain JSON.
  ctx.set('Content-Type', 'application/problem+json');
  // RFC 9110, section 11.6.1: a 401 names the scheme.
  if (problem.status === 401) ctx.set('WWW-Authenticate', 'Bearer realm="verihub"');
  if (problem.retryAfter !== undefined) ctx.set('Retry-After', String(problem.retryAfter));
  ctx.set('Cache-Control', 'no-store');
  ctx.body = problem;
}
