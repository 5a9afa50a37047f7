/** What the waiting page may ask: submit a code, resend, cancel. Over the socket, else over HTTP, and never counted twice. */
import { asVerihubError, VerihubError } from './errors.ts';
import type { HttpClient } from './http-client.ts';
import type { VerificationReply, VerificationView } from './protocol.ts';
import { having } from './reply-guards.ts';
import type { Follower, ReadVerification } from './verification-follower.ts';
import { isVerificationView } from './wire-guards.ts';

export interface CommandContext {
  follower: Follower;
  http: HttpClient;
  read: ReadVerification;
  token: string;
  verificationId: string;
  /** A socket acknowledgement, in milliseconds. */
  ackTimeoutMs: number;
}

export type Command = 'code' | 'resend' | 'cancel';

/** One try over the socket if there is one, then at most two over HTTP. */
export async function sendCommand(
  context: CommandContext,
  command: Command,
  body: object | null,
  signal: AbortSignal | undefined,
): Promise<VerificationView> {
  const { follower } = context;
  if (follower.isClosed()) throw new VerihubError('closed');
  const before = follower.current();
  const routes = follower.link.isUp() ? [overSocket, overHttp, overHttp] : [overHttp, overHttp];
  for (const [index, route] of routes.entries()) {
    const answered = index === 0 ? null : await settled(context, command, before, signal);
    try {
      const verification = answered ?? (await route(context, command, body, signal));
      follower.take(verification);
      return verification;
    } catch (thrown) {
      if (index === routes.length - 1 || !isUnknown(asVerihubError(thrown))) throw thrown;
    }
  }
  throw new VerihubError('network');
}

type Route = (
  context: CommandContext,
  command: Command,
  body: object | null,
  signal: AbortSignal | undefined,
) => Promise<VerificationView>;

const overSocket: Route = async ({ follower, ackTimeoutMs }, command, body, signal) => {
  const reply = await follower.link.request(command, body === null ? [] : [body], ackTimeoutMs, signal);
  return readable(reply['verification']);
};

const overHttp: Route = async ({ http, token, verificationId }, command, body, signal) => {
  const reply = await http.call({
    ...{ method: 'POST', path: `/v1/verifications/${encodeURIComponent(verificationId)}/${command}` },
    ...{ credential: () => token, body: body ?? {}, read: having<VerificationReply>('verification'), signal },
    repeatable: command === 'cancel',
  });
  return readable(reply.verification);
};

/**
 * Whether an earlier try whose answer was lost did its work: a code counts each time it is sent, so look before sending
 * it again. Null when there is no sign of it.
 */
async function settled(
  { read }: CommandContext,
  command: Command,
  before: VerificationView | null,
  signal: AbortSignal | undefined,
): Promise<VerificationView | null> {
  if (command === 'cancel' || before === null) return null;
  const now = await read('now', signal);
  if (now.status !== 'pending') return now;
  if (command === 'resend') return now.resend.left < before.resend.left ? now : null;
  const { attemptsLeft } = now.code;
  if (attemptsLeft < before.code.attemptsLeft) throw new VerihubError('code-incorrect', { attemptsLeft });
  return null;
}

function readable(value: unknown): VerificationView {
  if (isVerificationView(value)) return value;
  throw new VerihubError('bad-response', { detail: 'the answer has no readable verification' });
}

/** The hub may or may not have acted. */
function isUnknown(error: VerihubError): boolean {
  return ['network', 'timeout', 'bad-response'].includes(error.code);
}
