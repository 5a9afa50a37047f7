// Sockets of a whole hub on which every event and every answer is held to asyncapi.yaml.
import { io, type Socket } from 'socket.io-client';
import type { PromptView, VerificationView } from '../../../client-sdk/protocol.ts';
import { createAsyncapiCheck, type AsyncapiCheck } from '../../support/asyncapi-check.ts';
import type { Phone } from '../../support/phone.ts';
import { ask, refusal, until, type Answer, type Transport } from './clients.ts';

/** Reading the document takes longer than most tests. */
const shared = createAsyncapiCheck();

export interface CheckedSocket {
  readonly socket: Socket;
  /** All that came, in order. */
  readonly received: { event: string; payload: unknown }[];
  payloads<T>(event: string): T[];
  /** The answer, held to the document; what is asked is held to it as well unless it is meant to be wrong. */
  ask(event: string, payload?: object, options?: { isWrong: boolean }): Promise<Answer>;
}

export interface CheckedSockets {
  readonly check: AsyncapiCheck;
  device(phone: Phone, options?: Options): Promise<CheckedSocket & { acknowledges: boolean }>;
  browser(waiterToken: string, options?: Options): Promise<CheckedSocket>;
  /** Connects with a credential that is not good, and answers what was said. */
  refused(namespace: string, auth: object, options?: Options): ReturnType<typeof refusal>;
  /** Everything that was not as described. */
  readonly faults: string[];
  closeAll(): void;
}

export interface Options {
  transport?: Transport;
  /** Default: prompts are acknowledged as they come. */
  acknowledges?: boolean;
  reconnects?: boolean;
}

export function createCheckedSockets(url: () => string, check: AsyncapiCheck = shared): CheckedSockets {
  const open = new Set<Socket>();
  const faults: string[] = [];

  const connect = (namespace: string, auth: object | (() => object), options: Options): Socket => {
    const socket = io(url() + namespace, {
      forceNew: true,
      reconnection: options.reconnects ?? false,
      reconnectionDelay: 20,
      transports: [options.transport ?? 'websocket'],
      auth: typeof auth === 'function' ? (send) => send(auth()) : { ...auth },
    });
    open.add(socket);
    return socket;
  };

  const watch = (socket: Socket, namespace: string, onPrompt: (acknowledge: () => void) => void): CheckedSocket => {
    const received: CheckedSocket['received'] = [];
    socket.onAny((event: string, payload: unknown, acknowledge?: () => void) => {
      faults.push(...check.event('send', namespace, event, payload));
      received.push({ event, payload });
      if (acknowledge === undefined) return;
      faults.push(...check.message('device', 'promptAcknowledgement', undefined));
      onPrompt(acknowledge);
    });
    return {
      socket,
      received,
      payloads: <T>(name: string) => received.filter(({ event }) => event === name).map(({ payload }) => payload as T),
      ask: async (event, payload, { isWrong } = { isWrong: false }) => {
        if (!isWrong) faults.push(...check.event('receive', namespace, event, payload));
        const answer = await ask(socket, event, ...(payload === undefined ? [] : [payload]));
        faults.push(...check.reply(namespace, event, answer));
        return answer;
      },
    };
  };

  const ready = async (socket: Socket): Promise<void> => {
    let failure: Error | undefined;
    socket.once('connect_error', (error) => (failure = error));
    await until(() => socket.connected || failure !== undefined, 'connected');
    if (failure !== undefined) throw failure;
  };

  return {
    check,
    faults,
    device: async (phone, options = {}) => {
      const handshake = { token: phone.token() };
      faults.push(...check.event('receive', '/device', 'connect', handshake));
      const socket = connect('/device', () => ({ token: phone.token() }), options);
      const device = { acknowledges: options.acknowledges ?? true };
      const watched = watch(socket, '/device', (acknowledge) => device.acknowledges && acknowledge());
      await ready(socket);
      return Object.assign(device, watched);
    },
    browser: async (token, options = {}) => {
      faults.push(...check.event('receive', '/browser', 'connect', { token }));
      const socket = connect('/browser', { token }, options);
      const watched = watch(socket, '/browser', () => {});
      await ready(socket);
      return watched;
    },
    refused: async (namespace, auth, options = {}) => {
      const error = await refusal(connect(namespace, auth, options));
      const { message, data } = error;
      if (namespace === '/device' || namespace === '/browser') {
        faults.push(...check.message(namespace.slice(1), 'connectError', { message, data }));
      }
      return error;
    },
    closeAll: () => {
      for (const socket of open) socket.disconnect();
      open.clear();
    },
  };
}

/** The newest prompt of this verification, once it is there. */
export async function promptOf(device: CheckedSocket, id: string): Promise<PromptView> {
  const find = (): PromptView | undefined =>
    device.payloads<PromptView>('prompt').findLast((prompt) => prompt.id === id);
  await until(() => find() !== undefined, `a prompt for ${id}`);
  return find()!;
}

/** The first snapshot that satisfies, once it is there. */
export async function snapshotOf(
  page: CheckedSocket,
  wanted: (view: VerificationView) => boolean,
): Promise<VerificationView> {
  const find = (): VerificationView | undefined => page.payloads<VerificationView>('verification').find(wanted);
  await until(() => find() !== undefined, 'the snapshot');
  return find()!;
}
