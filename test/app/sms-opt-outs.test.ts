// Whoever answers STOP gets no SMS until they answer START, in whatever order the provider tells it.
import { expect } from 'chai';
import { readReachDespiteDamage } from '../../server/app/reach.ts';
import { createSmsOptOuts } from '../../server/app/sms-opt-outs.ts';
import { smsOptOutKey } from '../../server/ports/records.ts';
import type { Store } from '../../server/ports/store.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { delivery } from '../support/delivery.ts';

const number = '+31612345678';

async function setUp() {
  const app = await createTestApp();
  const optOuts = createSmsOptOuts(app.context);
  await app.users.put(app.application, 'alice', { phoneNumber: number, delivery: 'sms' });
  const create = () => app.verifications.create(app.application, { userId: 'alice', action: 'Sign in' });
  const say = (text: string, agoMs?: number) =>
    optOuts.hear({ from: number, text, ...(agoMs === undefined ? {} : { sentAt: app.clock.now() - agoMs }) });
  return { app, optOuts, create, say, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}
const sms = (app: TestApp) => app.outbox.messages().filter(({ kind }) => kind === 'sms');

describe('an opt-out', () => {
  it('keeps SMS from being begun, and says why', async () => {
    await using scene = await setUp();
    await scene.say('STOP');
    const { verification } = await scene.create();
    expect(delivery(verification)).to.include({ sms: 'skipped: opted-out' });
    expect(verification.status).to.equal('undeliverable');
    await scene.app.work();
    expect(sms(scene.app)).to.deep.equal([]);
  });

  it('that comes while an SMS waits to be sent still keeps it back', async () => {
    await using scene = await setUp();
    const { verification } = await scene.create();
    await scene.say('Stop');
    await scene.app.work();
    expect(sms(scene.app)).to.deep.equal([]);
    const ended = await scene.app.verifications.load(verification.id);
    expect(ended && delivery(ended.verification)).to.include({ sms: 'failed: opted-out' });
  });

  it('holds for the number, whoever has it and however it is written, and for no other', async () => {
    await using scene = await setUp();
    await scene.say('STOP');
    const { isOut } = scene.optOuts;
    expect(await isOut('+310612345678')).to.equal(true);
    expect(await isOut('+31612345679')).to.equal(false);
    expect(await isOut(undefined)).to.equal(false);
    expect(await isOut('nonsense')).to.equal(false);
  });

  it('ends with START', async () => {
    await using scene = await setUp();
    await scene.say('STOP');
    scene.app.clock.advance(1);
    await scene.say('START');
    await scene.create();
    await scene.app.work();
    expect(sms(scene.app)).to.have.length(1);
  });

  it('is what was said last, not what was heard last', async () => {
    await using scene = await setUp();
    await scene.say('START', 1_000);
    await scene.say('STOP', 5_000);
    // Nothing was stopped when START came: STOP is the first that counts, and an older START does not undo it.
    expect(await scene.optOuts.isOut(number)).to.equal(true);
    await scene.say('START', 9_000);
    expect(await scene.optOuts.isOut(number)).to.equal(true);
    await scene.say('START', 1_000);
    expect(await scene.optOuts.isOut(number)).to.equal(false);
    await scene.say('STOP', 5_000);
    expect(await scene.optOuts.isOut(number)).to.equal(false);
  });

  it('heard twice is kept once; a clock that is ahead holds nothing for ever', async () => {
    await using scene = await setUp();
    const { store, context } = scene.app;
    await scene.say('STOP', -3_600_000);
    await scene.say('STOP', -3_600_000);
    const id = smsOptOutKey(context.secrets.hash(number));
    const { records } = await store.read([{ kind: 'sms-opt-out', id }]);
    expect(records[0]).to.deep.include({ rev: 1, isOut: true, at: scene.app.clock.now() });
    scene.app.clock.advance(1);
    await scene.say('START');
    expect(await scene.optOuts.isOut(number)).to.equal(false);
  });

  it('keeps and logs no number', async () => {
    await using scene = await setUp();
    await scene.say('STOP');
    const id = smsOptOutKey(scene.app.context.secrets.hash(number));
    const { records } = await scene.app.store.read([{ kind: 'sms-opt-out', id }]);
    expect(JSON.stringify([records, scene.app.log])).not.to.include('612345678');
  });

  it('of two at one moment counts each, and loses none', async () => {
    await using scene = await setUp();
    await Promise.all(Array.from({ length: 8 }, (_, n) => scene.say(n === 7 ? 'STOP' : 'START', 100 - n)));
    expect(await scene.optOuts.isOut(number)).to.equal(true);
  });

  it('that cannot be read keeps SMS back, and holds up no other step', async () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      read: (refs) => {
        if (refs.some(({ kind }) => kind === 'sms-opt-out')) throw new TypeError('damaged');
        return store.read(refs);
      },
    });
    await using app = await createTestApp({ wrapStore });
    await app.users.put(app.application, 'alice', { phoneNumber: number });
    const reach = await readReachDespiteDamage(app.context, { applicationId: app.application.id, userId: 'alice' });
    expect(reach).to.deep.equal({
      socket: { skip: 'no-device-online' },
      push: { skip: 'no-push-token' },
      sms: { skip: 'provider-error' },
      enrolled: false,
    });
  });

  it('other words change nothing', async () => {
    await using scene = await setUp();
    await scene.say('What is this?');
    await scene.say('START');
    expect(await scene.optOuts.isOut(number)).to.equal(false);
  });
});
