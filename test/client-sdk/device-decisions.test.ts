/** A person's answer: what is signed, that it arrives by whatever route, and what is told when it does not. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import type { Socket } from 'socket.io';
import type { VerihubError } from '../../client-sdk/device.ts';
import { rejectionOf, until } from './support/conditions.ts';
import { enrolledDevice } from './support/enrolled-device.ts';
import type { EnrolledDevice } from './support/enrolled-device.ts';
import { createFakeRuntime } from './support/fake-runtime.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub } from './support/fake-hub.ts';
import { openJws, prompt } from './support/wire.ts';

type Reply = (answer: object) => void;
const httpRoute = 'POST /v1/device/prompts/ver_1/decision';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

describe('answering a prompt', () => {
  let hub: FakeHub;
  let device: EnrolledDevice;
  let onDecide: (decision: string, reply: Reply, socket: Socket) => void;
  /** Decisions that came by the socket. */
  let decisions: string[];
  let offered = prompt();

  beforeEach(async () => {
    hub = await startFakeHub();
    decisions = [];
    offered = prompt();
    onDecide = (_decision, reply) => reply({ ok: true, status: 'approved' });
    hub.onDevice = (socket) => {
      socket.on('prompts', (reply) => reply({ ok: true, prompts: [offered] }));
      socket.on('decide', ({ decision }: { decision: string }, reply: Reply) => {
        decisions.push(decision);
        onDecide(decision, reply, socket);
      });
      socket.emit('prompt', offered, () => {});
    };
    device = await enrolledDevice(hub, { timeouts: { acknowledgeMs: 400, decisionMs: 4_000 } });
  });
  afterEach(async () => {
    device.client.close();
    await hub.close();
  });

  async function prompted(): Promise<void> {
    await device.client.connect();
    await until('the prompt', () => device.shown.length === 1 && device.client.state().condition === 'online');
  }
  const overHttp = (): string[] => hub.seen(httpRoute).map(({ body }) => (body as { decision: string }).decision);
  const httpAnswers = (status: string): void =>
    hub.route(httpRoute, () => ({ status: 200, body: { status, serverTime: new Date().toISOString() } }));

  it('signs the challenge, the number and what was shown', async () => {
    await prompted();
    expect(await device.client.approve('ver_1', { number: ' 42 ' })).to.equal('approved');
    const { header, payload } = await openJws(decisions[0]!, device.signingKey);
    expect(header).to.deep.equal({ alg: 'ES256', typ: 'decision+jwt', kid: 'dev_1' });
    // RFC 8785 by hand: members in order, no white space.
    const canonical =
      '{"action":"Sign in to Example Bank","application":{"name":"Example Bank"},' +
      '"context":{"ip":"203.0.113.7","location":"Utrecht, NL"},"details":[{"label":"Amount","value":"120.00 EUR"}]}';
    expect(payload).to.deep.equal({
      ...{ iss: 'dev_1', aud: hub.origin, sub: 'ver_1', challenge: 'challenge-1' },
      ...{ decision: 'approve', number: '42', prompt: sha256(canonical) },
    });
    expect(device.closed).to.deep.equal([{ id: 'ver_1', status: 'approved' }]);
  });

  for (const decision of ['deny', 'report'] as const) {
    it(`sends no number with ${decision}`, async () => {
      onDecide = (_decision, reply) => reply({ ok: true, status: 'denied' });
      await prompted();
      expect(await device.client[decision]('ver_1')).to.equal('denied');
      const { payload } = await openJws(decisions[0]!, device.signingKey);
      expect(payload).to.include({ decision }).and.not.have.property('number');
    });
  }

  it('sends no number where none is asked, and asks for one where it is', async () => {
    await prompted();
    const error = await rejectionOf(device.client.approve('ver_1'));
    expect(error).to.have.property('code', 'invalid-argument');
    expect(decisions).to.deep.equal([]);
    device.client.close();
    offered = prompt({ matching: { mode: 'none' } });
    device.shown.length = 0;
    await prompted();
    await device.client.approve('ver_1', { number: '42' });
    expect((await openJws(decisions[0]!, device.signingKey)).payload).not.to.have.property('number');
  });

  it('falls back to HTTP with the same signed answer when the acknowledgement is lost', async () => {
    onDecide = () => {};
    httpAnswers('approved');
    await prompted();
    expect(await device.client.approve('ver_1', { number: '42' })).to.equal('approved');
    expect(overHttp()).to.deep.equal(decisions);
  });

  it('falls back to HTTP at once when the connection goes meanwhile', async () => {
    await device.client.drain();
    device = await enrolledDevice(hub, { timeouts: { acknowledgeMs: 60_000 } });
    onDecide = () => hub.cut();
    httpAnswers('denied');
    await prompted();
    expect(await device.client.deny('ver_1')).to.equal('denied');
    expect(overHttp()).to.deep.equal(decisions);
  });

  for (const code of ['store-unavailable', 'draining', 'internal']) {
    it(`falls back to HTTP when the socket answers ${code}`, async () => {
      onDecide = (_decision, reply) => reply({ ok: false, problem: problem(code, 503).body });
      httpAnswers('approved');
      await prompted();
      expect(await device.client.approve('ver_1', { number: '42' })).to.equal('approved');
    });
  }

  it('repeats over HTTP after a lost reply there too', async () => {
    onDecide = () => {};
    let calls = 0;
    hub.route(httpRoute, () => (++calls < 3 ? 'drop' : { status: 200, body: { status: 'approved' } }));
    await prompted();
    expect(await device.client.approve('ver_1', { number: '42' })).to.equal('approved');
    expect(new Set([...decisions, ...overHttp()]).size).to.equal(1);
  });

  it('ends by its deadline when nothing answers, and may then be given again', async () => {
    const runtime = createFakeRuntime();
    device.client.close();
    device = await enrolledDevice(hub, { runtime });
    onDecide = () => {};
    hub.route(httpRoute, () => 'hang');
    await prompted();
    const failed = rejectionOf(device.client.approve('ver_1', { number: '42' }));
    await until('the socket try', () => decisions.length === 1);
    await runtime.advance(4_000);
    await until('the HTTP try', () => overHttp().length === 1);
    for (let second = 0; second < 20; second++) await runtime.advance(1_000);
    expect(await failed).to.have.property('code', 'timeout');
    expect(device.client.pending()).to.have.length(1);
    httpAnswers('approved');
    onDecide = (_decision, reply) => reply({ ok: true, status: 'approved' });
    expect(await device.client.approve('ver_1', { number: '42' })).to.equal('approved');
  });

  it('tells how many tries are left, and takes the prompt down after the last', async () => {
    let left = 3;
    onDecide = (_decision, reply) => {
      left -= 1;
      reply({ ok: false, problem: problem('number-incorrect', 422, { attemptsLeft: left }).body });
    };
    await prompted();
    const error = (await rejectionOf(device.client.approve('ver_1', { number: '1' }))) as VerihubError;
    expect(error).to.include({ code: 'number-incorrect', attemptsLeft: 2 });
    expect(error.message).to.match(/2 tries left/);
    await rejectionOf(device.client.approve('ver_1', { number: '2' }));
    expect(device.client.pending()).to.have.length(1);
    const last = (await rejectionOf(device.client.approve('ver_1', { number: '3' }))) as VerihubError;
    expect(last.message).to.match(/last try/);
    expect(device.closed).to.deep.equal([{ id: 'ver_1', status: 'denied' }]);
    expect(overHttp()).to.deep.equal([]);
  });

  it('is told what won when someone else was first', async () => {
    const body = problem('already-decided', 409, { verificationStatus: 'denied' }).body;
    onDecide = (_decision, reply) => reply({ ok: false, problem: body });
    await prompted();
    const error = (await rejectionOf(device.client.approve('ver_1', { number: '42' }))) as VerihubError;
    expect(error).to.include({ code: 'already-decided', verificationStatus: 'denied' });
    expect(error.message).to.match(/already denied/);
    expect(device.closed).to.deep.equal([{ id: 'ver_1', status: 'denied' }]);
  });

  it('is sent once when tapped twice', async () => {
    let release: () => void = () => {};
    onDecide = (_decision, reply) => {
      release = () => reply({ ok: true, status: 'approved' });
    };
    await prompted();
    const taps = [device.client.approve('ver_1', { number: '42' }), device.client.approve('ver_1', { number: '42' })];
    await until('the decision', () => decisions.length === 1);
    release();
    expect(await Promise.all(taps)).to.deep.equal(['approved', 'approved']);
    expect(decisions).to.have.length(1);
  });

  it('ends the prompt once, also when the hub says so too', async () => {
    onDecide = (_decision, reply, socket) => {
      socket.emit('closed', { id: 'ver_1', rev: 3, status: 'denied' });
      reply({ ok: true, status: 'denied' });
    };
    await prompted();
    await device.client.deny('ver_1');
    expect(device.closed).to.deep.equal([{ id: 'ver_1', status: 'denied' }]);
  });

  it('is refused for what is not open here', async () => {
    await prompted();
    expect(await rejectionOf(device.client.deny('ver_other'))).to.have.property('code', 'prompt-gone');
  });

  it('fetches the prompt anew when its challenge no longer matches', async () => {
    onDecide = (_decision, reply) => reply({ ok: false, problem: problem('challenge-mismatch', 409).body });
    const fresh = prompt({ challenge: 'challenge-2' });
    hub.route('POST /v1/device/prompts/ver_1/acknowledge', () => ({ status: 200, body: { prompt: fresh } }));
    await prompted();
    expect(await rejectionOf(device.client.deny('ver_1'))).to.have.property('code', 'challenge-mismatch');
    await until('the fresh prompt', () => device.client.pending()[0]?.challenge === 'challenge-2');
  });

  it('can be stopped by its caller', async () => {
    onDecide = () => {};
    hub.route(httpRoute, () => 'hang');
    await prompted();
    const stop = new AbortController();
    const failed = rejectionOf(device.client.deny('ver_1', { signal: stop.signal }));
    await until('the decision', () => decisions.length === 1);
    stop.abort();
    expect(await failed).to.have.property('code', 'aborted');
  });

  it('is finished by drain, and cut short by close', async () => {
    let release: () => void = () => {};
    onDecide = (_decision, reply) => {
      release = () => reply({ ok: true, status: 'denied' });
    };
    hub.route(httpRoute, () => 'hang');
    await prompted();
    const answered = device.client.deny('ver_1');
    await until('the decision', () => decisions.length === 1);
    const drained = device.client.drain();
    release();
    await drained;
    expect(await answered).to.equal('denied');
    expect(device.client.state().condition).to.equal('closed');

    device.shown.length = 0;
    await prompted();
    const cut = rejectionOf(device.client.deny('ver_1'));
    await until('the second decision', () => decisions.length === 2);
    device.client.close();
    expect(await cut).to.have.property('code', 'closed');
  });
});
