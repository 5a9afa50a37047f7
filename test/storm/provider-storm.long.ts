// 1,000 sign-ins while FCM is having its worst day: none is lost, each reaches SMS or is decided, and nobody gets two SMS.
import { expect } from 'chai';
import type { VerificationView } from '../../client-sdk/protocol.ts';
import * as fcmAnswers from '../support/fcm-answers.ts';
import { startFcmSimulator } from '../support/fcm-simulator.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { enrollPhone, type Phone } from '../support/phone.ts';
import { realTime } from '../support/real-time.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startVonageSimulator, vonageEnv } from '../support/vonage-simulator.ts';

const count = 1_000;
const people = 250;
/** Asked for this many at a time. */
const lanes = 50;
const pushWaitMs = 2_000;

/** Random for every request; half of what is accepted is answered by the person, as in life. */
const moods = [
  fcmAnswers.accept,
  fcmAnswers.accept,
  fcmAnswers.accept,
  fcmAnswers.accept,
  fcmAnswers.quotaExceeded('1'),
  fcmAnswers.quotaExceeded(),
  fcmAnswers.fcmErrors.internal,
  fcmAnswers.fcmErrors.unavailable,
  fcmAnswers.hang,
  fcmAnswers.reset,
  fcmAnswers.empty,
] as const;

describe('1,000 verifications while FCM answers as it pleases', () => {
  it('are all decided or reach SMS, none by two SMS, a repeated push under one key', async () => {
    const folder = temporaryFolder();
    await using fcm = await startFcmSimulator();
    await using vonage = await startVonageSimulator();
    fcm.script([], (response, request) => moods[Math.floor(Math.random() * moods.length)]?.(response, request));
    const hub = await startTestHub({
      ...vonageEnv(vonage, folder.path),
      ...{ VERIHUB_PUSH: 'fcm', VERIHUB_FCM_PROJECT_ID: 'sim', VERIHUB_FCM_ENDPOINT: fcm.origin },
      ...{ VERIHUB_PUSH_WAIT_MS: String(pushWaitMs), VERIHUB_SMS_PER_NUMBER: '100', VERIHUB_SMS_PER_PREFIX: '10000' },
      ...{
        VERIHUB_SMS_PER_COUNTRY: '10000',
        VERIHUB_SMS_PER_APPLICATION: '10000',
        VERIHUB_SMS_MIN_CONVERSION_PERCENT: '0',
      },
      VERIHUB_STORE: `sqlite:${folder.path}/hub.db`,
    });
    try {
      const phones = await enrollEverybody(hub);
      const ids: string[] = [];
      await Promise.all(
        Array.from({ length: lanes }, async (_, lane) => {
          for (let n = lane; n < count; n += lanes) ids.push(await signIn(hub, phones[n % people], n));
        }),
      );
      await untilNothingWaits(hub, ids);
      await check(hub, ids);
      checkSms(vonage.requests.map(({ message }) => message));
      checkPushes(fcm.requests.map(({ message }) => message));
    } finally {
      await hub.close();
      folder.remove();
    }
  });
});

async function enrollEverybody(hub: TestHub): Promise<Phone[]> {
  const phones: Phone[] = [];
  for (let n = 0; n < people; n += 1) {
    const userId = `person-${n}`;
    await hub.call('PUT', `/v1/users/${userId}`, { body: { phoneNumber: `+316123${String(40_000 + n)}` } });
    phones.push(await enrollPhone(hub, userId, { pushToken: { provider: 'fcm', token: `token-${n}` } }));
  }
  return phones;
}

/** Every fifth person opens the app in time and approves. */
async function signIn(hub: TestHub, phone: Phone | undefined, n: number): Promise<string> {
  const body = { userId: `person-${n % people}`, action: 'Sign in', lifetimeSeconds: 600 };
  const created = await hub.call('POST', '/v1/verifications', { body });
  expect(created.status, JSON.stringify(created.body)).to.equal(201);
  const { id, matching } = created.body['verification'] as VerificationView;
  if (n % 5 !== 0 || phone === undefined) return id;
  const acknowledged = await phone.call('POST', `/v1/device/prompts/${id}/acknowledge`, {});
  const prompt = acknowledged.body['prompt'] as { id: string; challenge: string };
  const decision = phone.decision(prompt, 'approve', matching.number);
  expect((await phone.call('POST', `/v1/device/prompts/${id}/decision`, { decision })).body['status']).to.equal(
    'approved',
  );
  return id;
}

/** The hub itself tells when nothing waits to be sent or escalated before the deadlines. */
async function untilNothingWaits(hub: TestHub, ids: readonly string[]): Promise<void> {
  for (;;) {
    const { records } = await hub.store.read(ids.map((id) => ({ kind: 'verification', id })));
    const isBusy = records.some(
      (verification) =>
        verification?.status === 'pending' &&
        !verification.delivery.some(({ step, status }) => step === 'sms' && status === 'accepted'),
    );
    if (!isBusy) return;
    await realTime(100);
  }
}

async function check(hub: TestHub, ids: readonly string[]): Promise<void> {
  expect(new Set(ids).size, 'none lost').to.equal(count);
  const { records } = await hub.store.read(ids.map((id) => ({ kind: 'verification', id })));
  const ends = records.map((verification) =>
    verification?.status === 'pending' ? 'reached SMS' : (verification?.status ?? 'lost'),
  );
  const counts = Object.groupBy(ends, (end) => end);
  expect(Object.keys(counts)).to.have.members(['reached SMS', 'approved']);
  console.log(`      ${counts['approved']?.length} approved in the app, ${counts['reached SMS']?.length} reached SMS`);
}

/** Nothing crashed: so nobody's phone gets the same code twice. */
function checkSms(messages: readonly { client_ref?: string }[]): void {
  const refs = messages.map((message) => message.client_ref);
  expect(new Set(refs).size, 'SMS sent twice').to.equal(refs.length);
}

/** A push that was tried again is the same push to the phone. */
function checkPushes(messages: readonly Record<string, unknown>[]): void {
  const keysOf = new Map<string, Set<unknown>>();
  for (const { data, android } of messages as { data: { id: string }; android: Record<string, unknown> }[]) {
    keysOf.set(data.id, (keysOf.get(data.id) ?? new Set()).add(android['collapse_key']));
  }
  for (const [id, keys] of keysOf) expect([...keys]).to.deep.equal([id]);
}
