/** Clock, timers, chance, fetch and network events as one injectable object, so that tests own time and React Native can fill gaps. */

/** Undoes what returned it. Calling it twice is harmless. */
export type Cancel = () => void;

/** What a platform may tell: the network came or went, or the app came back to the front. */
export type PlatformEvent = 'online' | 'offline' | 'resume';

export interface SdkRuntime {
  /** Milliseconds since the epoch, on this machine's own (possibly wrong) clock. */
  now: () => number;
  /** Milliseconds that only ever go forward: for deadlines, which a clock that is set back must not stretch. */
  elapsed: () => number;
  /** Uniform in [0, 1): for jitter only, never for secrets. */
  random: () => number;
  /** Runs `run` once after `ms` milliseconds. */
  after: (ms: number, run: () => void) => Cancel;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Subscribes to platform events; platforms that have none never call. */
  watch: (listener: (event: PlatformEvent) => void) => Cancel;
  /** False only when the platform is sure that there is no network. */
  isOnline: () => boolean;
}

export function createRuntime(overrides: Partial<SdkRuntime> = {}): SdkRuntime {
  return {
    now: () => Date.now(),
    elapsed: () => globalThis.performance?.now() ?? Date.now(),
    random: () => Math.random(),
    after,
    fetch: (url, init) => globalThis.fetch(url, init),
    watch,
    isOnline,
    ...overrides,
  };
}

function after(ms: number, run: () => void): Cancel {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Node and React Native have a `navigator` without `onLine`. */
function isOnline(): boolean {
  const platform: Partial<Navigator> | undefined = globalThis.navigator;
  return platform?.onLine ?? true;
}

function watch(listener: (event: PlatformEvent) => void): Cancel {
  if (typeof globalThis.addEventListener !== 'function') return () => {};
  const online = (): void => listener('online');
  const offline = (): void => listener('offline');
  const resume = (): void => {
    if (globalThis.document === undefined || globalThis.document.visibilityState === 'visible') listener('resume');
  };
  const page = globalThis.document;
  globalThis.addEventListener('online', online);
  globalThis.addEventListener('offline', offline);
  // A page restored from the back/forward cache gets `pageshow`, not always `visibilitychange`.
  globalThis.addEventListener('pageshow', resume);
  page?.addEventListener('visibilitychange', resume);
  return () => {
    globalThis.removeEventListener('online', online);
    globalThis.removeEventListener('offline', offline);
    globalThis.removeEventListener('pageshow', resume);
    page?.removeEventListener('visibilitychange', resume);
  };
}
