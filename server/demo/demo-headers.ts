// Response headers of everything below /demo: scripts and styles from this origin only, framed only by the stage.
import type { Context } from 'koa';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "frame-src 'self'",
  "frame-ancestors 'self'",
  "form-action 'self'",
  "base-uri 'none'",
].join('; ');

export function setDemoHeaders(context: Context): void {
  context.set('Content-Security-Policy', policy);
  context.set('X-Frame-Options', 'SAMEORIGIN');
  context.set('X-Content-Type-Options', 'nosniff');
  context.set('Referrer-Policy', 'no-referrer');
  context.set('Cross-Origin-Opener-Policy', 'same-origin');
  context.set('Cache-Control', 'no-store');
}
