// SMS through Vonage's Messages API and its own client library, with the hub's deadlines and one fate for each message.
import { Auth } from '@vonage/auth';
import { Messages } from '@vonage/messages';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ChannelResult } from '../core/events.ts';
import type { Channel, SmsMessage } from '../ports/channel.ts';
import type { PhoneNumbers } from '../ports/phone-numbers.ts';
import type { Clock, Logger } from '../ports/runtime.ts';
import { resultOfFate, vonageProvider } from './vonage-errors.ts';
import { createVonageFaults, type VonageFault } from './vonage-faults.ts';
import { post, type Fate, type PostRequest, type TransportOptions } from './vonage-transport.ts';

export interface VonageOptions {
  /** UUID of the Vonage application that sends. */
  applicationId: string;
  /** A PEM file with the application's RSA key. */
  privateKey: string;
  /** A number, or a name of up to 11 characters. */
  from: string;
  /** Other senders, by the country (ISO 3166-1 alpha-2) they are for. */
  fromByCountry?: Readonly<Record<string, string>>;
  /** Origin of the Messages API; Vonage's own when left out. */
  endpoint?: string | undefined;
  /** Asked for the country of a number. Whether an SMS may go there has been decided before. */
  phoneNumbers: Pick<PhoneNumbers, 'inspect'>;
  clock: Clock;
  logger: Logger;
  /** Told once of each fault that an operator must mend, and again when it was mended and is back. */
  onConfigurationFault?: (fault: VonageFault) => void;
  /** Milliseconds for one attempt. Less than the guard's, so that what is known of its fate is not lost. */
  deadlineMs?: number;
  connectMs?: number;
  /** PEM of authorities trusted instead of the system's. */
  ca?: string;
}

const vonageOrigin = 'https://api.nexmo.com';

/**
 * Seconds. Vonage's SMS platform takes no less than 20; a person who gets the text later finds the code expired.
 * https://developer.vonage.com/en/api/sms
 */
const shortestTtl = 20;
const longestTtl = 259_200;

/** @throws when the key cannot be used: the message says what to do */
export function createVonageChannel(options: VonageOptions): Channel<SmsMessage> & { close(): void } {
  const { clock, logger, ca } = options;
  const auth = new Auth({ applicationId: options.applicationId, privateKey: readPrivateKey(options.privateKey) });
  const apiHost = options.endpoint ?? vonageOrigin;
  const transport: TransportOptions = {
    clock,
    deadlineMs: options.deadlineMs ?? 4_500,
    connectMs: options.connectMs ?? 2_500,
    ...(ca === undefined ? {} : { ca }),
  };
  const closing = new AbortController();
  const faults = createVonageFaults({ clock, logger, onFault: options.onConfigurationFault });

  return {
    provider: vonageProvider,
    async send(message, signal) {
      const country = (await options.phoneNumbers.inspect(message.to))?.country;
      const from = (country === undefined ? undefined : options.fromByCountry?.[country]) ?? options.from;
      const cut = AbortSignal.any([signal, closing.signal]);
      const result = await attempt({ auth, apiHost, message, from }, (request) => post(request, cut, transport), clock);
      faults.look(result, country);
      return result;
    },
    close: () => closing.abort(),
  };
}

interface Attempt {
  auth: Auth;
  apiHost: string;
  message: SmsMessage;
  from: string;
}

async function attempt(
  { auth, apiHost, message, from }: Attempt,
  send: (request: PostRequest) => Promise<Fate>,
  clock: Clock,
): Promise<ChannelResult> {
  const client = new FatefulMessages(auth, apiHost, send);
  try {
    const { messageUUID } = await client.send({
      channel: 'sms',
      messageType: 'text',
      to: withoutPlus(message.to),
      from: withoutPlus(from),
      text: message.text,
      // Comes back with every receipt. 50 characters of the 100 that Vonage allows.
      clientRef: message.dedupeId,
      ttl: Math.min(Math.max(Math.ceil(message.ttlMs / 1000), shortestTtl), longestTtl),
    });
    if (isMessageId(messageUUID)) return { kind: 'accepted', provider: vonageProvider, providerId: messageUUID };
  } catch {
    // What the library makes of an answer says less than the answer itself.
  }
  // Nothing was sent: only the library's signing comes before that.
  if (client.fate === undefined) return { kind: 'rejected', reason: 'signing-failed', configuration: true };
  return resultOfFate(client.fate, clock.now());
}

/**
 * Vonage's client over a transport of the hub's own: its `fetch` follows redirects, reads answers of any size, and cannot
 * tell a message that was not sent from one that may have been. What goes over the wire stays the library's business.
 */
class FatefulMessages extends Messages {
  fate: Fate | undefined;
  readonly #post: (request: PostRequest) => Promise<Fate>;

  constructor(auth: Auth, apiHost: string, send: (request: PostRequest) => Promise<Fate>) {
    super(auth, { apiHost });
    this.#post = send;
  }

  override async sendRequest<T>(request: Parameters<Messages['sendRequest']>[0]) {
    const prepared = await this.prepareRequest(request);
    const { url, headers = {} } = prepared;
    this.fate = await this.#post({ url, headers, body: this.prepareBody(prepared) ?? '' });
    return this.parseResponse<T>(prepared, toResponse(this.fate));
  }
}

function toResponse(fate: Fate): Response {
  if (fate.kind === 'failed') throw new Error(fate.reason);
  const { status, body } = fate;
  const type = fate.headers['content-type'] ?? '';
  // Such an answer has no body, and Response takes none.
  const isBare = [204, 205, 304].includes(status) || body === '';
  return new Response(isBare ? null : (body ?? null), { status, headers: { 'content-type': type } });
}

/** Vonage's ids are UUIDs. What else is told of a message is not kept. */
function isMessageId(id: unknown): id is string {
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id);
}

/** "Don't use a leading + or 00": https://developer.vonage.com/en/api/messages */
function withoutPlus(number: string): string {
  return number.replace(/^\+/, '');
}

/** As text, so that a file that changes or goes away later changes nothing. */
function readPrivateKey(file: string): string {
  const option = 'VERIHUB_VONAGE_PRIVATE_KEY';
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    const advice = "give the PEM file of the application's key";
    throw new Error(`${option} names a file that cannot be read (${code}): ${advice}.`, { cause: error });
  }
  try {
    if (createPrivateKey(pem).asymmetricKeyType === 'rsa') return pem;
  } catch {
    // Told below: what the parser says could show parts of the key.
  }
  throw new Error(`${option} names a file without an RSA private key in PEM: download the application's key again.`);
}
