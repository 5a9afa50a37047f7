// Every reply carries `X-Request-Id`.
import type { HubMiddleware } from '../hub-context.ts';
import type { Random } from '../../ports/runtime.ts';
import { chooseRequestId } from '../../wire/request-id.ts';

export function requestId({ random }: { random: Pick<Random, 'uuid'> }): HubMiddleware {
  return async (ctx, next) => {
    const id = chooseRequestId(ctx.get('x-request-id'), random);
    ctx.state.requestId = id;
    ctx.set('X-Request-Id', id);
    await next();
  };
}
