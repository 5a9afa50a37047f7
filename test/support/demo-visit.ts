// Somebody trying the demo: a hub with short waits, and for each visit a computer with the bank and a phone, which share nothing.
import { expect } from 'chai';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Parts } from '../../server/hub.ts';
import { launchChromium, openContext } from './chromium.ts';
import { startTestHub, type TestHub } from './hub.ts';

export interface DemoHouse extends AsyncDisposable {
  hub: TestHub;
  browser: Browser;
  /** What went wrong inside pages unasked; a test should find none. */
  troubles: string[];
  /** A new person with a phone that is set up, unless `phone: 'none'`. */
  visit(options?: VisitOptions): Promise<DemoVisit>;
}

export interface VisitOptions {
  /** Screen and colour scheme. */
  page?: Pick<BrowserContextOptions, 'colorScheme' | 'viewport'>;
  phone?: 'enrolled' | 'none';
  user?: { phoneNumber?: string | null; delivery?: string };
  /** Lets the phone keep its shell for when there is no connection. */
  keepsShell?: boolean;
  /** Of the request: `none`, `choose`, `enter-2`, `enter-6`. */
  matching?: string;
}

export interface DemoVisit extends AsyncDisposable {
  userId: string;
  bank: Page;
  phone: Page;
  /** Another page of the demo, in a window of its own. */
  open(path: string): Promise<Page>;
  /** From the sign-in form to the page that waits. */
  signIn(): Promise<void>;
  /** As the bank's page shows it. */
  number(): Promise<string>;
  /** Types the number on the phone and approves. */
  approve(number: string): Promise<void>;
  /** Switches how the phone can be reached: `Online`, `App closed`, `No internet`. */
  phoneIs(mode: string): Promise<void>;
  /** Waits for the headline of the bank's page. */
  bankSays(headline: string | RegExp): Promise<void>;
  phoneSays(headline: string | RegExp): Promise<void>;
  /** Of the newest text message to this person. */
  smsCode(): Promise<string>;
}

export async function openDemoHouse(env: Record<string, string> = {}, parts: Parts = {}): Promise<DemoHouse> {
  const waits = { VERIHUB_SOCKET_WAIT_MS: '1000', VERIHUB_PUSH_WAIT_MS: '1000' };
  const hub = await startTestHub(
    { VERIHUB_DEMO: 'true', VERIHUB_APPLICATION_NAME: 'Dune Bank', ...waits, ...env },
    parts,
  );
  const browser = await launchChromium();
  const visits = { count: 0 };
  const troubles: string[] = [];
  return {
    hub,
    browser,
    troubles,
    visit(options = {}) {
      visits.count += 1;
      return openVisit({ hub, browser, troubles }, `visitor-${visits.count}`, options);
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await hub.close();
    },
  };
}

async function openVisit(
  { hub, browser, troubles }: Pick<DemoHouse, 'hub' | 'browser' | 'troubles'>,
  userId: string,
  options: VisitOptions,
): Promise<DemoVisit> {
  const controls = { userId, matching: options.matching ?? 'enter-2' };
  const localStorage = [{ name: 'dune-demo-controls', value: JSON.stringify(controls) }];
  const serviceWorkers = options.keepsShell === true ? 'allow' : 'block';
  const contexts: BrowserContext[] = [];
  // Each in a window of its own: a tab in the background draws one frame a second, and clicks wait for two.
  const newWindow = async (): Promise<Page> => {
    const storageState = { cookies: [], origins: [{ origin: hub.origin, localStorage }] };
    const context = await openContext(browser, troubles, { storageState, serviceWorkers, ...options.page });
    contexts.push(context);
    return context.newPage();
  };
  const phoneNumber = `+4477009${String(10_000 + Number(userId.split('-')[1]))}`;
  await hub.call('PUT', `/v1/users/${userId}`, { body: { phoneNumber, ...options.user } });
  const [bank, phone] = await Promise.all([newWindow(), newWindow()]);
  const setUp = options.phone === 'none' ? phone.goto(`${hub.origin}/demo/phone`) : enroll(hub, userId, phone);
  await Promise.all([setUp, bank.goto(`${hub.origin}/demo/bank`)]);
  return {
    userId,
    bank,
    phone,
    async open(path) {
      const page = await newWindow();
      await page.goto(hub.origin + path);
      return page;
    },
    ...actions(hub, userId, bank, phone),
    async [Symbol.asyncDispose]() {
      await Promise.all(contexts.map((context) => context.close()));
    },
  };
}

async function enroll(hub: TestHub, userId: string, phone: Page): Promise<void> {
  const { body } = await hub.call('POST', `/v1/users/${userId}/enrollments`);
  await phone.goto(`${hub.origin}/demo/phone#${String(body['enrollmentToken'])}`);
  await phone.getByText('Ready', { exact: true }).waitFor();
}

function actions(hub: TestHub, userId: string, bank: Page, phone: Page) {
  const says = (page: Page) => (headline: string | RegExp) =>
    page.getByRole('heading', { name: headline, level: 1 }).waitFor();
  const numberShown = bank.getByLabel(/^\d( \d)+$/);
  return {
    async signIn() {
      await bank.getByRole('button', { name: 'Sign in' }).click();
      await bank.getByRole('timer').waitFor();
    },
    number: async () => (await numberShown.textContent()) ?? '',
    async approve(number: string) {
      await phone.getByLabel('Enter the number the page shows').fill(number);
      await phone.getByRole('button', { name: 'Approve' }).click();
    },
    phoneIs: (mode: string) => phone.locator('fieldset').getByText(mode, { exact: true }).click(),
    bankSays: says(bank),
    phoneSays: says(phone),
    async smsCode() {
      const { phoneNumber } = (await hub.call('GET', `/v1/users/${userId}`)).body['user'] as { phoneNumber: string };
      const texts = hub.outbox
        ?.messages()
        .flatMap((sent) => (sent.kind === 'sms' && sent.message.to === phoneNumber ? [sent.message.text] : []));
      const code = /#(\d{6})$/.exec(texts?.at(-1) ?? '')?.[1];
      expect(code, 'a text message with a code').to.be.a('string');
      return code ?? '';
    },
  };
}
