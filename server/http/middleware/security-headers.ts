// Headers that keep browsers from doing more with a reply than was meant. A page sets its own, wider policy.
import type { HubMiddleware } from '../hub-context.ts';

export function securityHeaders({ origin }: { origin: string }): HubMiddleware {
  const headers: Record<string, string> = {
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    // RFC 6797, section 7.2: not over plain HTTP.
    ...(origin.startsWith('https:') ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  };
  return async (ctx, next) => {
    ctx.set(headers);
    await next();
  };
}
