// A whole hub whose clients stall, leave and come back, and which goes away itself (reliability.md F8, F28, F30).
import { expect } from 'chai';
import type { PromptView, VerificationView } from '../../client-sdk/protocol.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { enrollPhone, type Phone } from '../support/phone.ts';
import { startVerification, verificationOf } from '../support/rest-scenes.ts';
import { createCheckedSockets, promptOf, snapshotOf } from './support/checked-sockets.ts';
import { rawSocketOf, transports, until } from './support/clients.ts';

describe('a hub and clients that come and go', function () {
  this.timeout(20_000);
  let hub: TestHub;
  let phone: Phone;
  const sockets = createCheckedSockets(() => hub.localUrl);
  beforeEach(async () => {
    hub = await startTestHub({ VERIHUB_SOCKET_WAIT_MS: '500', VERIHUB_DRAIN_TIMEOUT_MS: '1000' });
    phone = await enrollPhone(hub, 'alice', { pushToken: { provider: 'simulated', token: 'token-1' } });
  });
  afterEach(async () => {
    sockets.closeAll();
    await hub.close();
    expect(sockets.faults.splice(0)).to.deep.equal([]);
  });
  const read = async (id: string): Promise<VerificationView> =>
    verificationOf(await hub.call('GET', `/v1/verifications/${id}`));
  const stepOf = (view: VerificationView, step: string) => view.delivery.find((one) => one.step === step);

  it('goes on to push when a device is connected, yet takes nothing in', async () => {
    const device = await sockets.device(phone);
    const raw = rawSocketOf(device.socket);
    raw.pause();
    const { id, verification } = await startVerification(hub, 'alice');
    expect(stepOf(verification, 'socket')?.status).to.equal('pending');
    await until(() => hub.outbox?.messages().some(({ kind }) => kind === 'push') === true, 'the push');
    expect(stepOf(await read(id), 'socket')).to.include({ status: 'failed', reason: 'no-acknowledgement' });
    raw.destroy();
  });

  it('goes on to push when the prompt is not acknowledged, and takes an acknowledgement that comes late', async () => {
    const held: (() => void)[] = [];
    const device = await sockets.device(phone, { acknowledges: false });
    device.socket.on('prompt', (_prompt: PromptView, acknowledge: () => void) => void held.push(acknowledge));
    const { id, waiterToken } = await startVerification(hub, 'alice');
    const page = await sockets.browser(waiterToken);
    await promptOf(device, id);
    await until(() => hub.outbox?.messages().some(({ kind }) => kind === 'push') === true, 'the push');
    for (const acknowledge of held) acknowledge();
    await snapshotOf(page, (view) => stepOf(view, 'socket')?.status === 'acknowledged');
    expect((await read(id)).status).to.equal('pending');
  });

  it('sends a device that comes back what it has missed, and nothing that has ended', async () => {
    const before = await sockets.device(phone);
    const ended = await startVerification(hub, 'alice', { session: 'one' });
    await promptOf(before, ended.id);
    before.socket.disconnect();
    const missed = await startVerification(hub, 'alice', { session: 'two' });
    await hub.call('POST', `/v1/verifications/${ended.id}/cancel`);
    const after = await sockets.device(phone);
    await promptOf(after, missed.id);
    await after.ask('prompts');
    expect(after.payloads<PromptView>('prompt').map(({ id }) => id)).to.deep.equal([missed.id]);
  });

  it('tells a page that comes back how it stands, whatever it saw before', async () => {
    const { id, waiterToken } = await startVerification(hub, 'alice');
    const before = await sockets.browser(waiterToken);
    const first = await snapshotOf(before, () => true);
    before.socket.disconnect();
    const same = await sockets.browser(waiterToken);
    expect((await snapshotOf(same, () => true)).rev).to.be.at.least(first.rev);
    same.socket.disconnect();
    await hub.call('POST', `/v1/verifications/${id}/cancel`);
    expect(await snapshotOf(await sockets.browser(waiterToken), () => true)).to.include({ status: 'canceled' });
  });

  for (const transport of transports) {
    it(`closes within its time and lets its clients come back, over ${transport}`, async () => {
      const device = await sockets.device(phone, { transport, reconnects: true });
      const { waiterToken } = await startVerification(hub, 'alice');
      const page = await sockets.browser(waiterToken, { transport, reconnects: true });
      const reasons: string[] = [];
      for (const { socket } of [device, page]) socket.on('disconnect', (reason) => reasons.push(reason));
      const start = performance.now();
      await hub.close();
      expect(performance.now() - start).to.be.below(15_000);
      await until(() => reasons.length === 2, 'both were told');
      expect(reasons).not.to.include('io server disconnect');
      expect([device.socket.active, page.socket.active]).to.deep.equal([true, true]);
    });
  }

  it('takes in 200 phones at once, and each gets its prompt', async () => {
    const phones = await Promise.all(Array.from({ length: 40 }, (_, index) => enrollPhone(hub, `user${index}`)));
    const ids = await Promise.all(phones.map(async (_, index) => (await startVerification(hub, `user${index}`)).id));
    const storm = phones.flatMap((one, index) =>
      Array.from({ length: 5 }, async () => promptOf(await sockets.device(one), ids[index]!)),
    );
    expect(await Promise.all(storm)).to.have.length(200);
  });
});
