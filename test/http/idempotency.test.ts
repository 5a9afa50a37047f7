// A create that is sent again under its key: one verification, however often and however it was lost (S7).
import { expect } from 'chai';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { sendAndLeave } from '../support/raw-http.ts';
import { approve, decide, startVerification, verificationOf } from '../support/rest-scenes.ts';
import { enrollPhone } from '../support/phone.ts';
import { createShiftedClock, type ShiftedClock } from '../support/shifted-clock.ts';

describe('an Idempotency-Key', () => {
  let hub: CheckedHub;
  let clock: ShiftedClock;
  before(async () => {
    clock = createShiftedClock();
    hub = await startCheckedHub({}, { clock });
    await enrollPhone(hub, 'alice');
  });
  after(() => hub.close());

  let keys = 0;
  const newKey = (): string => `key-${(keys += 1)}`;
  const body = { userId: 'alice', action: 'Sign in', details: [{ label: 'Amount', value: '1 EUR' }] };
  const create = (key: string, change: object = {}) =>
    hub.call('POST', '/v1/verifications', { body: { ...body, ...change }, headers: { 'idempotency-key': key } });
  const pendingOf = async (userId: string) => {
    const { records } = await hub.store.list({ kind: 'verification', applicationId: await applicationId(), userId });
    return records;
  };
  const applicationId = async () => (await hub.store.list({ kind: 'application' })).records[0]!.id;

  it('replays the first reply, with tokens minted anew', async () => {
    const key = newKey();
    const first = await create(key);
    const second = await create(key);
    expect([first.status, second.status]).to.deep.equal([201, 201]);
    expect(second.body['verification']).to.deep.equal(first.body['verification']);
    const { id } = verificationOf(first);
    for (const reply of [first, second]) {
      const { status } = await hub.call('GET', `/v1/verifications/${id}`, { token: String(reply.body['waiterToken']) });
      expect(status).to.equal(200);
    }
  });

  it('replays it after the verification has gone on', async () => {
    const key = newKey();
    const phone = await enrollPhone(hub, 'ann');
    const first = await create(key, { userId: 'ann' });
    const { id, matching } = verificationOf(first);
    const started = { id, number: matching.number ?? '', waiterToken: '', verification: verificationOf(first) };
    await decide(hub, phone, started, 'approve', matching.number);
    const again = await create(key, { userId: 'ann' });
    expect(verificationOf(again)).to.deep.equal(verificationOf(first));
    expect(verificationOf(await hub.call('GET', `/v1/verifications/${id}`)).status).to.equal('approved');
  });

  it('does not care in which order the fields come', async () => {
    const key = newKey();
    const first = await create(key);
    const turned = Object.fromEntries(Object.entries(body).toReversed());
    const second = await hub.call('POST', '/v1/verifications', { body: turned, headers: { 'idempotency-key': key } });
    expect(verificationOf(second).id).to.equal(verificationOf(first).id);
  });

  for (const [what, change] of [
    ['action', { action: 'Pay' }],
    ['user', { userId: 'bob' }],
    ['field more', { stepUp: false }],
    ['detail', { details: [] }],
  ] as const) {
    it(`refuses another ${what}`, async () => {
      const key = newKey();
      const first = await create(key);
      const { status, body: problem } = await create(key, change);
      expect([status, problem['code']]).to.deep.equal([422, 'idempotency-key-reused']);
      expect((await create(key)).body['verification']).to.deep.equal(first.body['verification']);
    });
  }

  it('makes one verification of 20 at once', async () => {
    const key = newKey();
    await enrollPhone(hub, 'carl');
    const replies = await Promise.all(Array.from({ length: 20 }, () => create(key, { userId: 'carl' })));
    const created = replies.filter(({ status }) => status === 201);
    expect(new Set(created.map((reply) => verificationOf(reply).id)).size).to.equal(1);
    for (const { status, body: problem } of replies) {
      if (status !== 201) expect([status, problem['code']]).to.deep.equal([409, 'request-in-flight']);
    }
    expect(created).not.to.be.empty;
    expect(await pendingOf('carl')).to.have.length(1);
  });

  it('finds the verification whose reply was lost', async () => {
    const key = newKey();
    await enrollPhone(hub, 'dora');
    const text = JSON.stringify({ ...body, userId: 'dora' });
    const head = [
      'POST /v1/verifications HTTP/1.1',
      'Host: hub',
      `Authorization: Bearer ${hub.apiKey}`,
      'Content-Type: application/json',
      `Idempotency-Key: ${key}`,
      `Content-Length: ${Buffer.byteLength(text)}`,
    ];
    // Whether the first one got as far as the store or not: there is one in the end.
    await sendAndLeave(hub.localUrl, `${head.join('\r\n')}\r\n\r\n${text}`);
    const again = await create(key, { userId: 'dora' });
    expect(again.status).to.equal(201);
    const pending = await pendingOf('dora');
    expect(pending.map(({ id }) => id)).to.deep.equal([verificationOf(again).id]);
  });

  it('takes nothing from a request that was refused', async () => {
    const key = newKey();
    expect((await create(key, { action: '' })).status).to.equal(422);
    expect((await create(key)).status).to.equal(201);
  });

  it('hands a trusted browser its rotated token again', async () => {
    const key = newKey();
    const { id } = await approve(hub, 'erin');
    const { body: trust } = await hub.call('POST', `/v1/verifications/${id}/trust`);
    const change = { userId: 'erin', trustToken: trust['trustToken'] };
    const first = await create(key, change);
    const second = await create(key, change);
    expect(verificationOf(second).id).to.equal(verificationOf(first).id);
    expect(verificationOf(second).status).to.equal('approved');
    expect(
      (await startVerification(hub, 'erin', { trustToken: second.body['trustToken'] })).verification.status,
    ).to.equal('approved');
  });

  it('is remembered for a day', async () => {
    const key = newKey();
    const first = await create(key);
    clock.shift(23.9 * 3_600_000);
    expect(verificationOf(await create(key)).id).to.equal(verificationOf(first).id);
    clock.shift(0.2 * 3_600_000);
    expect(verificationOf(await create(key)).id).not.to.equal(verificationOf(first).id);
  });

  it('is not needed', async () => {
    const [one, other] = [await startVerification(hub, 'alice'), await startVerification(hub, 'alice')];
    expect(one.id).not.to.equal(other.id);
  });
});
