// Serves the demo's pages, their scripts and icons, under a strict content security policy.
import { createHash } from 'node:crypto';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { appIcon } from './app-icon.ts';
import { escapeHtml, pagePaths, readPageFile } from './page-files.ts';
import { createPageScripts, scriptNames } from './page-scripts.ts';
import type { ScriptsUnavailable } from './page-scripts.ts';

export interface PageRoutesOptions {
  /** The hub origin. */
  origin: string;
  bankName: string;
}

const iconSizes = [180, 192, 512];

export function addPageRoutes(router: Router, { origin, bankName }: PageRoutesOptions): void {
  const scripts = createPageScripts();
  const icons = new Map<number, Buffer>();
  const names = { bank: bankName, hub: origin };

  // The hub itself has nothing at its root: whoever types its address while the demo is on wants the demo.
  router.get('/', (context) => context.redirect('/demo/'));
  router.get('/demo', (context) => context.redirect('/demo/'));
  for (const path of pagePaths) {
    router.get(`/demo/${path}`, async (context) => {
      if (redirectsToOrigin(context, origin)) return;
      const { type, body } = await readPageFile(path, names);
      // A page whose script cannot be made says so, instead of staying empty.
      if (type.startsWith('text/html')) await scripts.ready();
      send(context, type, body);
    });
  }
  for (const name of scriptNames) {
    // A worker may control only what lies below its own path: it lies beside the phone page, not among the assets.
    const folder = name.startsWith('phone-worker') ? '' : 'assets/';
    router.get(`/demo/${folder}${name}`, async (context) => {
      const type = name.endsWith('.map') ? 'application/json' : 'text/javascript';
      send(context, type, await scripts.read(name));
    });
  }
  for (const size of iconSizes) {
    router.get(`/demo/assets/icon-${size}.png`, (context) => {
      const icon = icons.get(size) ?? appIcon(size);
      icons.set(size, icon);
      send(context, 'image/png', icon);
    });
  }
}

/** What a person sees instead of a page. */
export function sendTrouble(context: Context, trouble: ScriptsUnavailable): void {
  context.status = 503;
  context.type = 'html';
  context.body = `<!doctype html><html lang="en"><title>Demo</title><h1>The demo cannot be shown</h1><p>${escapeHtml(trouble.message)}</p></html>`;
}

/** Always asked for again, and answered with 304 when nothing changed. */
function send(context: Context, type: string, body: string | Buffer): void {
  context.type = type;
  context.set('Cache-Control', 'no-cache');
  context.etag = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  context.status = 200;
  if (context.fresh) context.status = 304;
  else context.body = body;
}

/**
 * `127.0.0.1` and `localhost` are two origins to a browser, and the hub is only one of them: keys, cookies and sockets
 * belong to that one. Elsewhere (behind a proxy) the host header may differ for good reason, and nothing is done.
 */
function redirectsToOrigin(context: Context, origin: string): boolean {
  const hub = new URL(origin);
  const isLoopback = (host: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
  if (context.host === hub.host || !isLoopback(context.host) || !isLoopback(hub.host)) return false;
  context.status = 307;
  context.set('Location', origin + context.path);
  return true;
}
