/** Signs a person's answer and gets it to the hub: over the socket, else over HTTP, until the hub has said what came of it. */
import { asVerihubError, VerihubError } from './errors.ts';
import type { DeviceApi } from './device-api.ts';
import { promptDigest, signCompact } from './device-signature.ts';
import type { KeyStore } from './key-store.ts';
import { verificationStatuses } from './protocol.ts';
import type { DecisionClaims, DecisionReply, DecisionValue, PromptView, VerificationStatus } from './protocol.ts';
import { having } from './reply-guards.ts';
import type { SdkRuntime } from './runtime.ts';
import type { SocketLink } from './socket-link.ts';

export interface Answer {
  decision: DecisionValue;
  number?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface DecisionContext {
  keys: KeyStore;
  api: DeviceApi;
  link: SocketLink;
  runtime: SdkRuntime;
  deviceId: string;
  hub: string;
  /** How long the socket may take before HTTP is tried, in milliseconds. */
  ackTimeoutMs: number;
  /** For the whole answer, in milliseconds. */
  deadlineMs: number;
}

/**
 * How the verification stands after the answer.
 * Rejects with the hub's problem, with `invalid-argument` when the number is missing, or with `network` or `timeout`
 * when it is not known whether the answer arrived: the same answer may then be given again.
 */
export async function sendDecision(
  context: DecisionContext,
  prompt: PromptView,
  answer: Answer,
): Promise<VerificationStatus> {
  const { api, link, runtime } = context;
  const giveUpAt = runtime.elapsed() + context.deadlineMs;
  const decision = await signDecision(context, prompt, answer);
  if (link.isUp()) {
    try {
      const reply = await link.request('decide', [{ decision }], context.ackTimeoutMs, answer.signal);
      return readStatus(reply['status']);
    } catch (thrown) {
      if (!isUnsettled(asVerihubError(thrown))) throw thrown;
    }
  }
  // The same signed answer again is safe: the hub gives the same device its first answer (contract section 6).
  const reply = await api.call({
    method: 'POST',
    path: `/v1/device/prompts/${encodeURIComponent(prompt.id)}/decision`,
    body: { decision },
    read: having<DecisionReply>('status'),
    repeatable: true,
    deadlineMs: Math.max(1_000, giveUpAt - runtime.elapsed()),
    signal: answer.signal,
  });
  return readStatus(reply.status);
}

async function signDecision(context: DecisionContext, prompt: PromptView, answer: Answer): Promise<string> {
  const claims: DecisionClaims = {
    iss: context.deviceId,
    aud: context.hub,
    sub: prompt.id,
    challenge: prompt.challenge,
    decision: answer.decision,
    ...numberClaim(prompt, answer),
    prompt: await promptDigest(prompt),
  };
  return signCompact(context.keys, { typ: 'decision+jwt', kid: context.deviceId }, claims);
}

/** Only with `approve`, and only where matching asks for it (contract section 6). */
function numberClaim(prompt: PromptView, { decision, number }: Answer): { number?: string } {
  if (decision !== 'approve' || prompt.matching.mode === 'none') return {};
  const given = number?.trim() ?? '';
  if (given === '')
    throw new VerihubError('invalid-argument', { detail: 'the number from the sign-in page is missing' });
  return { number: given };
}

const unsettled: ReadonlySet<string> = new Set([
  'network',
  'timeout',
  'bad-response',
  'internal',
  'store-unavailable',
  'draining',
  'request-in-flight',
  'unauthenticated',
  'clock-skew',
]);

/** The socket brought no verdict on the answer itself. */
function isUnsettled(error: VerihubError): boolean {
  return unsettled.has(error.code);
}

function readStatus(value: unknown): VerificationStatus {
  const status = verificationStatuses.find((known) => known === value);
  if (status === undefined) throw new VerihubError('bad-response', { detail: `unknown status ${String(value)}` });
  return status;
}
