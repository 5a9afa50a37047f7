// A path with a broken percent escape is refused: left alone, it would stand for two different names.
import type { HubMiddleware } from '../hub-context.ts';
import { ProblemError } from '../../core/errors.ts';

export function wellFormedPath(): HubMiddleware {
  return async (ctx, next) => {
    try {
      decodeURIComponent(ctx.path);
    } catch {
      throw new ProblemError('malformed', 'The path has a broken percent escape, or one that is not UTF-8.');
    }
    await next();
  };
}
