// Web pages may call from listed origins only (contract section 9). Cookies are never a credential here, so none are let through.
import type { HubMiddleware } from '../hub-context.ts';
import { ProblemError } from '../../core/errors.ts';

const preflightSeconds = '600';

export function crossOrigin(settings: { origin: string; allowedOrigins: readonly string[] }): HubMiddleware {
  const allowed = new Set([settings.origin, ...settings.allowedOrigins]);
  return async (ctx, next) => {
    ctx.vary('Origin');
    const origin = ctx.headers.origin;
    // A client without an Origin is no web page: its token decides.
    if (origin === undefined) {
      await next();
      return;
    }
    if (!allowed.has(origin))
      throw new ProblemError('origin-not-allowed', 'Pages of this origin may not call the hub.');
    ctx.set('Access-Control-Allow-Origin', origin);
    ctx.set('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After');
    const isPreflight = ctx.method === 'OPTIONS' && ctx.get('access-control-request-method') !== '';
    if (!isPreflight) {
      await next();
      return;
    }
    ctx.set('Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE');
    ctx.set('Access-Control-Allow-Headers', 'Authorization, Content-Type, Idempotency-Key, X-Request-Id');
    ctx.set('Access-Control-Max-Age', preflightSeconds);
    ctx.status = 204;
  };
}
