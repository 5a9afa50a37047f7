// Scenes that many REST tests begin with: a pending verification, an SMS that has been sent, an approved sign-in.
import type { PromptView, VerificationView } from '../../client-sdk/protocol.ts';
import type { CallOptions, Reply, TestHub } from './hub.ts';
import { enrollPhone, type Phone } from './phone.ts';

type Hub = Pick<TestHub, 'call' | 'origin' | 'localUrl' | 'outbox'>;

export interface Started {
  id: string;
  number: string;
  waiterToken: string;
  verification: VerificationView;
}

export function verificationOf(reply: Reply): VerificationView {
  return reply.body['verification'] as VerificationView;
}

export function codeOf(reply: Reply): unknown {
  return reply.body['code'];
}

/** Creates a verification of this user. It stays pending when the user has a device. */
export async function startVerification(
  hub: Hub,
  userId: string,
  body: Record<string, unknown> = {},
  options: CallOptions = {},
): Promise<Started> {
  const reply = await hub.call('POST', '/v1/verifications', {
    ...options,
    body: { userId, action: 'Sign in', ...body },
  });
  if (reply.status !== 201) throw new Error(`not created: ${JSON.stringify(reply.body)}`);
  const verification = verificationOf(reply);
  const { id, matching } = verification;
  return { id, number: matching.number ?? '', waiterToken: String(reply.body['waiterToken']), verification };
}

/** A verification whose SMS code has been sent, and the code. */
export async function startSms(hub: Hub, userId: string): Promise<Started & { code: string }> {
  await hub.call('PUT', `/v1/users/${userId}`, { body: { phoneNumber: '+31612345678' } });
  const text = nextSms(hub);
  const started = await startVerification(hub, userId, { steps: ['sms'] });
  const code = /#(\d{6})$/.exec(await text)?.[1];
  if (code === undefined) throw new Error('no code in the SMS');
  return { ...started, code };
}

function nextSms({ outbox }: Hub): Promise<string> {
  if (outbox === undefined) throw new Error('this hub has no simulated SMS');
  const { promise, resolve } = Promise.withResolvers<string>();
  const end = outbox.subscribe((sent) => {
    if (sent.kind !== 'sms') return;
    end();
    resolve(sent.message.text);
  });
  return promise;
}

export async function fetchPrompt(hub: Hub, phone: Phone, id: string): Promise<PromptView> {
  const reply = await hub.call('POST', `/v1/device/prompts/${id}/acknowledge`, { token: phone.token() });
  if (reply.status !== 200) throw new Error(`not acknowledged: ${JSON.stringify(reply.body)}`);
  return reply.body['prompt'] as PromptView;
}

export async function decide(
  hub: Hub,
  phone: Phone,
  started: Started,
  decision: string,
  number?: string,
): Promise<Reply> {
  const prompt = await fetchPrompt(hub, phone, started.id);
  const body = { decision: phone.decision(prompt, decision, number) };
  return hub.call('POST', `/v1/device/prompts/${started.id}/decision`, { token: phone.token(), body });
}

/** An approved sign-in of this user on a phone. */
export async function approve(hub: Hub, userId: string, phone?: Phone): Promise<Started & { phone: Phone }> {
  const holder = phone ?? (await enrollPhone(hub, userId));
  const started = await startVerification(hub, userId);
  const reply = await decide(hub, holder, started, 'approve', started.number);
  if (reply.status !== 200) throw new Error(`not approved: ${JSON.stringify(reply.body)}`);
  return { ...started, phone: holder };
}
