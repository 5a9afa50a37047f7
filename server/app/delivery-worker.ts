// Sends what waits in the outbox: pushes, SMS and webhooks, at least once, each with its deadline and its outcome kept.
import type { ChannelResult, CommandOf } from '../core/events.ts';
import { fitPrompt, pushPromptBytes } from '../core/push-payload.ts';
import { smsText } from '../core/sms-text.ts';
import { attemptEntry } from '../core/pending-delivery.ts';
import { stepOf, type StepReason, type Timestamp, type Verification } from '../core/verification.ts';
import { userKey, type DeviceRecord } from '../ports/records.ts';
import type { ClaimedMessage, Put } from '../ports/store.ts';
import { attempt, outcomeOf } from './attempt.ts';
import { change, type Changed, type Made } from './change.ts';
import type { Context } from './context.ts';
import { strikeToken } from './push-tokens.ts';
import { activeDevices, readReach } from './reach.ts';
import { createSmsGate, type SmsGate } from './sms-gate.ts';
import { isOptedOut } from './sms-opt-outs.ts';
import { viewPrompt } from './views.ts';
import { sendWebhook } from './webhook-delivery.ts';
import { createWorkerLoop, type Worker } from './worker-loop.ts';

/** Longer than any attempt may take under its guard: a message is claimed by one node until its outcome is in. */
const leaseMs = 12_000;

/** Messages in hand at a time. Of webhooks one sick endpoint can hold so many (its guard's places) that others need more. */
const slots = { push: 64, sms: 64, webhook: 256 } as const;

type Topic = ClaimedMessage['topic'];

/** One worker a topic: a provider or receiver that hangs holds up nobody but its own kind. */
export function createDeliveryWorker(context: Context, topic: Topic): Worker {
  const gate = createSmsGate(context);
  return createWorkerLoop(context, {
    name: topic,
    slots: slots[topic],
    claim: async (limit) => {
      const { now, messages } = await context.store.claimOutbox({ topics: [topic], limit, leaseMs });
      return messages.map((message) => () => deliver(context, gate, message, now));
    },
    nextAt: async () => {
      const { now, outboxAt } = await context.store.nextWake();
      const times = Object.values(outboxAt);
      context.metrics.nextWorkSeen('outbox', now, times.length === 0 ? undefined : Math.min(...times));
      // Its own alone: what waits for another topic's slots is no reason to look again.
      return { now, at: outboxAt[topic] };
    },
  });
}

function deliver(context: Context, gate: SmsGate, message: ClaimedMessage, now: Timestamp): Promise<void> {
  return message.topic === 'webhook'
    ? sendWebhook(context, message, now)
    : sendStep(context, gate, message, message.topic);
}

/** Whether this message still is what the verification waits for. Ended or sent again since: it is taken out unsent (S9). */
function isWanted(
  verification: Verification | undefined,
  topic: 'push' | 'sms',
  message: ClaimedMessage,
): verification is Verification {
  if (verification?.status !== 'pending') return false;
  const step = stepOf(verification, topic);
  const send = step?.sends.find((candidate) => candidate.target === message.payload['target']);
  return step?.round === message.payload['round'] && send?.status === 'pending';
}

async function sendStep(
  context: Context,
  gate: SmsGate,
  message: ClaimedMessage,
  topic: 'push' | 'sms',
): Promise<void> {
  const { now, records } = await context.store.read([{ kind: 'verification', id: message.subject }]);
  const [verification] = records;
  const settle = { id: message.id, fence: message.fence, outcome: 'done' as const };
  if (!isWanted(verification, topic, message) || now >= verification.expiresAt) {
    await context.store.commit({ settle });
    return;
  }
  const target = String(message.payload['target']);
  const prepared =
    topic === 'push'
      ? preparePush(context, verification, message, now)
      : prepareSms(context, gate, verification, message, now);
  const { send, pushToken, provider } = await prepared;
  const { result, latencyMs } = await attempt(context, send);
  context.metrics.attempt(topic, outcomeOf(result), latencyMs);
  const sent: Sent = { topic, message, target, pushToken, provider, result, latencyMs };
  let isQuarantined = false;
  const make = async (current: Verification): Promise<Made> => {
    const puts = await quarantine(context, sent);
    isQuarantined = puts.length > 0;
    return { command: await outcomeCommand(context, current, sent), puts };
  };
  const changed = await change(context, verification.id, make, { settle });
  if (changed?.committed === false) await noteAttempt(context, changed, sent);
  if (changed?.committed === true && isQuarantined) context.metrics.pushTokenQuarantined();
}

interface Sent {
  topic: 'push' | 'sms';
  message: ClaimedMessage;
  target: string;
  /** The token it went to. */
  pushToken: string | undefined;
  /** Who was asked. */
  provider: string | undefined;
  result: ChannelResult;
  latencyMs: number;
}

async function outcomeCommand(
  context: Context,
  current: Verification,
  sent: Sent,
): Promise<CommandOf<'delivery-outcome'>> {
  const { topic, message, target, provider, result, latencyMs } = sent;
  const reach = await readReach(context, current);
  return {
    type: 'delivery-outcome',
    step: topic,
    round: roundOf(message),
    target,
    result,
    latencyMs,
    ...(provider === undefined ? {} : { provider }),
    jitter: context.random.fraction(),
    reach,
  };
}

/**
 * The message was taken out of the outbox while it was on its way (the verification has ended, or was acknowledged), or somebody
 * else has claimed it since. That changes no state any more, but it was tried, and the timeline holds every attempt.
 */
async function noteAttempt(context: Context, { verification, now }: Changed, sent: Sent): Promise<void> {
  const { topic, message, provider, ...rest } = sent;
  const asked = provider === undefined ? {} : { provider };
  const entry = attemptEntry(verification, { step: topic, round: roundOf(message), ...rest, ...asked }, now);
  await context.store.commit({ timeline: { verificationId: verification.id, entries: [entry] } });
}

function roundOf(message: ClaimedMessage): number {
  return Number(message.payload['round']);
}

/** A provider says the app is gone. Its token is put aside or given up; the app may have registered another since. */
async function quarantine(context: Context, { topic, target, pushToken, result }: Sent): Promise<Put[]> {
  if (topic !== 'push' || result.kind !== 'rejected' || result.recipientGone !== true) return [];
  const { now, records } = await context.store.read([{ kind: 'device', id: target }]);
  const [device] = records;
  if (device?.pushToken === undefined || device.pushToken.token !== pushToken) return [];
  const { pushToken: struck, ...rest } = device;
  const kept = strikeToken(struck, now);
  const record: DeviceRecord = { ...rest, rev: device.rev + 1, ...(kept === undefined ? {} : { pushToken: kept }) };
  return [{ kind: 'device', record }];
}

interface Prepared {
  send: (signal: AbortSignal) => Promise<ChannelResult>;
  pushToken?: string;
  provider?: string;
}

/** Reached somebody when its step began, and nobody any more. */
function hopeless(reason: StepReason): Prepared {
  return { send: async () => ({ kind: 'rejected', reason, skip: reason }) };
}

async function preparePush(
  context: Context,
  verification: Verification,
  message: ClaimedMessage,
  now: Timestamp,
): Promise<Prepared> {
  const { push } = context.channels;
  if (push === undefined) return hopeless('not-configured');
  const { records } = await context.store.read([{ kind: 'device', id: String(message.payload['target']) }]);
  const [device] = records;
  if (device?.pushToken?.status !== 'active' || device.revokedAt !== undefined) return hopeless('no-push-token');
  const prompt = fitPrompt(viewPrompt(verification, now), pushPromptBytes);
  const jwe = await context.secrets.encryptFor(device.encryptionKey, JSON.stringify(prompt));
  const { token } = device.pushToken;
  const ttlMs = verification.expiresAt - now;
  const content = {
    dedupeId: message.id,
    verificationId: verification.id,
    token,
    platform: device.platform,
    jwe,
    ttlMs,
  };
  return { send: (signal) => push.send(content, signal), pushToken: token, provider: push.provider };
}

async function prepareSms(
  context: Context,
  gate: SmsGate,
  verification: Verification,
  message: ClaimedMessage,
  now: Timestamp,
): Promise<Prepared> {
  const { sms } = context.channels;
  if (sms === undefined) return hopeless('not-configured');
  const { applicationId, userId, applicationName } = verification;
  const { records } = await context.store.read([
    { kind: 'user', id: userKey(applicationId, userId) },
    { kind: 'application', id: applicationId },
  ]);
  const [user, application] = records;
  if (user?.phoneNumber === undefined || application === undefined) return hopeless('no-phone-number');
  if (await isOptedOut(context, user.phoneNumber)) return hopeless('opted-out');
  const refused = await gate.admit({ applicationId, dedupeId: message.id, to: user.phoneNumber });
  if (refused !== undefined) return hopeless(refused);
  const text = smsText({
    applicationName,
    domain: application.domain,
    code: context.secrets.smsCode(verification.id, verification.codeSalt),
    locale: verification.locale ?? user.locale,
    isFallback: await isFallback(context, verification),
  });
  const ttlMs = verification.expiresAt - now;
  const content = { dedupeId: message.id, verificationId: verification.id, to: user.phoneNumber, text, ttlMs };
  return { send: (signal) => sms.send(content, signal), provider: sms.provider };
}

/** Whether the person has an app that should have brought it, and did not. */
async function isFallback(context: Context, verification: Verification): Promise<boolean> {
  const { plan, promptable, acknowledgements, applicationId, userId } = verification;
  if (plan === 'all-at-once' || !promptable || acknowledgements.length > 0) return false;
  const { records } = await context.store.list({ kind: 'device', applicationId, userId });
  return activeDevices(records).length > 0;
}
