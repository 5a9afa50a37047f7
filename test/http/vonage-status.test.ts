// Vonage's receipts at the hub's door: forged ones change nothing, and real ones never decide (security.md K5, reliability.md F26).
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import type { VerificationView } from '../../client-sdk/protocol.ts';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { enrollPhone } from '../support/phone.ts';
import { createRecordingLogger } from '../support/recorders.ts';
import { startVerification, verificationOf } from '../support/rest-scenes.ts';
import { createShiftedClock, type ShiftedClock } from '../support/shifted-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { signHs256, type Forge } from '../support/vonage-callback.ts';
import { startVonageSimulator, vonageEnv, type VonageSimulator } from '../support/vonage-simulator.ts';

interface TimelineLine {
  type: string;
  status?: string;
  reason?: string;
  provider?: string;
  providerId?: string;
}

describe("a receipt at the hub's door", () => {
  const folder = temporaryFolder();
  let simulator: VonageSimulator;
  let hub: CheckedHub;
  let clock: ShiftedClock;
  const { logger, lines } = createRecordingLogger();
  let users = 0;
  before(async () => {
    simulator = await startVonageSimulator();
    clock = createShiftedClock();
    hub = await startCheckedHub(
      { ...vonageEnv(simulator, folder.path), VERIHUB_SMS_PER_PREFIX: '1000' },
      { clock, logger },
    );
  });
  beforeEach(() => simulator.respond(undefined));
  after(async () => {
    await hub.close();
    await simulator[Symbol.asyncDispose]();
    folder.remove();
  });

  /** A verification whose SMS has been sent. @param enrolled to somebody whose app could still answer */
  async function sent({ enrolled = false } = {}) {
    users += 1;
    const user = `user-${users}`;
    if (enrolled) await enrollPhone(hub, user);
    await hub.call('PUT', `/v1/users/${user}`, { body: { phoneNumber: `+3161${2_000_000 + users}` } });
    const seen = simulator.requests.length;
    const { id } = await startVerification(hub, user, { steps: enrolled ? ['push', 'sms'] : ['sms'] });
    const { message, messageId } = await simulator.arrived(seen + 1);
    const { client_ref: clientRef = '', text = '' } = message;
    await settled(id, 'accepted');
    return { id, clientRef, messageId, code: /#(\d{6})$/.exec(text)?.[1] ?? '' };
  }

  /** Resolves once the SMS step has this status. */
  async function settled(id: string, status: string): Promise<VerificationView> {
    for (;;) {
      const { body } = await hub.call('GET', `/v1/verifications/${id}`);
      const verification = body['verification'] as VerificationView;
      if (smsStep(verification)?.status === status) return verification;
      if (verification.status !== 'pending') throw new Error(`${id} ended as ${verification.status}`);
      await hub.call('GET', `/v1/verifications/${id}?wait=1&rev=${verification.rev}`);
    }
  }

  const look = async (id: string) => verificationOf(await hub.call('GET', `/v1/verifications/${id}`));
  const smsStep = ({ delivery }: VerificationView) => delivery.find(({ step }) => step === 'sms');
  const receiptsOf = async (id: string): Promise<TimelineLine[]> => {
    const { body } = await hub.call('GET', `/v1/verifications/${id}/timeline`);
    return (body['timeline'] as TimelineLine[]).filter(({ type }) => type === 'receipt');
  };
  const nowSeconds = () => Math.floor(clock.now() / 1000);
  const tell = (status: Record<string, unknown>, forge: Forge = {}) =>
    simulator.callBack(hub.localUrl, status, { ...forge, claims: { iat: nowSeconds(), ...forge.claims } });
  type Sent = Awaited<ReturnType<typeof sent>>;
  const statusOf = ({ messageId, clientRef }: Sent, status: string, extra: object = {}) => ({
    message_uuid: messageId,
    client_ref: clientRef,
    status,
    channel: 'sms',
    to: '31612000001',
    from: 'Verihub',
    timestamp: '2026-01-01T00:00:00.000Z',
    usage: { currency: 'EUR', price: '0.0333' },
    ...extra,
  });

  it('says that the SMS was delivered', async () => {
    const sms = await sent();
    const reply = await tell(statusOf(sms, 'delivered'));
    expect([reply.status, await reply.json()]).to.deep.equal([200, { status: 'received' }]);
    expect(smsStep(await look(sms.id))).to.include({ step: 'sms', status: 'delivered' });
    const [line, ...more] = await receiptsOf(sms.id);
    expect(line).to.include({ status: 'delivered', provider: 'vonage', providerId: sms.messageId });
    expect(more).to.deep.equal([]);
  });

  it('says that it was not, and why', async () => {
    for (const status of ['rejected', 'undeliverable']) {
      const sms = await sent();
      const type = 'https://developer.vonage.com/api-errors/messages#1210';
      await tell(statusOf(sms, status, { error: { type, title: 1210, detail: 'Anti-Spam', instance: sms.messageId } }));
      expect(smsStep(await look(sms.id))).to.include({ status: 'failed', reason: 'not-delivered' });
      expect((await receiptsOf(sms.id))[0]).to.include({ status: 'failed', reason: 'anti-spam' });
    }
  });

  it('never decides, whatever it says', async () => {
    const sms = await sent();
    const inflated = { approved: true, decision: 'approve', code: sms.code, verification: { status: 'approved' } };
    for (const status of ['submitted', 'delivered', 'read', 'approved', 'rejected', 'constructor', '']) {
      expect((await tell(statusOf(sms, status, inflated))).status).to.equal(200);
    }
    expect(await look(sms.id)).to.include({ status: 'pending', decision: null });
    const typed = await hub.call('POST', `/v1/verifications/${sms.id}/code`, { body: { code: sms.code } });
    expect(verificationOf(typed)).to.include({ status: 'approved' });
  });

  it('says nothing new the second time, replayed or signed anew', async () => {
    const sms = await sent();
    const jti = 'the-same';
    for (let n = 0; n < 3; n += 1)
      expect((await tell(statusOf(sms, 'delivered'), { claims: { jti } })).status).to.equal(200);
    const { rev } = await look(sms.id);
    for (let n = 0; n < 3; n += 1) expect((await tell(statusOf(sms, 'delivered'))).status).to.equal(200);
    expect((await look(sms.id)).rev).to.equal(rev);
    expect(await receiptsOf(sms.id)).to.have.length(1);
  });

  it('comes in any order', async () => {
    const sms = await sent({ enrolled: true });
    for (const status of ['rejected', 'delivered', 'submitted', 'rejected']) await tell(statusOf(sms, status));
    expect(smsStep(await look(sms.id))).to.include({ status: 'delivered' });
    expect((await receiptsOf(sms.id)).map(({ status }) => status)).to.deep.equal(['failed', 'delivered']);
  });

  it('may come before the send has returned', async () => {
    const gate = Promise.withResolvers<void>();
    simulator.respond((response, { message, messageId }) => {
      const early = { message_uuid: messageId, client_ref: message.client_ref, status: 'delivered' };
      void tell(early).then(async (reply) => {
        expect(reply.status).to.equal(200);
        response.writeHead(202, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ message_uuid: messageId }));
        gate.resolve();
      });
    });
    await hub.call('PUT', '/v1/users/early', { body: { phoneNumber: '+31613000001' } });
    const { id } = await startVerification(hub, 'early', { steps: ['sms'] });
    await gate.promise;
    const { body } = await hub.call('GET', `/v1/verifications/${id}/timeline`);
    expect((body['timeline'] as TimelineLine[]).map(({ type }) => type)).to.include('receipt');
    for (let rev = 1; ;) {
      const verification = verificationOf(await hub.call('GET', `/v1/verifications/${id}?wait=1&rev=${rev}`));
      if (smsStep(verification)?.attempts === 1) {
        expect(smsStep(verification)).to.include({ status: 'delivered' });
        return;
      }
      rev = verification.rev;
    }
  });

  it('of a message that nobody knows is taken, and forgotten', async () => {
    const sms = await sent();
    const strangers: Record<string, unknown>[] = [
      { message_uuid: 'x', status: 'delivered' },
      { message_uuid: sms.messageId, status: 'delivered' },
      { message_uuid: 'x', status: 'delivered', client_ref: `ver_${'0'.repeat(34)}.sms.1.phone` },
      { message_uuid: 'x', status: 'rejected', client_ref: sms.id },
      { message_uuid: 'x', status: 'rejected', client_ref: `${sms.id}.sms.0.phone` },
      { message_uuid: 'x', status: 'rejected', client_ref: `${sms.id}.socket.1.phone` },
      { message_uuid: 'x', status: 'rejected', client_ref: "'; DROP TABLE verifications; --" },
      { message_uuid: 'x', status: 'rejected', client_ref: '__proto__' },
    ];
    for (const status of strangers) expect((await tell(status)).status, JSON.stringify(status)).to.equal(200);
    expect(smsStep(await look(sms.id))).to.include({ status: 'accepted' });
    expect(await receiptsOf(sms.id)).to.deep.equal([]);
  });

  describe('that is forged', () => {
    const claimsOf = (body: string) => ({
      iat: nowSeconds(),
      jti: 'x',
      payload_hash: createHash('sha256').update(body).digest('hex'),
    });
    const forgeries: [what: string, forge: (body: string) => Forge][] = [
      ['has no JWT', () => ({ authorization: null })],
      ['has an empty one', () => ({ authorization: 'Bearer ' })],
      ['has another scheme', () => ({ authorization: 'Basic YWJjOmRlZg==' })],
      ['is signed with another secret', () => ({ secret: 'another-signature-secret-of-32-ch' })],
      ['is signed with an empty secret', () => ({ secret: '' })],
      ['has alg none and a signature', () => ({ header: { alg: 'none' } })],
      [
        'has alg none and no signature',
        (body) => ({ authorization: `Bearer ${signHs256({ alg: 'none' }, claimsOf(body), '').replace(/[^.]*$/, '')}` }),
      ],
      ['has alg HS512', () => ({ header: { alg: 'HS512' } })],
      ['has alg RS256', () => ({ header: { alg: 'RS256' } })],
      ['has alg hs256', () => ({ header: { alg: 'hs256' } })],
      ['has no alg', () => ({ header: { alg: undefined } })],
      ['is for another body', () => ({ claims: { payload_hash: createHash('sha256').update('{}').digest('hex') } })],
      ['has no payload_hash', () => ({ claims: { payload_hash: undefined } })],
      ['has a payload_hash of another kind', () => ({ claims: { payload_hash: 7 } })],
      ['has a body with one blank more', (body) => ({ body: `${body} ` })],
      ['has another status than was signed', (body) => ({ body: body.replace('delivered', 'undelivered') })],
      ['has no body', () => ({ body: '' })],
      ['has a body that is no JSON', () => ({ body: '{"message_uuid":' })],
      ['is older than five minutes', () => ({ claims: { iat: nowSeconds() - 302 } })],
      ['is from five minutes ahead', () => ({ claims: { iat: nowSeconds() + 303 } })],
      ['has no iat', () => ({ claims: { iat: undefined } })],
      ['has an iat in text', () => ({ claims: { iat: String(nowSeconds()) } })],
      ['has expired', () => ({ claims: { exp: Math.floor(Date.now() / 1000) - 1 } })],
      ['is for another application', () => ({ claims: { application_id: '0196c1de-0000-7000-8000-00000000dead' } })],
      ["has the hub's own API key", () => ({ authorization: `Bearer ${hub.apiKey}` })],
      ['has an endless token', () => ({ claims: { jti: 'x'.repeat(5000) } })],
    ];
    for (const [what, forge] of forgeries) {
      it(`because it ${what} is refused, and nothing changes`, async () => {
        const sms = await sent();
        const { rev } = await look(sms.id);
        const status = statusOf(sms, 'delivered');
        const reply = await tell(status, forge(JSON.stringify(status)));
        expect(reply.status).to.equal(401);
        expect(reply.headers.get('content-type')).to.equal('application/problem+json');
        const { code, requestId } = (await reply.json()) as Record<string, unknown>;
        expect(code).to.equal('unauthenticated');
        expect((await look(sms.id)).rev).to.equal(rev);
        expect(await receiptsOf(sms.id)).to.deep.equal([]);
        const audited = lines.filter(({ fields }) => fields['requestId'] === requestId);
        expect(audited.map(({ fields }) => [fields['route'], fields['status']])).to.deep.equal([
          ['/v1/providers/vonage/status', 401],
        ]);
      });
    }

    it('in its body is told apart from one that only says something odd', async () => {
      const odd: [body: string, status: number][] = [
        ['[]', 400],
        ['not json', 400],
        ['{}', 422],
        ['{"message_uuid":"x","status":7}', 422],
      ];
      for (const [body, status] of odd) {
        const payload_hash = createHash('sha256').update(body).digest('hex');
        expect((await tell({}, { body, claims: { payload_hash } })).status, body).to.equal(status);
      }
      const large = JSON.stringify({ message_uuid: 'x', status: 'delivered', more: 'x'.repeat(70_000) });
      const reply = await tell(
        {},
        { body: large, claims: { payload_hash: createHash('sha256').update(large).digest('hex') } },
      );
      expect(reply.status).to.equal(413);
    });
  });

  it('after the end, also an hour late, is noted and changes nothing', async () => {
    const sms = await sent();
    const early = statusOf(sms, 'delivered');
    const oldToken = { claims: { iat: nowSeconds() } };
    await hub.call('POST', `/v1/verifications/${sms.id}/cancel`);
    clock.shift(3_600_000);
    const { rev } = await look(sms.id);
    expect((await tell(early, oldToken)).status, 'signed an hour ago').to.equal(401);
    expect(await receiptsOf(sms.id)).to.deep.equal([]);
    expect((await tell(early)).status, 'signed now').to.equal(200);
    expect(await look(sms.id)).to.include({ status: 'canceled', rev });
    expect(await receiptsOf(sms.id)).to.have.length(1);
  });

  it('that ends a verification nobody can answer any more tells it as expired, not as delivered', async () => {
    const sms = await sent();
    clock.shift(301_000);
    expect((await tell(statusOf(sms, 'delivered'))).status).to.equal(200);
    expect(await look(sms.id)).to.include({ status: 'expired' });
    expect(await receiptsOf(sms.id)).to.have.length(1);
  });

  it('is refused by a hub that has no signature secret', async () => {
    const env = vonageEnv(simulator, folder.path);
    const { VERIHUB_VONAGE_SIGNATURE_SECRET: _none, ...without } = env;
    await using deaf = await startCheckedHub(without);
    const reply = await simulator.callBack(deaf.localUrl, { message_uuid: 'x', status: 'delivered' });
    expect(reply.status).to.equal(401);
  });
});
