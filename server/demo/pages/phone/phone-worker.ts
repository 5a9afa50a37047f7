// The service worker of the phone page: keeps the app's shell, so that it opens without a connection. Never anything of the hub's.

interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchOfPage extends WorkerEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface WorkerScope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: WorkerEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchOfPage) => void): void;
}
// The compiler knows this file as a page's; a worker's `self` is another.
declare const self: WorkerScope;

const shelf = 'verihub-phone-shell';
const shell = [
  '/demo/phone',
  '/demo/phone.webmanifest',
  '/demo/assets/base.css',
  '/demo/assets/phone.css',
  '/demo/assets/phone-prompt.css',
  '/demo/assets/phone-system.css',
  '/demo/assets/phone-page.js',
  '/demo/assets/icons.svg',
  '/demo/assets/mark.svg',
];

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(shelf).then((cache) => cache.addAll(shell)));
  event.waitUntil(self.skipWaiting());
});

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method === 'GET' && origin === self.location.origin && shell.includes(pathname))
    event.respondWith(newestOf(event.request, pathname));
});

/** From the network while there is one: a new version of the page is never held back by an old copy. */
async function newestOf(request: Request, pathname: string): Promise<Response> {
  const cache = await caches.open(shelf);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(pathname, response.clone());
    return response;
  } catch (thrown) {
    const kept = await cache.match(pathname);
    if (kept !== undefined) return kept;
    throw thrown;
  }
}
