/** Codes, resends and cancels from the page: over the socket or HTTP, and never counted twice because a reply was lost. */
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { createBrowserClient } from '../../client-sdk/browser.ts';
import type { BrowserClient, VerihubError } from '../../client-sdk/browser.ts';
import type { VerificationView } from '../../client-sdk/protocol.ts';
import { rejectionOf, until } from './support/conditions.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub, Scripted } from './support/fake-hub.ts';
import { verification, waiterToken } from './support/wire.ts';

type Answer = (answer: object) => void;

describe('what the page asks', () => {
  let hub: FakeHub;
  let client: BrowserClient;
  /** The hub's truth. */
  let truth: VerificationView;
  let onCommand: (name: string, body: unknown, answer: Answer) => void;
  /** Commands that came by the socket. */
  let commands: [string, unknown][];

  beforeEach(async () => {
    hub = await startFakeHub();
    truth = verification({ code: { acceptable: true, attemptsLeft: 5 } });
    commands = [];
    onCommand = (_name, _body, answer) => answer({ ok: true, verification: truth });
    hub.onBrowser = listen;
    hub.route('GET /v1/verifications/ver_1', () => ({ status: 200, body: { verification: truth } }));
    client = createBrowserClient({
      ...{ hub: hub.origin, waiterToken: await waiterToken(), timeouts: { acknowledgeMs: 400 } },
      runtime: { random: () => 0 },
    });
    await until('the snapshot', () => client.current() !== null);
  });
  afterEach(async () => {
    client.close();
    await hub.close();
  });

  function listen(socket: Socket): void {
    const record = (name: string, body: unknown, answer: Answer): void => {
      commands.push([name, body]);
      onCommand(name, body, answer);
    };
    socket.on('code', (body, answer: Answer) => record('code', body, answer));
    socket.on('resend', (body, answer: Answer) => record('resend', body, answer));
    socket.on('cancel', (answer: Answer) => record('cancel', undefined, answer));
    socket.emit('verification', truth);
  }
  const httpBodies = (command: string): unknown[] =>
    hub.seen(`POST /v1/verifications/ver_1/${command}`).map(({ body }) => body);
  const http = (command: string, answer: () => Scripted): void =>
    hub.route(`POST /v1/verifications/ver_1/${command}`, answer);
  const asReply = (): Scripted => ({ status: 200, body: { verification: truth } });

  it('goes over the socket', async () => {
    truth = { ...truth, rev: 2, status: 'approved', resultToken: 'r' };
    expect(await client.code(' 123456 ')).to.have.property('status', 'approved');
    expect(commands).to.deep.equal([['code', { code: '123456' }]]);
    expect(await client.wait()).to.have.property('resultToken', 'r');
  });

  it('goes over HTTP while there is no socket', async () => {
    hub.handshake = () => problem('store-unavailable', 503).body as object;
    hub.cut();
    await until('no connection', () => client.state().condition !== 'online');
    http('resend', asReply);
    await client.resend('sms');
    http('cancel', () => {
      truth = { ...truth, rev: 3, status: 'canceled' };
      return asReply();
    });
    expect(await client.cancel()).to.have.property('status', 'canceled');
    expect(httpBodies('resend')).to.deep.equal([{ step: 'sms' }]);
    expect(commands).to.deep.equal([]);
  });

  it('is told how many tries are left, and when to ask again', async () => {
    onCommand = (name, _body, answer) => {
      const refusal =
        name === 'code'
          ? problem('code-incorrect', 422, { attemptsLeft: 1 })
          : problem('resend-too-soon', 429, { retryAfter: 30 });
      answer({ ok: false, problem: refusal.body });
    };
    const wrong = (await rejectionOf(client.code('000000'))) as VerihubError;
    expect(wrong).to.include({ code: 'code-incorrect', attemptsLeft: 1 });
    expect(wrong.message).to.match(/1 try left/);
    const soon = (await rejectionOf(client.resend())) as VerihubError;
    expect(soon).to.include({ code: 'resend-too-soon', retryAfter: 30 });
    expect(soon.message).to.match(/in 30 seconds/);
    expect(commands).to.have.length(2);
  });

  it('does not send a code again that was counted although the reply was lost', async () => {
    onCommand = () => {
      truth = { ...truth, rev: 2, code: { acceptable: true, attemptsLeft: 4 } };
    };
    const error = await rejectionOf(client.code('000000'));
    expect(error).to.include({ code: 'code-incorrect', attemptsLeft: 4 });
    expect(httpBodies('code')).to.deep.equal([]);
  });

  it('finds the approval although the reply was lost', async () => {
    onCommand = () => {
      truth = { ...truth, rev: 2, status: 'approved', resultToken: 'r' };
    };
    expect(await client.code('123456')).to.have.property('status', 'approved');
    expect(httpBodies('code')).to.deep.equal([]);
  });

  it('sends a code again that never arrived', async () => {
    onCommand = () => {};
    http('code', () => {
      truth = { ...truth, rev: 2, status: 'approved', resultToken: 'r' };
      return asReply();
    });
    expect(await client.code('123456')).to.have.property('status', 'approved');
    expect(httpBodies('code')).to.deep.equal([{ code: '123456' }]);
  });

  it('does not resend again what was resent although the reply was lost', async () => {
    onCommand = () => {
      truth = { ...truth, rev: 2, resend: { ...truth.resend, left: 2 } };
    };
    expect(await client.resend()).to.have.deep.property('resend', truth.resend);
    expect(httpBodies('resend')).to.deep.equal([]);
  });

  it('says so when the hub cannot be reached by any route', async () => {
    onCommand = () => {};
    http('code', () => 'drop');
    const error = await rejectionOf(client.code('123456'));
    expect(error).to.have.property('code', 'network');
    expect(httpBodies('code')).to.have.length(2);
  });
});
