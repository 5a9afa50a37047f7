// A whole hub that pushes through FCM, with the real firebase-admin and the app's SDK, against a simulator of Google's API.
import { expect } from 'chai';
import { createBrowserClient } from '../../client-sdk/browser.ts';
import {
  createDeviceClient,
  createMemoryKeyStore,
  type DeviceClient,
  type PromptView,
} from '../../client-sdk/device.ts';
import { createRelyingParty, type RelyingParty } from '../../client-sdk/relying-party.ts';
import * as answers from '../support/fcm-answers.ts';
import { payloadBytes, startFcmSimulator, type FcmSimulator } from '../support/fcm-simulator.ts';
import { startTestHub, testApiKey, type TestHub } from '../support/hub.ts';

interface Scene extends AsyncDisposable {
  fcm: FcmSimulator;
  hub: TestHub;
  bank: RelyingParty;
  phone: DeviceClient;
}

const pushToken = { provider: 'fcm', token: 'fcm-token-7c1f' } as const;

/** Alice with an enrolled phone that is not connected: its prompts come by push, and after that by SMS. */
async function setScene(env: Record<string, string> = {}): Promise<Scene> {
  const fcm = await startFcmSimulator();
  const hub = await startTestHub({
    VERIHUB_PUSH: 'fcm',
    VERIHUB_FCM_PROJECT_ID: 'sim',
    VERIHUB_FCM_ENDPOINT: fcm.origin,
    ...env,
  });
  const bank = createRelyingParty({ hub: hub.origin, apiKey: testApiKey });
  await bank.putUser('alice', { phoneNumber: '+31612345678' });
  const phone = createDeviceClient({ keyStore: createMemoryKeyStore() });
  const { uri } = await bank.createEnrollment('alice');
  await phone.enroll({ uri, name: "Alice's phone", platform: 'android', pushToken });
  return {
    fcm,
    hub,
    bank,
    phone,
    async [Symbol.asyncDispose]() {
      phone.close();
      // First what hangs, so that the hub need not wait for it.
      await fcm[Symbol.asyncDispose]();
      await hub.close();
    },
  };
}

const request = {
  userId: 'alice',
  action: 'Sign in to the vault',
  details: [{ label: 'Amount', value: '120.00 EUR' }],
  context: { ip: '203.0.113.7', userAgent: 'Firefox on Linux', location: 'Utrecht' },
};

/** What the app's messaging service would be handed. */
async function dataOf({ fcm }: Scene): Promise<Record<string, string>> {
  await fcm.arrived(1);
  return fcm.requests[0]?.message['data'] as Record<string, string>;
}

function smsOf({ hub }: Scene): Promise<number> {
  const { outbox } = hub;
  if (outbox === undefined) throw new Error('no simulated outbox');
  return new Promise((resolve) => {
    const forget = outbox.subscribe(({ kind }) => {
      if (kind !== 'sms') return;
      forget();
      resolve(performance.now());
    });
  });
}

const laterThisHour: answers.FcmAnswer = (response, sent) =>
  answers.quotaExceeded(new Date(Date.now() + 120_000).toUTCString())(response, sent);

const attemptsOf = async ({ bank }: Scene, id: string) =>
  (await bank.timeline(id)).filter(({ type, step }) => type === 'attempt' && step === 'push');

describe('a hub that pushes through FCM', function () {
  this.timeout(15_000);

  it('reaches a phone that is not connected, and takes its approval', async () => {
    await using scene = await setScene();
    const { verification, waiterToken } = await scene.bank.createVerification(request);
    const hints: PromptView[] = [];
    const data = await dataOf(scene);
    const prompt = await scene.phone.handlePush(data, { onHint: (hint) => void hints.push(hint) });
    expect(hints[0]).to.deep.include({ id: verification.id, action: request.action, details: request.details });
    expect(prompt).to.deep.include({ id: verification.id, action: request.action });
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
    const [attempt, ...more] = await attemptsOf(scene, verification.id);
    expect(attempt).to.deep.include({
      status: 'accepted',
      provider: 'fcm',
      providerId: 'projects/sim/messages/0:170000000000001%abc',
    });
    expect(more).to.deep.equal([]);
  });

  it('does not start with credentials that are none, and says what to do', async () => {
    const env = { VERIHUB_PUSH: 'fcm', VERIHUB_FCM_PROJECT_ID: 'sim', VERIHUB_FCM_CREDENTIALS: '/nowhere/key.json' };
    const refusal: unknown = await startTestHub(env).catch((error: unknown) => error);
    expect(refusal)
      .to.be.instanceOf(Error)
      .and.match(/VERIHUB_FCM_CREDENTIALS cannot be read \(ENOENT\): give the path/);
  });

  it('tells Google nothing of who approves what', async () => {
    await using scene = await setScene();
    const { verification } = await scene.bank.createVerification(request);
    await scene.fcm.arrived(1);
    const seen = JSON.stringify(scene.fcm.requests);
    expect(seen).to.include(verification.id).and.include(pushToken.token);
    const { number = '' } = verification.matching;
    for (const secret of [
      'alice',
      'vault',
      'Example',
      'Amount',
      '120.00',
      '203.0.113.7',
      'Firefox',
      'Utrecht',
      '31612345678',
      `"${number}"`,
    ]) {
      expect(seen).not.to.include(secret);
    }
    const android = scene.fcm.requests[0]?.message['android'] as { ttl: string } | undefined;
    const ttl = Number.parseInt(android?.ttl ?? '', 10);
    expect(ttl, 'what is left of 300 s').to.be.within(290, 300);
  });

  it('shortens what is too long for a push; what is approved is whole', async () => {
    await using scene = await setScene();
    const detail = (number: number) => ({ label: `Detail ${number} ${'€'.repeat(50)}`, value: '漢'.repeat(256) });
    const long = {
      userId: 'alice',
      action: 'ä'.repeat(200),
      details: Array.from({ length: 10 }, (_, number) => detail(number)),
      context: { ip: '2001:db8::1', userAgent: 'u'.repeat(512), location: '"'.repeat(128) },
    };
    const { verification } = await scene.bank.createVerification(long);
    const data = await dataOf(scene);
    expect(payloadBytes(scene.fcm.requests[0]?.message ?? {})).to.be.at.most(4_096 - 256);
    const hints: PromptView[] = [];
    const prompt = await scene.phone.handlePush(data, { onHint: (hint) => void hints.push(hint) });
    expect(hints[0]?.action).to.equal(long.action);
    expect(hints[0]?.details).to.have.length(10);
    for (const { label, value } of hints[0]?.details ?? []) {
      expect(label).to.match(/^Detail \d €*…$/u);
      expect(value).to.match(/^漢+…$/u);
    }
    expect(prompt).to.deep.include({ action: long.action, details: long.details, context: long.context });
    const { number = '' } = verification.matching;
    expect(await scene.phone.approve(verification.id, { number })).to.equal('approved');
  });

  it('puts a token aside that is gone, and sends the SMS at once (F24)', async () => {
    for (const answer of [answers.fcmErrors.unregistered, answers.fcmErrors.invalidToken]) {
      await using scene = await setScene({ VERIHUB_PUSH_WAIT_MS: '60000' });
      scene.fcm.script([], answer);
      const sms = smsOf(scene);
      const { verification } = await scene.bank.createVerification(request);
      await sms;
      const [device] = await scene.bank.listDevices('alice');
      expect(device?.pushToken).to.deep.equal({ provider: 'fcm', status: 'quarantined' });
      expect(await attemptsOf(scene, verification.id)).to.have.length(1);
      expect(scene.fcm.requests).to.have.length(1);
      await scene.phone.updatePushToken(pushToken);
      expect((await scene.bank.listDevices('alice'))[0]?.pushToken).to.include({ status: 'active' });
    }
  });

  // F22: retried at most twice inside the step's time, then the next step at once.
  for (const [name, answer, requests] of [
    ['500', answers.fcmErrors.internal, 3],
    ['503 without a time', answers.fcmErrors.unavailable, 3],
    ['503 with a time that is too far off', answers.unavailable('120'), 1],
    ['429 with a time that is too far off', answers.quotaExceeded('120'), 1],
    ['429 until a date', laterThisHour, 1],
    ['200 with cut JSON', answers.json(200, '{"name": "proj'), 3],
    ['200 with HTML', answers.html(200), 3],
    ['200 with nothing', answers.empty, 3],
    ['200 with 10 MB', answers.huge(10_000_000), 3],
    ['302', answers.redirect, 3],
    ['403: our project or key is wrong', answers.fcmErrors.permissionDenied, 1],
    ['403: another sender', answers.fcmErrors.senderIdMismatch, 1],
    ['400: our message is wrong', answers.fcmErrors.invalidField, 1],
  ] as const) {
    it(`goes on to SMS long before the push wait when FCM answers ${name} (F22)`, async () => {
      await using scene = await setScene({ VERIHUB_PUSH_WAIT_MS: '60000' });
      scene.fcm.script([], answer);
      const sms = smsOf(scene);
      const started = performance.now();
      const { verification } = await scene.bank.createVerification(request);
      expect((await sms) - started).to.be.below(4_000);
      expect(scene.fcm.requests).to.have.length(requests);
      const attempts = await attemptsOf(scene, verification.id);
      expect(attempts).to.have.length(requests);
      expect(attempts[0]?.reason).to.match(/^[a-z0-9-]+$/);
    });
  }

  // F23: an outcome that is unknown may be repeated, under the same key; the person gets the SMS on time all the same.
  for (const [name, answer] of [
    ['never answers', answers.hang],
    ['answers a byte at a time', answers.trickle],
    ['breaks off', answers.brokenOff],
  ] as const) {
    it(`sends the SMS on time when FCM ${name} (F23)`, async () => {
      await using scene = await setScene({ VERIHUB_PUSH_WAIT_MS: '1000' });
      scene.fcm.script([], answer);
      const sms = smsOf(scene);
      const started = performance.now();
      await scene.bank.createVerification(request);
      expect((await sms) - started).to.be.within(990, 2_000);
      const keys = scene.fcm.requests.map(
        ({ message }) => (message['android'] as Record<string, string>)['collapse_key'],
      );
      expect(new Set(keys).size).to.equal(1);
      expect(keys.length).to.be.within(1, 3);
    });
  }
});
