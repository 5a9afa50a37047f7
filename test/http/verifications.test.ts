// The main path over REST: created, shown, answered, ended, and told to each reader as far as it may know.
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import type { Reply } from '../support/hub.ts';
import { enrollPhone, type Phone } from '../support/phone.ts';
import { approve, decide, fetchPrompt, startSms, startVerification, verificationOf } from '../support/rest-scenes.ts';
import { createShiftedClock, type ShiftedClock } from '../support/shifted-clock.ts';

describe('verifications over REST', () => {
  let hub: CheckedHub;
  let clock: ShiftedClock;
  let phone: Phone;
  beforeEach(async () => {
    clock = createShiftedClock();
    hub = await startCheckedHub({ VERIHUB_PUSH: 'none' }, { clock });
    phone = await enrollPhone(hub, 'alice');
  });
  afterEach(() => hub.close());

  const outcomeOf = ({ status, body }: Reply): unknown[] => [status, body['code']];
  const post = (id: string, what: string, body?: unknown, token?: string) =>
    hub.call('POST', `/v1/verifications/${id}/${what}`, {
      ...(body === undefined ? {} : { body }),
      ...(token === undefined ? {} : { token }),
    });
  const read = async (id: string) => verificationOf(await hub.call('GET', `/v1/verifications/${id}`));

  describe('created', () => {
    it('are answered as the contract shows', async () => {
      const reply = await hub.call('POST', '/v1/verifications', { body: { userId: 'alice', action: 'Sign in' } });
      expect(reply.status).to.equal(201);
      const view = verificationOf(reply);
      expect(view).to.deep.include({ status: 'pending', rev: 1, userId: 'alice', action: 'Sign in', decision: null });
      expect(view.matching.mode).to.equal('enter');
      expect(view.matching.number).to.match(/^\d{2}$/);
      expect(view.delivery.map(({ step }) => step)).to.deep.equal(['socket', 'push', 'sms']);
      expect(view.code).to.deep.equal({ acceptable: false, attemptsLeft: 5 });
      expect(view.resend.left).to.equal(3);
      expect(Date.parse(view.expiresAt) - Date.parse(view.createdAt)).to.equal(300_000);
      expect(Date.parse(String(reply.body['serverTime']))).to.be.closeTo(Date.now(), 5_000);
      expect(reply.body).to.have.keys('verification', 'waiterToken', 'serverTime');
    });

    it('live as long as was asked', async () => {
      for (const lifetimeSeconds of [30, 600]) {
        const { verification } = await startVerification(hub, 'alice', { lifetimeSeconds });
        expect(Date.parse(verification.expiresAt) - Date.parse(verification.createdAt)).to.equal(
          lifetimeSeconds * 1000,
        );
      }
    });

    it('match as was asked', async () => {
      const number = async (matching: object) =>
        (await startVerification(hub, 'alice', { matching })).verification.matching;
      expect(await number({ mode: 'none' })).to.deep.equal({ mode: 'none' });
      expect((await number({ mode: 'enter', digits: 6 })).number).to.match(/^\d{6}$/);
      expect((await number({ mode: 'choose' })).number).to.match(/^\d{2}$/);
      expect((await number({ mode: 'qr' })).number).to.match(/^[A-Za-z0-9_-]{22}$/);
    });
  });

  describe('on a device', () => {
    it('are shown without the number, and decided by a signature', async () => {
      const started = await startVerification(hub, 'alice', { details: [{ label: 'Amount', value: '120.00 EUR' }] });
      const { body } = await hub.call('GET', '/v1/device/prompts', { token: phone.token() });
      const [listed] = body['prompts'] as Record<string, unknown>[];
      const prompt = await fetchPrompt(hub, phone, started.id);
      expect(prompt).to.deep.include({
        id: started.id,
        application: { name: 'Example Bank' },
        matching: { mode: 'enter', digits: 2 },
      });
      expect(listed).to.deep.include({
        challenge: prompt.challenge,
        details: [{ label: 'Amount', value: '120.00 EUR' }],
      });
      expect(JSON.stringify({ ...prompt, challenge: '' })).not.to.include(`"${started.number}"`);

      const reply = await decide(hub, phone, started, 'approve', started.number);
      expect([reply.status, reply.body['status']]).to.deep.equal([200, 'approved']);
      const view = await read(started.id);
      expect(view.decision).to.deep.include({ method: 'app', outcome: 'approved', deviceId: phone.deviceId });
      expect(view.decision?.evidence?.split('.')).to.have.length(3);
      expect(view.resultToken?.split('.')).to.have.length(3);
    });

    it('count wrong numbers, and end at the third', async () => {
      const started = await startVerification(hub, 'alice');
      const wrong = ['00', '01', '02', '03'].filter((number) => number !== started.number);
      const first = await decide(hub, phone, started, 'approve', wrong[0]);
      expect([...outcomeOf(first), first.body['attemptsLeft']]).to.deep.equal([422, 'number-incorrect', 2]);
      const again = await decide(hub, phone, started, 'approve', wrong[0]);
      expect(again.body['attemptsLeft'], 'the same answer counts once').to.equal(2);
      expect((await decide(hub, phone, started, 'approve', wrong[1])).body['attemptsLeft']).to.equal(1);
      await decide(hub, phone, started, 'approve', wrong[2]);
      expect((await read(started.id)).status).to.equal('denied');
    });

    it('are denied and reported', async () => {
      const denied = await startVerification(hub, 'alice');
      expect((await decide(hub, phone, denied, 'deny')).body['status']).to.equal('denied');
      const reported = await startVerification(hub, 'alice');
      expect((await decide(hub, phone, reported, 'report')).body['status']).to.equal('denied');
      expect((await read(reported.id)).decision).to.deep.include({ outcome: 'denied', reported: true });
      expect((await read(denied.id)).decision).not.to.have.property('reported');
    });

    it('are answered once: the same again, the other told what won', async () => {
      const other = await enrollPhone(hub, 'alice');
      const started = await startVerification(hub, 'alice');
      const prompts = [await fetchPrompt(hub, phone, started.id), await fetchPrompt(hub, other, started.id)] as const;
      const send = (holder: Phone, decision: string) =>
        hub.call('POST', `/v1/device/prompts/${started.id}/decision`, { token: holder.token(), body: { decision } });
      const answer = () => phone.decision(prompts[0], 'approve', started.number);
      expect((await send(phone, answer())).status).to.equal(200);
      const repeated = await send(phone, answer());
      expect([repeated.status, repeated.body['status']]).to.deep.equal([200, 'approved']);
      const late = await send(other, other.decision(prompts[1], 'deny'));
      expect([...outcomeOf(late), late.body['verificationStatus']]).to.deep.equal([409, 'already-decided', 'approved']);
    });

    it('hold an answer to the route, the challenge and the text', async () => {
      const [one, other] = [await startVerification(hub, 'alice'), await startVerification(hub, 'alice')];
      const prompt = await fetchPrompt(hub, phone, one.id);
      const send = (decision: string, id = one.id) =>
        hub.call('POST', `/v1/device/prompts/${id}/decision`, { token: phone.token(), body: { decision } });
      expect(outcomeOf(await send(phone.decision(prompt, 'deny'), other.id))).to.deep.equal([401, 'unauthenticated']);
      expect(outcomeOf(await send(phone.decision({ ...prompt, challenge: 'other' }, 'deny')))).to.deep.equal([
        409,
        'challenge-mismatch',
      ]);
      const digest = createHash('sha256').update('another text').digest('base64url');
      expect(outcomeOf(await send(phone.decision(prompt, 'deny', undefined, { prompt: digest })))).to.deep.equal([
        422,
        'invalid',
      ]);
      expect((await read(one.id)).status).to.equal('pending');
    });

    it('can be acknowledged no more once they ended', async () => {
      const { id } = await startVerification(hub, 'alice');
      await post(id, 'cancel');
      const { status, body } = await hub.call('POST', `/v1/device/prompts/${id}/acknowledge`, { token: phone.token() });
      expect([status, body['code'], body['verificationStatus']]).to.deep.equal([409, 'already-decided', 'canceled']);
    });
  });

  describe('by SMS', () => {
    it('take the code from the page, with spaces', async () => {
      const { id, code, waiterToken } = await startSms(hub, 'alice');
      const reply = await post(id, 'code', { code: ` ${code.slice(0, 3)} ${code.slice(3)} ` }, waiterToken);
      expect(verificationOf(reply)).to.deep.include({ status: 'approved' });
      expect(verificationOf(reply).decision).to.deep.include({ method: 'sms-code', outcome: 'approved' });
    });

    it('count wrong codes over page and relying party, and then take none', async () => {
      const { id, code, waiterToken } = await startSms(hub, 'alice');
      const wrong = code === '000000' ? '000001' : '000000';
      for (let left = 4; left >= 0; left -= 1) {
        const reply = await post(id, 'code', { code: wrong }, left % 2 === 0 ? waiterToken : undefined);
        expect([...outcomeOf(reply), reply.body['attemptsLeft']]).to.deep.equal([422, 'code-incorrect', left]);
      }
      for (const each of [wrong, code]) {
        expect(outcomeOf(await post(id, 'code', { code: each }, waiterToken))).to.deep.equal([
          429,
          'code-attempts-exhausted',
        ]);
      }
      expect((await read(id)).code).to.deep.equal({ acceptable: false, attemptsLeft: 0 });
    });

    it('count no code that is none', async () => {
      const { id, waiterToken } = await startSms(hub, 'alice');
      for (const code of ['12345', 'abcdef', '１２３４５６'])
        expect((await post(id, 'code', { code }, waiterToken)).status).to.equal(422);
      expect((await read(id)).code.attemptsLeft).to.equal(5);
    });

    it('take no code that was never sent', async () => {
      const { id } = await startVerification(hub, 'alice');
      expect(outcomeOf(await post(id, 'code', { code: '123456' }))).to.deep.equal([422, 'code-not-acceptable']);
    });

    it('send the same code again, not too soon and not too often', async () => {
      const { id, code } = await startSms(hub, 'alice');
      for (const wait of [31_000, 61_000, 121_000]) {
        const soon = await post(id, 'resend', { step: 'sms' });
        expect(outcomeOf(soon)).to.deep.equal([429, 'resend-too-soon']);
        clock.shift(wait);
        expect((await post(id, 'resend', { step: 'sms' })).status).to.equal(200);
      }
      expect((await read(id)).resend.left).to.equal(0);
      clock.shift(31_000);
      expect(outcomeOf(await post(id, 'resend'))).to.deep.equal([429, 'resend-exhausted']);
      expect(verificationOf(await post(id, 'code', { code })).status).to.equal('approved');
    });
  });

  describe('ended', () => {
    it('by cancel, from the page too, and once', async () => {
      const { id, waiterToken } = await startVerification(hub, 'alice');
      expect(verificationOf(await post(id, 'cancel', undefined, waiterToken)).status).to.equal('canceled');
      expect((await hub.call('GET', '/v1/device/prompts', { token: phone.token() })).body['prompts']).to.deep.equal([]);
      const { status, body } = await post(id, 'code', { code: '123456' });
      expect([status, body['code'], body['verificationStatus']]).to.deep.equal([409, 'already-decided', 'canceled']);
    });

    it('by their deadline: never pending after it, and 410 for whoever comes late', async () => {
      const { id, waiterToken } = await startVerification(hub, 'alice', { lifetimeSeconds: 30 });
      const prompt = await fetchPrompt(hub, phone, id);
      clock.shift(30_001);
      expect((await read(id)).status).to.equal('expired');
      const body = { decision: phone.decision(prompt, 'deny') };
      const late = await hub.call('POST', `/v1/device/prompts/${id}/decision`, { token: phone.token(), body });
      expect(outcomeOf(late)).to.deep.equal([410, 'verification-expired']);
      for (const what of ['cancel', 'resend']) expect((await post(id, what)).status, what).to.be.oneOf([409, 410]);
      expect(outcomeOf(await post(id, 'code', { code: '123456' }))).to.deep.equal([410, 'verification-expired']);
      // A page can still read how it ended, for five minutes.
      const readAsPage = () => hub.call('GET', `/v1/verifications/${id}`, { token: waiterToken });
      expect(verificationOf(await readAsPage()).status).to.equal('expired');
      clock.shift(301_000);
      expect((await readAsPage()).status).to.equal(401);
    });

    it('with a timeline for the relying party', async () => {
      const { id } = await approve(hub, 'alice', phone);
      const { body } = await hub.call('GET', `/v1/verifications/${id}/timeline`);
      const entries = body['timeline'] as { at: string; type: string }[];
      expect(entries[0]?.type).to.equal('created');
      expect(entries.map(({ type }) => type)).to.include.members(['acknowledged', 'answer', 'ended']);
      expect(entries.map(({ at }) => Date.parse(at))).to.deep.equal(
        entries.map(({ at }) => Date.parse(at)).toSorted((a, b) => a - b),
      );
    });
  });

  describe('that make a browser trusted', () => {
    it('do so once, after approval, for at most a month', async () => {
      const pending = await startVerification(hub, 'alice');
      expect(outcomeOf(await post(pending.id, 'trust'))).to.deep.equal([422, 'not-approved']);
      const { id } = await approve(hub, 'alice', phone);
      const granted = await post(id, 'trust');
      expect(granted.status).to.equal(201);
      const { expiresAt, serverTime } = granted.body;
      expect(Date.parse(String(expiresAt)) - Date.parse(String(serverTime))).to.be.closeTo(7 * 86_400_000, 1_000);
      expect(outcomeOf(await post(id, 'trust'))).to.deep.equal([409, 'trust-already-granted']);
    });

    it('skip the prompt next time, unless more is wanted, it is another person, or it was revoked', async () => {
      const { id } = await approve(hub, 'alice', phone);
      const trustToken = String((await post(id, 'trust', { days: 30 })).body['trustToken']);
      const use = (userId: string, change: object = {}) =>
        hub.call('POST', '/v1/verifications', { body: { userId, action: 'Sign in', trustToken, ...change } });
      const skipped = await use('alice');
      expect(verificationOf(skipped).decision).to.deep.include({ method: 'trusted-browser', outcome: 'approved' });
      expect(skipped.body['trustToken']).to.be.a('string').and.not.to.equal(trustToken);
      expect(verificationOf(await use('alice', { stepUp: true })).status).to.equal('pending');
      expect(verificationOf(await use('bob')).status).not.to.equal('approved');
      const next = { trustToken: skipped.body['trustToken'] };
      await hub.call('DELETE', `/v1/users/alice/trusted-browsers/${id.replace('ver_', 'tru_')}`);
      expect(verificationOf(await use('alice', next)).status).to.equal('pending');
    });
  });
});
