/** Signs a person's answer and gets it to the hub: over the socket, else over HTTP, until the hub has said what came of it. */
import { asVerihubError, VerihubError } from './errors.ts';
import type { DeviceApi } from './device-api.ts';
import { promptDigest, signCompact } from './device-signature.ts';
import type { KeyStore } from './key-store.ts';
import type { DecisionClaims, DecisionReply, DecisionValue, PromptView, VerificationStatus } from './protocol.ts';
import { verificationStatuses } from './protocol.ts';
import type { SdkRuntime } from './runtime.ts';
import type { SocketLink } from './socket-link.ts';

export interface Answer {
  decision: DecisionValue;
  number?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface DecisionSenderOptions {
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

export interface DecisionSender {
  /** How the verification stands after the answer. Rejects with the hub's problem, or `network`/`timeout` when the outcome is unknown. */
  send(prompt: PromptView, answer: Answer): Promise<VerificationStatus>;
}

export function createDecisionSender(options: DecisionSenderOptions): DecisionSender {
  const { keys, api, link, runtime, deviceId, hub } = options;
  return {
    async send(prompt, answer) {
      const giveUpAt = runtime.now() + options.deadlineMs;
      const claims: DecisionClaims = {
        iss: deviceId,
        aud: hub,
        sub: prompt.id,
        challenge: prompt.challenge,
        decision: answer.decision,
        ...(answer.number === undefined ? {} : { number: answer.number }),
        prompt: await promptDigest(prompt),
      };
      const decision = await signCompact(keys, { typ: 'decision+jwt', kid: deviceId }, claims);
      if (link.isUp()) {
        try {
          return readStatus(
            (await link.request('decide', [{ decision }], options.ackTimeoutMs, answer.signal))['status'],
          );
        } catch (thrown) {
          if (!worthAnotherRoute(asVerihubError(thrown))) throw thrown;
        }
      }
      // The same signed answer again is safe: the hub gives the same device its first answer (contract section 6).
      const reply = await api.call<DecisionReply>({
        method: 'POST',
        path: `/v1/device/prompts/${encodeURIComponent(prompt.id)}/decision`,
        body: { decision },
        expect: 'status',
        repeatable: true,
        deadlineMs: Math.max(1_000, giveUpAt - runtime.now()),
        signal: answer.signal,
      });
      return readStatus(reply.status);
    },
  };
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

/** The socket gave no verdict on the answer itself. */
function worthAnotherRoute(error: VerihubError): boolean {
  return unsettled.has(error.code);
}

function readStatus(value: unknown): VerificationStatus {
  const status = verificationStatuses.find((known) => known === value);
  if (status === undefined) throw new VerihubError('bad-response', { detail: `unknown status ${String(value)}` });
  return status;
}
