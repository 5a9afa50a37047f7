/** The waiting page: every snapshot in order, an end that stays, and a route to it whatever the network allows. */
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { createBrowserClient } from '../../client-sdk/browser.ts';
import type { BrowserClient, BrowserClientOptions, BrowserState, VerificationView } from '../../client-sdk/browser.ts';
import { rejectionOf, until } from './support/conditions.ts';
import { createFakeRuntime } from './support/fake-runtime.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub, Scripted } from './support/fake-hub.ts';
import { verification, waiterToken } from './support/wire.ts';

const route = 'GET /v1/verifications/ver_1';
const approved = verification({ rev: 5, status: 'approved', resultToken: 'result-1' });
const reply = (view: VerificationView): Scripted => ({
  status: 200,
  body: { verification: view, serverTime: new Date().toISOString() },
});

describe('the waiting page', () => {
  let hub: FakeHub;
  let client: BrowserClient | undefined;
  let sockets: Socket[];
  let seen: VerificationView[];
  let states: BrowserState[];

  beforeEach(async () => {
    hub = await startFakeHub();
    sockets = [];
    seen = [];
    states = [];
    hub.onBrowser = (socket) => sockets.push(socket);
  });
  afterEach(async () => {
    client?.close();
    await hub.close();
  });

  async function open(options: Partial<BrowserClientOptions> = {}): Promise<BrowserClient> {
    const opened = createBrowserClient({
      ...{ hub: hub.origin, waiterToken: await waiterToken(), runtime: { random: () => 0 }, formatTime: () => '14:05' },
      ...options,
    });
    client = opened;
    opened.onProgress((view) => seen.push(view));
    opened.onState((state) => states.push(state));
    return opened;
  }
  async function online(count = 1): Promise<Socket> {
    await until(`connection ${count}`, () => sockets.length === count && client?.state().condition === 'online');
    return sockets.at(-1)!;
  }
  const revs = (): number[] => seen.map(({ rev }) => rev);
  const conditions = (): string[] => states.map(({ condition }) => condition);

  it('connects with its waiter token', async () => {
    const tokens: unknown[] = [];
    hub.handshake = (_namespace, token) => {
      tokens.push(token);
      return null;
    };
    const token = await waiterToken();
    await open({ waiterToken: token });
    await online();
    expect(tokens).to.deep.equal([token]);
  });

  it('tells every snapshot once, in order, and ignores older ones', async () => {
    const page = await open();
    const socket = await online();
    for (const rev of [1, 2, 2, 1, 4, 3]) socket.emit('verification', verification({ rev }));
    socket.emit('verification', approved);
    expect(await page.wait()).to.have.property('resultToken', 'result-1');
    expect(revs()).to.deep.equal([1, 2, 4, 5]);
  });

  it('counts the first snapshot after a reconnect, also with a lower revision', async () => {
    await open();
    (await online()).emit('verification', verification({ rev: 7 }));
    await until('the first snapshot', () => seen.length === 1);
    hub.cut();
    const socket = await online(2);
    for (const rev of [3, 2, 4]) socket.emit('verification', verification({ rev }));
    await until('the later snapshots', () => seen.length === 3);
    expect(revs()).to.deep.equal([7, 3, 4]);
    expect(conditions()).to.include('reconnecting');
  });

  it('keeps an end for good, and lets go of the hub', async () => {
    const page = await open();
    const socket = await online();
    socket.emit('verification', approved);
    socket.emit('verification', verification({ rev: 9, status: 'denied' }));
    await page.wait();
    await until('the disconnect', () => !socket.connected);
    expect(page.current()?.status).to.equal('approved');
    expect(await page.wait()).to.have.property('status', 'approved');
    expect(page.state()).to.deep.equal({ condition: 'ended', text: 'Your sign-in was approved.' });
  });

  it('passes over what is not its own, or unreadable', async () => {
    await open();
    const socket = await online();
    for (const odd of [null, {}, verification({ id: 'ver_2' })]) socket.emit('verification', odd);
    socket.emit('verification', verification({ rev: 2 }));
    await until('the snapshot', () => seen.length === 1);
    expect(revs()).to.deep.equal([2]);
  });

  it('tells a late listener the latest snapshot', async () => {
    const page = await open();
    (await online()).emit('verification', verification({ rev: 3 }));
    await until('the snapshot', () => seen.length === 1);
    const late: number[] = [];
    page.onProgress(({ rev }) => late.push(rev));
    expect(late).to.deep.equal([3]);
  });

  describe('without a socket', () => {
    it('long-polls to the end', async () => {
      hub.handshake = () => problem('store-unavailable', 503).body as object;
      const views = [verification({ rev: 1 }), verification({ rev: 2 }), approved];
      hub.route(route, () => reply(views.shift() ?? approved));
      const page = await open({ timeouts: { pollAfterMs: 1 } });
      expect(await page.wait()).to.have.property('resultToken', 'result-1');
      expect(revs()).to.deep.equal([1, 2, 5]);
      const queries = hub.seen(route).map(({ query }) => [query.get('wait'), query.get('rev')]);
      expect(queries).to.deep.equal([
        [null, null],
        ['25', '1'],
        ['25', '2'],
      ]);
      expect(hub.seen(route)[0]?.headers.authorization).to.match(/^Bearer ey/);
      expect(conditions()).to.include('polling');
    });

    it('long-polls too when the socket went away meanwhile', async () => {
      let gone = false;
      hub.route(route, ({ query }) => {
        if (gone) return reply(approved);
        return query.get('rev') === null ? reply(verification()) : 'hang';
      });
      const page = await open({ timeouts: { pollAfterMs: 1 } });
      await online();
      gone = true;
      hub.handshake = () => problem('store-unavailable', 503).body as object;
      hub.cut();
      expect(await page.wait()).to.have.property('status', 'approved');
    });

    it('goes back to the socket when there is one', async () => {
      hub.handshake = () => problem('store-unavailable', 503).body as object;
      hub.route(route, ({ query }) => (query.get('rev') === null ? reply(verification()) : 'hang'));
      await open({
        timeouts: { pollAfterMs: 1 },
        socket: { reconnect: { baseMs: 20, maxMs: 20 } },
        runtime: { random: () => 1 },
      });
      await until('a long-poll', () => hub.seen(route).length === 2);
      hub.handshake = () => null;
      const socket = await online();
      await until('the end of the long-poll', () => hub.seen(route).every(({ over }) => over));
      socket.emit('verification', approved);
      await client?.wait();
      expect(hub.seen(route)).to.have.length(2);
    });

    it('does not hammer a hub that always answers the same at once', async () => {
      const runtime = createFakeRuntime();
      hub.handshake = () => problem('store-unavailable', 503).body as object;
      hub.route(route, () => reply(verification({ rev: 1 })));
      await open({ runtime, timeouts: { pollAfterMs: 1 } });
      await runtime.advance(1);
      await until('two reads', () => hub.seen(route).length === 2);
      await until('the pause', () => runtime.timers().some((ms) => ms === 1_000));
      expect(hub.seen(route)).to.have.length(2);
    });

    it('goes on after errors', async () => {
      hub.handshake = () => problem('store-unavailable', 503).body as object;
      const answers: Scripted[] = [
        'drop',
        problem('store-unavailable', 503),
        { status: 502 },
        { status: 404 },
        reply(approved),
      ];
      hub.route(route, () => answers.shift() ?? 'hang');
      const page = await open({ timeouts: { pollAfterMs: 1 } });
      expect(await page.wait()).to.have.property('status', 'approved');
    });
  });

  it('gives up when the hub refuses the waiter token by both routes', async () => {
    hub.handshake = () => problem('unauthenticated', 401).body as object;
    hub.route(route, () => problem('unauthenticated', 401));
    const page = await open();
    expect(await rejectionOf(page.wait())).to.have.property('code', 'unauthenticated');
    expect(page.state()).to.have.property('condition', 'failed');
    expect(page.state().error).to.have.property('code', 'unauthenticated');
  });

  it('says at once that the site is not allowed, which no waiting would change', async () => {
    hub.handshake = () => problem('origin-not-allowed', 403).body as object;
    hub.route(route, () => problem('origin-not-allowed', 403));
    const error = await rejectionOf((await open()).wait());
    expect(error).to.have.property('code', 'origin-not-allowed');
    expect(error)
      .to.have.property('message')
      .that.matches(/VERIHUB_ALLOWED_ORIGINS/);
  });

  it('stays when only the socket refuses it', async () => {
    hub.handshake = () => problem('unauthenticated', 401).body as object;
    hub.route(route, () => reply(approved));
    expect(await (await open()).wait()).to.have.property('status', 'approved');
  });

  it('hangs for nobody: it ends with the life of the waiter token', async () => {
    const runtime = createFakeRuntime();
    hub.handshake = () => problem('store-unavailable', 503).body as object;
    hub.route(route, () => 'hang');
    const page = await open({ runtime, waiterToken: await waiterToken('ver_1', 600) });
    const failed = rejectionOf(page.wait());
    for (let minute = 0; minute < 11; minute++) await runtime.advance(60_000);
    expect(await failed).to.have.property('code', 'timeout');
    expect(page.state().condition).to.equal('failed');
  });

  it('stops waiting when told to', async () => {
    const page = await open();
    const stop = new AbortController();
    const aborted = rejectionOf(page.wait({ signal: stop.signal }));
    stop.abort();
    expect(await aborted).to.have.property('code', 'aborted');
    const closed = rejectionOf(page.wait());
    page.close();
    expect(await closed).to.have.property('code', 'closed');
    expect(await rejectionOf(page.code('123456'))).to.have.property('code', 'closed');
  });

  it('refuses a token that is none', () => {
    for (const token of ['', 'abc', 'a.b.c', `${btoa('{}')}.${btoa('{}')}.x`]) {
      expect(() => createBrowserClient({ hub: hub.origin, waiterToken: token }), token)
        .to.throw()
        .with.property('code', 'invalid-argument');
    }
  });

  describe('tells a person', () => {
    it('what to do without a network, and until when the sign-in waits', async () => {
      const runtime = createFakeRuntime(Date.now(), { random: () => 0 });
      await open({ runtime });
      (await online()).emit('verification', verification());
      await until('the snapshot', () => seen.length === 1);
      expect(client?.state().text).to.equal('Connected: waiting for your answer until 14:05.');
      runtime.setOnline(false);
      hub.cut();
      await until('offline', () => client?.state().condition === 'offline');
      expect(client?.state().text).to.equal(
        'No connection: check your network; your sign-in is still waiting until 14:05.',
      );
    });

    it('and connects again the moment the network is back', async () => {
      const runtime = createFakeRuntime();
      await open({ runtime });
      await online();
      runtime.setOnline(false);
      hub.cut();
      await until('offline', () => client?.state().condition === 'offline');
      runtime.setOnline(true);
      runtime.tell('online');
      await online(2);
    });

    it('finds out on resume whether the connection still lives', async () => {
      const runtime = createFakeRuntime();
      await open({ runtime });
      await online();
      hub.route(route, () => 'drop');
      runtime.tell('resume');
      await runtime.advance(0);
      await until('the renewed connection', () => {
        void runtime.advance(0);
        return sockets.length === 2;
      });
    });
  });
});
