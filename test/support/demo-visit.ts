// Somebody trying the demo: a hub with short waits, and for each visit a computer with the bank and a phone, which share nothing.
import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Parts } from '../../server/hub.ts';
import { launchChromium } from './chromium.ts';
import { createDemoWindows, type DemoWindows } from './demo-windows.ts';
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
  /** Asks for windows of its own, such as these; else they are used again. */
  windows?: BrowserContextOptions;
  phone?: 'enrolled' | 'none';
  user?: { phoneNumber?: string | null; delivery?: string };
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
  const troubles: string[] = [];
  const windows = createDemoWindows(browser, hub.origin, troubles);
  const visits = { count: 0 };
  return {
    hub,
    browser,
    troubles,
    visit(options = {}) {
      visits.count += 1;
      return openVisit(hub, windows, visits.count, options);
    },
    async [Symbol.asyncDispose]() {
      await windows.close();
      await hub.close();
    },
  };
}

async function openVisit(hub: TestHub, windows: DemoWindows, count: number, options: VisitOptions): Promise<DemoVisit> {
  const userId = `visitor-${count}`;
  const controls = { userId, matching: options.matching ?? 'enter-2' };
  const body = { phoneNumber: `+4477009${10_000 + count}`, ...options.user };
  await hub.call('PUT', `/v1/users/${userId}`, { body });
  const own: Page[] = [];
  const newWindow = async (): Promise<Page> => {
    const page = await windows.own(controls, options.windows);
    own.push(page);
    return page;
  };
  const isOwn = options.windows !== undefined;
  const [bank, phone] = isOwn ? [await newWindow(), await newWindow()] : await windows.pair(controls);
  const setUp = options.phone === 'none' ? phone.goto(`${hub.origin}/demo/phone`) : enroll(hub, userId, phone);
  await Promise.all([setUp, bank.goto(`${hub.origin}/demo/bank`)]);
  return {
    ...{ userId, bank, phone },
    async open(path) {
      const page = await newWindow();
      await page.goto(hub.origin + path);
      return page;
    },
    ...actions(hub, userId, bank, phone),
    async [Symbol.asyncDispose]() {
      await Promise.all(own.map((page) => page.context().close()));
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
