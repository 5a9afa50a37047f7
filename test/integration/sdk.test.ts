// The SDK's three clients against a whole hub: what the README's quick starts promise.
import { expect } from 'chai';
import { createBrowserClient } from '../../client-sdk/browser.ts';
import {
  createDeviceClient,
  createMemoryKeyStore,
  VerihubError,
  type DeviceClient,
  type PromptView,
} from '../../client-sdk/device.ts';
import { createRelyingParty, type RelyingParty } from '../../client-sdk/relying-party.ts';
import { startTestHub, testApiKey, type TestHub } from '../support/hub.ts';

const quick = { VERIHUB_SOCKET_WAIT_MS: '500', VERIHUB_PUSH_WAIT_MS: '1000' };

interface Scene extends AsyncDisposable {
  hub: TestHub;
  bank: RelyingParty;
  phone: DeviceClient;
  /** The next prompt that the phone shows. */
  nextPrompt(): Promise<PromptView>;
}

/** Alice with a phone that is enrolled; connected unless told otherwise. */
async function setScene(options: { isOnline?: boolean; phoneNumber?: string } = {}): Promise<Scene> {
  const hub = await startTestHub(quick);
  const bank = createRelyingParty({ hub: hub.origin, apiKey: testApiKey });
  if (options.phoneNumber !== undefined) await bank.putUser('alice', { phoneNumber: options.phoneNumber });
  const phone = createDeviceClient({ keyStore: createMemoryKeyStore() });
  const { uri } = await bank.createEnrollment('alice');
  await phone.enroll({
    uri,
    name: "Alice's phone",
    platform: 'other',
    pushToken: { provider: 'simulated', token: 'token-1' },
  });
  if (options.isOnline !== false) await online(phone);
  return {
    hub,
    bank,
    phone,
    nextPrompt: () =>
      new Promise((resolve) => {
        const forget = phone.onPrompt((prompt) => {
          forget();
          resolve(prompt);
        });
      }),
    [Symbol.asyncDispose]: async () => {
      phone.close();
      await hub.close();
    },
  };
}

async function online(phone: DeviceClient): Promise<void> {
  const isOnline = Promise.withResolvers<void>();
  phone.onState(({ condition }) => {
    if (condition === 'online') isOnline.resolve();
  });
  await phone.connect();
  await isOnline.promise;
}

const request = {
  userId: 'alice',
  action: 'Sign in',
  details: [{ label: 'Amount', value: '120.00 EUR' }],
  context: { ip: '203.0.113.7' },
};

describe('the SDK against a hub', function () {
  this.timeout(15_000);

  it('approves: prompt on the phone, number, page told, result token checked and used once', async () => {
    await using scene = await setScene();
    const { bank, phone, hub } = scene;
    const prompted = scene.nextPrompt();
    const { verification, waiterToken } = await bank.createVerification(request);
    const page = createBrowserClient({ hub: hub.origin, waiterToken });
    const seen: string[] = [];
    page.onProgress(({ delivery }) => seen.push(delivery[0]?.status ?? ''));
    const prompt = await prompted;
    expect(prompt).to.deep.include({ action: 'Sign in', details: request.details, context: request.context });
    const waiting = page.wait();
    expect(await phone.approve(prompt.id, { number: verification.matching.number ?? '' })).to.equal('approved');
    const ended = await waiting;
    expect(ended.status).to.equal('approved');
    expect(seen).to.include('acknowledged');
    const claims = await bank.verifyResultToken(ended.resultToken ?? '', { verificationId: verification.id });
    expect(claims).to.include({ status: 'approved', method: 'app' });
    expect(phone.pending()).to.deep.equal([]);
    const { decision } = await bank.getVerification(verification.id);
    expect(decision?.evidence).to.match(/^eyJ/u);
    page.close();
  });

  it('tells a wrong number, and what is left', async () => {
    await using scene = await setScene();
    const prompted = scene.nextPrompt();
    const { verification } = await scene.bank.createVerification(request);
    const prompt = await prompted;
    const wrong = verification.matching.number === '11' ? '12' : '11';
    const refusal: unknown = await scene.phone.approve(prompt.id, { number: wrong }).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(VerihubError).and.to.include({ code: 'number-incorrect', attemptsLeft: 2 });
    expect(await scene.phone.deny(prompt.id)).to.equal('denied');
  });

  it('goes from a phone that is away to a push, and approves what the push brought', async () => {
    await using scene = await setScene({ isOnline: false });
    const { verification, waiterToken } = await scene.bank.createVerification(request);
    const push = await nextMessage(scene.hub, 'push');
    const prompt = await scene.phone.handlePush({
      v: '1',
      id: push.message.verificationId,
      jwe: 'jwe' in push.message ? push.message.jwe : '',
    });
    expect(prompt?.id).to.equal(verification.id);
    const page = createBrowserClient({ hub: scene.hub.origin, waiterToken });
    const waiting = page.wait();
    await scene.phone.approve(verification.id, { number: verification.matching.number ?? '' });
    expect(await waiting).to.have.nested.include({
      status: 'approved',
      'delivery[0].status': 'skipped',
      'delivery[1].status': 'acknowledged',
      'delivery[2].status': 'waiting',
    });
    page.close();
  });

  it('goes on to SMS, and takes the code typed in the page', async () => {
    await using scene = await setScene({ isOnline: false, phoneNumber: '+31612345678' });
    const { verification, waiterToken } = await scene.bank.createVerification(request);
    const page = createBrowserClient({ hub: scene.hub.origin, waiterToken });
    const sms = await nextMessage(scene.hub, 'sms');
    const text = 'text' in sms.message ? sms.message.text : '';
    const code = /^@localhost #(\d{6})$/mu.exec(text)?.[1] ?? '';
    expect(text).to.contain('could not reach your app');
    const refusal: unknown = await page.code(code === '000000' ? '000001' : '000000').catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(VerihubError).and.to.include({ code: 'code-incorrect', attemptsLeft: 4 });
    expect(await page.code(code)).to.have.nested.include({ status: 'approved', 'decision.method': 'sms-code' });
    const timeline = await scene.bank.timeline(verification.id);
    expect(timeline.map(({ type, step }) => (step === undefined ? type : `${type}:${step}`))).to.deep.equal([
      'created',
      'step:socket',
      'step:push',
      'attempt:push',
      'step:push',
      'step:sms',
      'attempt:sms',
      'step:sms',
      'code',
      'code',
      'ended',
    ]);
    page.close();
  });

  it('is canceled by the page; the phone takes the prompt down', async () => {
    await using scene = await setScene();
    const prompted = scene.nextPrompt();
    const { waiterToken } = await scene.bank.createVerification(request);
    const prompt = await prompted;
    const closed = new Promise<string>((resolve) => void scene.phone.onPromptClosed(({ id }) => resolve(id)));
    const page = createBrowserClient({ hub: scene.hub.origin, waiterToken });
    expect((await page.cancel()).status).to.equal('canceled');
    expect(await closed).to.equal(prompt.id);
    page.close();
  });

  it('trusts a browser: the next sign-in is approved at once, and the person can end that', async () => {
    await using scene = await setScene();
    const { bank, phone } = scene;
    const prompted = scene.nextPrompt();
    const { verification } = await bank.createVerification(request);
    const prompt = await prompted;
    await phone.approve(prompt.id, { number: verification.matching.number ?? '' });
    const { trustToken } = await bank.trust(verification.id, { days: 7 });
    const again = await bank.createVerification({ ...request, trustToken });
    expect(again.verification).to.have.nested.include({ status: 'approved', 'decision.method': 'trusted-browser' });
    expect(again.trustToken).to.be.a('string').and.not.equal(trustToken);
    const [trusted] = await phone.trustedBrowsers.list();
    await phone.trustedBrowsers.revoke(trusted?.id ?? '');
    const third = await bank.createVerification({
      ...request,
      ...(again.trustToken === undefined ? {} : { trustToken: again.trustToken }),
    });
    expect(third.verification.status).to.equal('pending');
  });

  it('is told when the device is removed, and does not come back', async () => {
    await using scene = await setScene();
    const revoked = new Promise<void>(
      (resolve) => void scene.phone.onState(({ condition }) => condition === 'revoked' && resolve()),
    );
    const [device] = await scene.bank.listDevices('alice');
    await scene.bank.revokeDevice('alice', device?.id ?? '');
    await revoked;
    const { verification } = await scene.bank.createVerification(request);
    expect(verification.status).to.equal('undeliverable');
  });
});

async function nextMessage(hub: TestHub, kind: 'push' | 'sms') {
  const { outbox } = hub;
  if (outbox === undefined) throw new Error('no simulated outbox');
  const before = outbox.messages().find((message) => message.kind === kind);
  if (before !== undefined) return before;
  return new Promise<ReturnType<typeof outbox.messages>[number]>((resolve) => {
    const forget = outbox.subscribe((message) => {
      if (message.kind !== kind) return;
      forget();
      resolve(message);
    });
  });
}
