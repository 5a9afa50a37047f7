/** The SDK in a real browser: keys that cannot be read, a reload, a lost network, and an approval from there. */
import { expect } from 'chai';
import { build } from 'esbuild';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromiumPath } from '../../scripts/test-tools.ts';
import type { DeviceClient } from '../../client-sdk/device.ts';
import { until } from './support/conditions.ts';
import { enrollmentReply } from './support/enrolled-device.ts';
import { startFakeHub } from './support/fake-hub.ts';
import type { FakeHub } from './support/fake-hub.ts';
import { openJws, prompt } from './support/wire.ts';
import type { EnrollDeviceRequest, PromptView } from '../../client-sdk/protocol.ts';

/** What the test page puts on its window. */
interface DevicePage {
  client: DeviceClient;
  shown: PromptView[];
  conditions: string[];
}
declare const device: DevicePage;

const script = `
import { createDeviceClient, createIndexedDbKeyStore } from './device.ts';
const client = createDeviceClient({ keyStore: createIndexedDbKeyStore(), timeouts: { acknowledgeMs: 500 } });
const shown = [], conditions = [];
client.onPrompt((prompt) => shown.push(prompt));
client.onState((state) => conditions.push(state.condition));
globalThis.device = { client, shown, conditions };
`;

describe('the SDK in a browser', function () {
  this.timeout(30_000);
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let hub: FakeHub;
  let origin: string;
  let bundle: string;

  before(async () => {
    const resolveDir = join(import.meta.dirname, '../../client-sdk');
    const built = await build({
      stdin: { contents: script, resolveDir, loader: 'ts' },
      bundle: true,
      format: 'esm',
      write: false,
    });
    bundle = built.outputFiles[0]!.text;
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
    browser = await chromium.launch({ executablePath: chromiumPath, headless: true, args });
  });
  after(() => browser?.close());

  beforeEach(async () => {
    hub = await startFakeHub();
    // `localhost` is a secure context, which WebCrypto asks for.
    origin = hub.origin.replace('127.0.0.1', 'localhost');
    hub.route('GET /', () => ({
      page: '<!doctype html><script type="module" src="/sdk.js"></script>',
      type: 'text/html',
    }));
    hub.route('GET /sdk.js', () => ({ page: bundle, type: 'text/javascript' }));
    hub.route('POST /v1/devices', () => ({
      status: 201,
      body: { ...enrollmentReply, serverTime: new Date().toISOString() },
    }));
    context = await browser.newContext();
    page = await context.newPage();
    await load();
  });
  afterEach(async () => {
    await context.close();
    await hub.close();
  });

  async function load(): Promise<void> {
    await page.goto(origin);
    await page.waitForFunction(() => 'device' in globalThis);
  }
  const enroll = (): Promise<unknown> =>
    page.evaluate((uri) => device.client.enroll({ uri, name: 'Browser', platform: 'web' }), `${origin}/enroll#token-1`);
  const condition = (): Promise<string> => page.evaluate(() => device.client.state().condition);

  it('keeps its keys where no script can read them, over a reload', async () => {
    expect(await enroll()).to.deep.equal(enrollmentReply);
    const exported = await page.evaluate(async () => {
      const open = indexedDB.open('verihub-device');
      await new Promise((resolve) => open.addEventListener('success', resolve));
      const get = open.result.transaction('device').objectStore('device').get('keys');
      await new Promise((resolve) => get.addEventListener('success', resolve));
      const keys = get.result as Record<'signing' | 'encryption', CryptoKeyPair>;
      const tries = [keys.signing, keys.encryption].map(({ privateKey }) =>
        crypto.subtle.exportKey('jwk', privateKey).then(
          () => 'readable',
          (error: Error) => error.name,
        ),
      );
      return Promise.all(tries);
    });
    expect(exported).to.deep.equal(['InvalidAccessError', 'InvalidAccessError']);
    await load();
    expect(await page.evaluate(() => device.client.registration())).to.deep.equal(enrollmentReply);
  });

  it('is prompted and approves, with the enrolled key, after a reload', async () => {
    await enroll();
    const { signingKey } = hub.seen('POST /v1/devices')[0]!.body as EnrollDeviceRequest;
    const decisions: string[] = [];
    hub.onDevice = (socket) => {
      socket.on('prompts', (reply) => reply({ ok: true, prompts: [prompt()] }));
      socket.on('decide', ({ decision }: { decision: string }, reply: (answer: object) => void) => {
        decisions.push(decision);
        reply({ ok: true, status: 'approved' });
      });
      socket.emit('prompt', prompt(), () => {});
    };
    await load();
    await page.evaluate(() => device.client.connect());
    await page.waitForFunction(() => device.shown.length === 1);
    expect(await page.evaluate(() => device.client.approve('ver_1', { number: '42' }))).to.equal('approved');
    expect((await openJws(decisions[0]!, signingKey)).payload).to.include({ aud: origin, sub: 'ver_1', number: '42' });
  });

  it('says that the network is gone, and is back the moment it returns', async () => {
    let connections = 0;
    hub.onDevice = (socket) => {
      connections += 1;
      socket.on('prompts', (reply) => reply({ ok: true, prompts: [] }));
    };
    await enroll();
    await page.evaluate(() => device.client.connect());
    await page.waitForFunction(() => device.conditions.includes('online'));
    await context.setOffline(true);
    hub.cut();
    await page.waitForFunction(() => device.client.state().condition === 'offline');
    await context.setOffline(false);
    await until('the second connection', () => connections === 2, 10_000);
    await page.waitForFunction(() => device.client.state().condition === 'online');
    expect(await condition()).to.equal('online');
  });

  it('says what is missing where keys cannot be kept', async () => {
    await page.evaluate(() => Object.defineProperty(globalThis, 'indexedDB', { value: undefined }));
    const failed = page.evaluate(
      (uri) =>
        device.client.enroll({ uri, name: 'Browser', platform: 'web' }).catch((error: { code: string }) => error.code),
      `${origin}/enroll#token-1`,
    );
    expect(await failed).to.equal('unsupported-platform');
  });
});
