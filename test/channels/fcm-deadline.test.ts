// An attempt at FCM ends when the hub says so, takes its connection with it, and never becomes two.
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { guardChannel } from '../../server/channels/guard.ts';
import { createSystemClock } from '../../server/telemetry/clock.ts';
import * as answers from '../support/fcm-answers.ts';
import { openFcmScene, push } from '../support/fcm-scene.ts';
import { createRecordingLogger } from '../support/recorders.ts';
import { settle } from '../support/settle.ts';

const never = new AbortController().signal;
const timedOut = { kind: 'unreachable', outcome: 'unknown', reason: 'timeout' };

/** Timers of this process that are set: one that firebase-admin left behind would hold up its end. */
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('an attempt at FCM', () => {
  for (const [name, answer] of [
    ['that is never answered', answers.hang],
    ['whose answer stops halfway', answers.halfway],
    ['whose answer trickles in', answers.trickle],
  ] as const) {
    it(`${name} ends with its signal, and so does its connection`, async () => {
      await using scene = await openFcmScene();
      scene.fcm.script([answer], answer);
      const deadline = new AbortController();
      const result = scene.channel.send(push(), deadline.signal);
      await scene.fcm.arrived(1);
      await settle();
      deadline.abort();
      expect(await result).to.deep.equal(timedOut);
      await scene.fcm.idle();
      await settle();
      expect(scene.fcm.requests, 'requests').to.have.length(1);
    });
  }

  it('under its guard ends on time', async () => {
    await using scene = await openFcmScene();
    scene.fcm.script([], answers.hang);
    const deps = { clock: createSystemClock(), logger: createRecordingLogger().logger };
    const options = {
      name: 'push',
      deadlineMs: 200,
      limit: { concurrency: 8, queue: 8 },
      breaker: { failures: 9, coolDownMs: 1 },
    };
    const guarded = guardChannel(scene.channel, options, deps);
    const started = performance.now();
    const results = await Promise.all([1, 2, 3, 4].map(() => guarded.send(push(), never)));
    const took = performance.now() - started;
    expect(results).to.deep.equal([timedOut, timedOut, timedOut, timedOut]);
    expect(took).to.be.within(195, 400);
    await scene.fcm.idle();
    expect(scene.fcm.requests).to.have.length(4);
  });

  it('has a deadline of its own, before the guard’s: what was not sent is known not to be', async () => {
    await using scene = await openFcmScene();
    scene.fcm.script([], answers.hang);
    const result = scene.channel.send(push(), never);
    await scene.fcm.arrived(1);
    scene.clock.advance(4_499);
    await settle();
    expect(scene.clock.timers()).to.equal(1);
    scene.clock.advance(1);
    expect(await result).to.deep.equal(timedOut);
    expect(scene.clock.timers(), 'timers left behind').to.equal(0);
    await scene.fcm.idle();
  });

  // Each of these firebase-admin would try again up to four times: at once, after 1 s, 2 s, 4 s, or when Retry-After says.
  for (const [name, answer] of [
    ['503', answers.fcmErrors.unavailable],
    ['503 with Retry-After', answers.unavailable('1')],
    ['a reset', answers.reset],
    ['a hang-up', answers.hangUp],
  ] as const) {
    it(`that met ${name} is not made again by firebase-admin, which leaves no timer behind`, async () => {
      await using scene = await openFcmScene();
      await scene.channel.send(push(), never);
      const before = timers();
      scene.fcm.script([], answer);
      await scene.channel.send(push(), never);
      await settle(50);
      expect(scene.fcm.requests, 'the first, and one').to.have.length(2);
      expect(timers(), 'timers').to.be.at.most(before);
    });
  }

  it('that is over before it began makes no request', async () => {
    await using scene = await openFcmScene();
    const result = await scene.channel.send(push(), AbortSignal.abort());
    expect(result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'timeout' });
    await settle();
    expect(scene.fcm.connections()).to.equal(0);
  });

  it('is answered by what belongs to it when FCM answers another one twice', async () => {
    await using scene = await openFcmScene();
    const later = Promise.withResolvers<void>();
    scene.fcm.script([answers.twice, answers.twiceLate(later.promise)]);
    const results = [];
    for (let number = 1; number <= 2; number += 1) results.push(await scene.channel.send(push(), never));
    later.resolve();
    await settle();
    results.push(await scene.channel.send(push(), never));
    const names = scene.fcm.requests.map((request) => answers.messageName(request));
    expect(results).to.deep.equal(names.map((providerId) => ({ kind: 'accepted', provider: 'fcm', providerId })));
    expect(names).to.have.length(3);
  });

  it('uses a connection again', async () => {
    await using scene = await openFcmScene();
    for (let number = 0; number < 5; number += 1) await scene.channel.send(push(), never);
    expect(scene.fcm.connections()).to.equal(1);
    scene.channel.close();
    await scene.fcm.idle();
  });

  it('ends when the channel is closed, and none begins after', async () => {
    await using scene = await openFcmScene();
    scene.fcm.script([], answers.hang);
    const result = scene.channel.send(push(), never);
    await scene.fcm.arrived(1);
    scene.channel.close();
    expect(await result).to.deep.include({ kind: 'unreachable', outcome: 'unknown' });
    expect(await scene.channel.send(push(), never)).to.deep.include({ kind: 'unreachable', outcome: 'not-sent' });
    expect(scene.fcm.requests).to.have.length(1);
  });

  it('finds nobody listening, or no such name: nothing was sent', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await using closed = await openFcmScene({ endpoint: `http://127.0.0.1:${port}` });
    const refused = await closed.channel.send(push(), never);
    expect(refused).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'econnrefused' });
    await using nameless = await openFcmScene({
      endpoint: 'http://localhost:1',
      lookup: (_name, _options, callback) =>
        callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), ''),
    });
    const unknown = await nameless.channel.send(push(), never);
    expect(unknown).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'enotfound' });
  });

  it('with a message that firebase-admin refuses is given up', async () => {
    await using scene = await openFcmScene();
    expect(await scene.channel.send(push({ token: '' }), never)).to.deep.equal({
      kind: 'rejected',
      reason: 'invalid-payload',
    });
    expect(scene.fcm.requests).to.have.length(0);
  });
});
