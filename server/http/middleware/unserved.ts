// What no route took: another method than the path knows, or no such path.
import type { HubContext, HubMiddleware } from '../hub-context.ts';
import { ProblemError } from '../../core/errors.ts';

export function unserved(): HubMiddleware {
  return async (ctx) => {
    const methods = methodsOf(ctx);
    if (methods.length === 0)
      throw new ProblemError('not-found', 'There is nothing here. The paths are in openapi.yaml.');
    ctx.set('Allow', [...methods, 'OPTIONS'].join(', '));
    if (ctx.method !== 'OPTIONS')
      throw new ProblemError('method-not-allowed', `This path knows ${methods.join(', ')}.`);
    ctx.status = 204;
  };
}

/** The router leaves behind which of its routes have this path. */
function methodsOf(ctx: HubContext): string[] {
  const matched: unknown = ctx['matched'];
  if (!Array.isArray(matched)) return [];
  return [...new Set(matched.flatMap((layer) => (hasMethods(layer) ? layer.methods : [])))].toSorted();
}

function hasMethods(layer: unknown): layer is { methods: string[] } {
  return typeof layer === 'object' && layer !== null && 'methods' in layer && Array.isArray(layer.methods);
}
