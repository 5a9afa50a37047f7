// Browser windows on the demo that are used again from test to test: opening one takes longer than most tests.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openContext } from './chromium.ts';

export interface DemoWindows {
  /** Two windows that share nothing, a computer's and a phone's, as if never used. What they showed before is gone. */
  pair(controls: object): Promise<[bank: Page, phone: Page]>;
  /** A window that nobody else gets. It stays open until `close`. */
  own(controls: object, options?: BrowserContextOptions): Promise<Page>;
  close(): Promise<void>;
}

/** Where the bank's page keeps what the demo's controls are set to. */
const controlsKey = 'dune-demo-controls';

export function createDemoWindows(browser: Browser, origin: string, troubles: string[]): DemoWindows {
  const shared: Page[] = [];

  // Each in a window of its own: a tab in the background draws one frame a second, and clicks wait for two.
  async function own(controls: object, options: BrowserContextOptions = {}): Promise<Page> {
    const localStorage = [{ name: controlsKey, value: JSON.stringify(controls) }];
    const storageState = { cookies: [], origins: [{ origin, localStorage }] };
    const context = await openContext(browser, troubles, { storageState, serviceWorkers: 'block', ...options });
    return context.newPage();
  }

  return {
    own,
    async pair(controls) {
      if (shared.length === 0) shared.push(...(await Promise.all([own(controls), own(controls)])));
      else await Promise.all(shared.map((page) => makeNew(page, origin, controls)));
      const [bank, phone] = shared;
      if (bank === undefined || phone === undefined) throw new Error('there is no pair of windows');
      return [bank, phone];
    },
    close: () => browser.close(),
  };
}

async function makeNew(page: Page, origin: string, controls: object): Promise<void> {
  // Any page of the origin that runs no script: storage can be reached, and nothing writes to it.
  await page.goto(`${origin}/demo/assets/mark.svg`);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  await devtools.detach();
  await page.context().clearCookies();
  await page.evaluate(
    ([key, value]) => {
      sessionStorage.clear();
      localStorage.setItem(key, value);
    },
    [controlsKey, JSON.stringify(controls)] as const,
  );
}
