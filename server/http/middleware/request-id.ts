// Every reply carries `X-Request-Id`: the caller's own when it is well-formed, so that two logs can be joined.
import type { HubMiddleware } from '../hub-context.ts';
import type { Random } from '../../ports/runtime.ts';

/** Nothing in it can break a log line or a header. */
const wellFormed = /^[A-Za-z0-9._-]{8,64}$/;

export function requestId({ random }: { random: Pick<Random, 'uuid'> }): HubMiddleware {
  return async (ctx, next) => {
    const given = ctx.get('x-request-id');
    const id = wellFormed.test(given) ? given : random.uuid();
    ctx.state.requestId = id;
    ctx.set('X-Request-Id', id);
    await next();
  };
}
