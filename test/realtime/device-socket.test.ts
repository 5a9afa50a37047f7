// Namespace `/device`: prompts reach whoever is connected, answers reach the use cases, revoked devices are put out.
import { expect } from 'chai';
import type { PromptView } from '../../client-sdk/protocol.ts';
import { prompt as promptSchema } from '../../server/wire/prompts.ts';
import { isValid } from '../../server/wire/parse.ts';
import { ask, collect, connected, next, refusal, transports, until } from './support/clients.ts';
import { openWorld, type World } from './support/harness.ts';
import { approvedOf, makePending } from './support/records.ts';

describe('/device', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(() => world.close());

  const publish = (id: string): void => {
    const verification = makePending(id, Date.now());
    world.verifications.set(id, verification);
    world.bus.publish({ type: 'prompt', verification, now: Date.now() });
  };

  for (const transport of transports) {
    it(`sends a prompt, takes its acknowledgement and passes on the decision, over ${transport}`, async () => {
      const socket = await connected(world.clients.open('/device', 'dev_1', { transports: [transport] }));
      const arriving = next<[PromptView, () => void]>(socket, 'prompt');
      publish('ver_1');
      const [prompt, acknowledge] = await arriving;
      expect(isValid(promptSchema, prompt)).to.equal(true);
      expect(prompt).to.include({ id: 'ver_1', rev: 1, action: 'Sign in' });
      expect(JSON.stringify(prompt)).not.to.include('"number"');
      expect(world.acknowledged).to.deep.equal([]);
      acknowledge();
      await until(() => world.acknowledged.length === 1, 'acknowledged');
      expect(world.acknowledged).to.deep.equal([{ deviceId: 'dev_1', id: 'ver_1', via: 'socket' }]);

      const answer = await ask(socket, 'decide', { decision: 'aGVhZA.Ym9keQ.c2ln' });
      expect(answer).to.include({ ok: true, status: 'pending' });
      expect(world.decided).to.deep.equal(['aGVhZA.Ym9keQ.c2ln']);
    });
  }

  it('serves a client that begins with polling and upgrades', async () => {
    const socket = await connected(world.clients.open('/device', 'dev_1', { transports: ['polling', 'websocket'] }));
    await until(() => socket.io.engine.transport.name === 'websocket', 'upgraded');
    const arriving = next<[PromptView, () => void]>(socket, 'prompt');
    publish('ver_1');
    const [, acknowledge] = await arriving;
    acknowledge();
    await until(() => world.acknowledged.length === 1, 'acknowledged');
    expect((await ask(socket, 'prompts')).ok).to.equal(true);
  });

  it('sends everything that waits to whoever connects, and lists it on request', async () => {
    world.verifications.set('ver_1', makePending('ver_1', Date.now()));
    world.verifications.set('ver_2', makePending('ver_2', Date.now()));
    const socket = world.clients.open('/device', 'dev_1');
    const prompts = collect<PromptView>(socket, 'prompt');
    await until(() => prompts.length === 2, 'both prompts');
    const answer = await ask(socket, 'prompts');
    expect(answer).to.have.property('ok', true);
    expect(answer['serverTime']).to.be.a('string');
    expect((answer['prompts'] as PromptView[]).map(({ id }) => id)).to.deep.equal(['ver_1', 'ver_2']);
  });

  it('sends what is made while it reads, and not what ended meanwhile', async () => {
    const reading = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const ended = makePending('ver_ended', Date.now());
    world.use.prompts = async () => {
      reading.resolve();
      await go.promise;
      const { viewPrompt } = await import('../../server/app/views.ts');
      return { prompts: [viewPrompt(ended, Date.now())], now: Date.now() };
    };
    const socket = world.clients.open('/device', 'dev_1');
    const prompts = collect<PromptView>(socket, 'prompt');
    const closed = collect<{ id: string }>(socket, 'closed');
    await reading.promise;
    publish('ver_new');
    world.bus.publish({ type: 'closed', verification: approvedOf(ended) });
    go.resolve();
    delete world.use.prompts;
    await until(() => closed.length === 1 && prompts.length > 0, 'the new one and the end of the other');
    await ask(socket, 'prompts');
    expect(prompts.map(({ id }) => id)).to.deep.equal(['ver_new']);
    expect(closed).to.deep.equal([{ id: 'ver_ended', rev: 2, status: 'approved' }]);
  });

  it('says nothing to other users and to other namespaces', async () => {
    world.devices.set('dev_3', { ...world.devices.get('dev_1')!, id: 'dev_3', userId: 'bob' });
    const alice = await connected(world.clients.open('/device', 'dev_1'));
    const bob = await connected(world.clients.open('/device', 'dev_3'));
    const wrong = collect(bob, 'prompt');
    const right = next(alice, 'prompt');
    publish('ver_1');
    await right;
    await ask(bob, 'prompts');
    expect(wrong).to.deep.equal([]);
  });

  it('shows no device what is not for devices, or has ended', async () => {
    const socket = await connected(world.clients.open('/device', 'dev_1'));
    const prompts = collect(socket, 'prompt');
    const now = Date.now();
    const smsOnly = makePending('ver_1', now, { promptable: false });
    world.bus.publish({ type: 'prompt', verification: smsOnly, now });
    world.bus.publish({ type: 'prompt', verification: approvedOf(makePending('ver_2', now)), now });
    world.bus.publish({ type: 'changed', verification: makePending('ver_3', now), now });
    world.bus.publish({ type: 'work' });
    await ask(socket, 'prompts');
    expect(prompts).to.deep.equal([]);
  });

  it('refuses bad tokens with a problem, and tells a wrong clock the time', async () => {
    const strange = await refusal(world.clients.open('/device', 'nobody'));
    expect(strange.data).to.include({
      code: 'unauthenticated',
      status: 401,
      type: 'urn:verihub:problem:unauthenticated',
    });
    const skewed = await refusal(world.clients.open('/device', 'skewed'));
    expect(skewed.data).to.include({ code: 'clock-skew' });
    expect(Math.abs(Date.parse(skewed.data?.serverTime ?? '') - Date.now())).to.be.below(5_000);
  });

  it('puts a revoked device out at once, for good', async () => {
    const socket = await connected(world.clients.open('/device', 'dev_1', { reconnect: true }));
    const other = await connected(world.clients.open('/device', 'dev_2'));
    const gone = next<[string]>(socket, 'disconnect');
    world.revoked.add('dev_1');
    world.bus.publish({ type: 'device-revoked', deviceId: 'dev_1', applicationId: 'app_1', userId: 'alice' });
    expect((await gone)[0]).to.equal('io server disconnect');
    expect(socket.active).to.equal(false);
    expect(other.connected).to.equal(true);
  });

  it('knows who is connected', async () => {
    const { presence } = world.realtime;
    expect(await presence.connectedDevices('app_1', 'alice')).to.deep.equal([]);
    const first = await connected(world.clients.open('/device', 'dev_1'));
    await connected(world.clients.open('/device', 'dev_1'));
    await connected(world.clients.open('/device', 'dev_2'));
    expect(await presence.connectedDevices('app_1', 'alice')).to.have.members(['dev_1', 'dev_2']);
    expect(await presence.connectedDevices('app_2', 'alice')).to.deep.equal([]);
    expect(world.open).to.deep.equal({ device: 3, browser: 0 });
    first.disconnect();
    await until(() => world.open.device === 2, 'one gone');
    expect(await presence.connectedDevices('app_1', 'alice')).to.have.members(['dev_1', 'dev_2']);
  });
});
