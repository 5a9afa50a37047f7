// Both namespaces of a whole hub, with real signatures and a real store; everything said is held to asyncapi.yaml.
import { expect } from 'chai';
import type { PromptView, VerificationView } from '../../client-sdk/protocol.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { enrollPhone, type Phone } from '../support/phone.ts';
import { startSms, startVerification, verificationOf } from '../support/rest-scenes.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';
import { transports, until } from './support/clients.ts';
import { createCheckedSockets, promptOf, snapshotOf } from './support/checked-sockets.ts';

describe('the sockets of a hub', function () {
  this.timeout(15_000);
  let hub: TestHub;
  let phone: Phone;
  const sockets = createCheckedSockets(() => hub.localUrl);
  beforeEach(async () => {
    hub = await startTestHub();
    phone = await enrollPhone(hub, 'alice');
  });
  afterEach(async () => {
    sockets.closeAll();
    await hub.close();
    expect(sockets.faults.splice(0)).to.deep.equal([]);
  });

  const read = async (id: string): Promise<VerificationView> =>
    verificationOf(await hub.call('GET', `/v1/verifications/${id}`));
  const stepOf = (view: VerificationView, step: string) => view.delivery.find((one) => one.step === step);

  for (const transport of transports) {
    it(`carry a sign-in from prompt to approval, over ${transport}`, async () => {
      const device = await sockets.device(phone, { transport });
      const { id, number, waiterToken } = await startVerification(hub, 'alice', {
        details: [{ label: 'Amount', value: '1 €' }],
      });
      const page = await sockets.browser(waiterToken, { transport });
      const prompt = await promptOf(device, id);
      expect(JSON.stringify(device.received)).not.to.include('"number"');
      const acknowledged = await snapshotOf(page, (view) => stepOf(view, 'socket')?.status === 'acknowledged');
      expect(acknowledged.status).to.equal('pending');
      expect(acknowledged.matching.number).to.equal(number);
      expect(stepOf(await read(id), 'socket')?.status, 'in the store').to.equal('acknowledged');

      const answer = await device.ask('decide', { decision: phone.decision(prompt, 'approve', number) });
      expect(answer).to.include({ ok: true, status: 'approved' });
      const ended = await snapshotOf(page, (view) => view.status === 'approved');
      expect(ended.resultToken).to.be.a('string');
      expect(ended.decision).not.to.have.property('evidence');
      await until(() => device.payloads('closed').length === 1, 'taken down');
      expect(device.payloads('closed')).to.deep.equal([{ id, rev: ended.rev, status: 'approved' }]);
      const revs = page.payloads<VerificationView>('verification').map(({ rev }) => rev);
      expect(revs).to.deep.equal([...new Set(revs)].toSorted((a, b) => a - b));
    });
  }

  it('send what waits at every connect, and list it', async () => {
    const first = await startVerification(hub, 'alice');
    const second = await startVerification(hub, 'alice');
    for (let round = 0; round < 2; round += 1) {
      const device = await sockets.device(phone);
      await promptOf(device, first.id);
      await promptOf(device, second.id);
      const { prompts } = await device.ask('prompts');
      expect((prompts as PromptView[]).map(({ id }) => id)).to.deep.equal([first.id, second.id]);
      device.socket.disconnect();
    }
  });

  it('reach a device that connects while the verification is made', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [device, { id }] = await Promise.all([
        sockets.device(phone),
        startVerification(hub, 'alice', { session: `s${round}` }),
      ]);
      await promptOf(device, id);
      device.socket.disconnect();
      await hub.call('POST', `/v1/verifications/${id}/cancel`);
    }
  });

  it('count a wrong number, and tell what is left; the third ends it', async () => {
    const device = await sockets.device(phone);
    const { id, number } = await startVerification(hub, 'alice');
    const prompt = await promptOf(device, id);
    const wrong =
      number === '11' ? ['12', '13', '14'] : ['11', number === '12' ? '13' : '12', number === '14' ? '15' : '14'];
    const answers = [];
    for (const guess of wrong)
      answers.push(await device.ask('decide', { decision: phone.decision(prompt, 'approve', guess) }));
    expect(answers[0]?.problem).to.include({ code: 'number-incorrect', attemptsLeft: 2 });
    expect(answers[1]?.problem).to.include({ code: 'number-incorrect', attemptsLeft: 1 });
    expect((await read(id)).status).to.equal('denied');
    const late = await device.ask('decide', { decision: phone.decision(prompt, 'approve', number) });
    expect(late.problem).to.include({ code: 'already-decided', verificationStatus: 'denied' });
  });

  it('tell the same answer again, and another device what won', async () => {
    const other = await enrollPhone(hub, 'alice');
    const [device, second] = [await sockets.device(phone), await sockets.device(other)];
    const { id } = await startVerification(hub, 'alice');
    const prompt = await promptOf(device, id);
    const decision = { decision: phone.decision(prompt, 'deny') };
    expect(await device.ask('decide', decision)).to.include({ ok: true, status: 'denied' });
    expect(await device.ask('decide', decision)).to.include({ ok: true, status: 'denied' });
    const late = await second.ask('decide', { decision: other.decision(prompt, 'approve', '42') });
    expect(late.problem).to.include({ code: 'already-decided', status: 409, verificationStatus: 'denied' });
    await until(() => second.payloads('closed').length === 1, 'taken down on the other');
    expect((await read(id)).rev, 'the repeat changed nothing').to.equal(
      device.payloads<{ rev: number }>('closed')[0]?.rev,
    );
  });

  it('believe a signature only', async () => {
    const stranger = await enrollPhone(hub, 'mallory');
    const device = await sockets.device(phone);
    const { id, number } = await startVerification(hub, 'alice');
    const prompt = await promptOf(device, id);
    const forged: [string, string, string][] = [
      ['another device', stranger.decision(prompt, 'approve', number), 'unauthenticated'],
      [
        'another audience',
        phone.decision(prompt, 'approve', number, { aud: 'https://evil.example' }),
        'unauthenticated',
      ],
      [
        'another challenge',
        phone.decision({ ...prompt, challenge: 'x'.repeat(43) }, 'approve', number),
        'challenge-mismatch',
      ],
      [
        'another verification',
        phone.decision({ ...prompt, id: `ver_${'0'.repeat(34)}` }, 'approve', number),
        'not-found',
      ],
      ['a cut signature', phone.decision(prompt, 'approve', number).slice(0, -4), 'unauthenticated'],
      ['a device token', phone.token(), 'unauthenticated'],
    ];
    for (const [what, decision, code] of forged) {
      expect((await device.ask('decide', { decision })).problem, what).to.include({ code });
    }
    const foreign = await sockets.device(stranger);
    const theirs = await foreign.ask('decide', { decision: stranger.decision(prompt, 'approve', number) });
    expect(theirs.problem).to.include({ code: 'not-found' });
    expect((await read(id)).status).to.equal('pending');
  });

  it('put a revoked device out at once, and keep it out', async () => {
    const device = await sockets.device(phone, { reconnects: true });
    const reason = new Promise((resolve) => void device.socket.once('disconnect', resolve));
    const { status } = await hub.call('DELETE', `/v1/users/alice/devices/${phone.deviceId}`);
    expect(status).to.be.within(200, 204);
    expect(await reason).to.equal('io server disconnect');
    expect((await sockets.refused('/device', { token: phone.token() })).data).to.include({ code: 'unauthenticated' });
  });

  it('do not close when the token runs out', async () => {
    const clock = createShiftedClock();
    await using own = await startTestHub({}, { clock });
    const theirs = await enrollPhone(own, 'alice');
    const local = createCheckedSockets(() => own.localUrl);
    const token = theirs.token();
    const device = await local.device({ ...theirs, token: () => token });
    clock.shift(130_000);
    expect((await device.ask('prompts')).ok).to.equal(true);
    expect((await local.refused('/device', { token })).data).to.include({ code: 'unauthenticated' });
    local.closeAll();
    expect(local.faults).to.deep.equal([]);
  });

  it('refuse tokens that are not good, and tell a wrong clock the time', async () => {
    const now = Math.floor(Date.now() / 1000);
    const { waiterToken } = await startVerification(hub, 'alice');
    const cases: [string, object, string][] = [
      ['/device', {}, 'unauthenticated'],
      ['/device', { token: waiterToken }, 'unauthenticated'],
      ['/device', { token: hub.apiKey }, 'unauthenticated'],
      ['/device', { token: phone.token({ aud: 'https://evil.example' }) }, 'unauthenticated'],
      ['/device', { token: phone.token({ iat: now - 3_600, exp: now - 3_500 }) }, 'clock-skew'],
      ['/device', { token: phone.token({ iat: now + 3_600, exp: now + 3_700 }) }, 'clock-skew'],
      ['/device', { token: `${phone.token().slice(0, -4)}AAAA` }, 'unauthenticated'],
      ['/browser', { token: phone.token() }, 'unauthenticated'],
      ['/browser', { token: hub.apiKey }, 'unauthenticated'],
      ['/browser', { token: `${waiterToken.slice(0, -4)}AAAA` }, 'unauthenticated'],
      ['/', { token: phone.token() }, 'not-found'],
    ];
    for (const [namespace, auth, code] of cases) {
      const { data } = await sockets.refused(namespace, auth);
      expect(data, `${namespace} ${JSON.stringify(auth)}`).to.include({ code });
      if (code === 'clock-skew') expect(Math.abs(Date.parse(data?.serverTime ?? '') - Date.now())).to.be.below(5_000);
    }
  });

  it('take the SMS code from the page: wrong, right, spent', async () => {
    const { id, code, waiterToken } = await startSms(hub, 'alice');
    const page = await sockets.browser(waiterToken);
    await snapshotOf(page, (view) => view.code.acceptable);
    const wrong = code === '000000' ? '111111' : '000000';
    expect((await page.ask('code', { code: wrong })).problem).to.include({ code: 'code-incorrect', attemptsLeft: 4 });
    const right = await page.ask('code', { code: ` ${code.slice(0, 3)} ${code.slice(3)}` });
    expect(right['verification']).to.include({ id, status: 'approved' });
    expect((right['verification'] as VerificationView).resultToken).to.be.a('string');
    expect((await page.ask('code', { code })).problem).to.include({ code: 'already-decided' });
    await snapshotOf(page, (view) => view.status === 'approved');
    expect(page.socket.connected, 'stays').to.equal(true);
  });

  it('send again when asked, not too soon', async () => {
    await hub.call('PUT', '/v1/users/alice', { body: { phoneNumber: '+31612345678' } });
    const { waiterToken } = await startVerification(hub, 'alice');
    const page = await sockets.browser(waiterToken);
    const answers = [await page.ask('resend', { step: 'sms' }), await page.ask('resend', {})];
    const refused = answers.find(({ ok }) => !ok);
    expect(refused?.problem).to.include({ code: 'resend-too-soon', status: 429 });
    expect(refused?.problem?.retryAfter).to.be.above(0);
  });

  it('cancel, and the phone takes the prompt down', async () => {
    const device = await sockets.device(phone);
    const { id, waiterToken } = await startVerification(hub, 'alice');
    await promptOf(device, id);
    const page = await sockets.browser(waiterToken);
    expect((await page.ask('cancel'))['verification']).to.include({ id, status: 'canceled' });
    await until(() => device.payloads('closed').length === 1, 'taken down');
    expect((await page.ask('cancel')).ok, 'again').to.be.a('boolean');
    const again = await sockets.browser(waiterToken);
    expect(await snapshotOf(again, () => true), 'whoever comes later').to.include({ status: 'canceled' });
  });

  it("show a page nothing of anybody else's, and why of nothing", async () => {
    const mine = await startVerification(hub, 'alice');
    const other = await startVerification(hub, 'nobody-here');
    const page = await sockets.browser(mine.waiterToken);
    const theirs = await sockets.browser(other.waiterToken);
    await hub.call('POST', `/v1/verifications/${mine.id}/cancel`);
    await snapshotOf(page, (view) => view.status === 'canceled');
    const ids = new Set(page.payloads<VerificationView>('verification').map(({ id }) => id));
    expect([...ids]).to.deep.equal([mine.id]);
    const view = await snapshotOf(theirs, () => true);
    expect(view.status).to.equal('undeliverable');
    expect(new Set(view.delivery.map(({ reason }) => reason))).to.deep.equal(new Set(['unavailable']));
    expect(stepOf(await read(other.id), 'socket')?.reason).to.equal('no-device-online');
  });

  it('know no events but their own', async () => {
    const device = await sockets.device(phone);
    const { waiterToken } = await startVerification(hub, 'alice');
    const page = await sockets.browser(waiterToken);
    for (const event of ['cancel', 'code', 'resend']) {
      expect(((await device.socket.emitWithAck(event, {})) as { problem: object }).problem).to.include({
        code: 'not-found',
      });
    }
    for (const event of ['decide', 'prompts']) {
      expect(((await page.socket.emitWithAck(event, {})) as { problem: object }).problem).to.include({
        code: 'not-found',
      });
    }
  });

  it('count as being online until they go', async () => {
    const device = await sockets.device(phone);
    device.acknowledges = false;
    const online = await startVerification(hub, 'alice', { session: 'one' });
    expect(stepOf(online.verification, 'socket')?.status).to.equal('pending');
    device.socket.disconnect();
    const closed = async (): Promise<string | undefined> => {
      const { verification, id } = await startVerification(hub, 'alice', { session: 'two' });
      await hub.call('POST', `/v1/verifications/${id}/cancel`);
      return stepOf(verification, 'socket')?.status;
    };
    let status = await closed();
    for (let tries = 0; status === 'pending' && tries < 50; tries += 1) status = await closed();
    expect(status).to.equal('skipped');
  });
});
