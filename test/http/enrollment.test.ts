// Enrolling over REST: single use, ten minutes, proof of possession, and a lost reply that strands nobody (contract section 5).
import { expect } from 'chai';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { sendAndLeave } from '../support/raw-http.ts';
import { createPhone, enrollmentBody, makeKeys } from '../support/phone.ts';
import { createShiftedClock, type ShiftedClock } from '../support/shifted-clock.ts';

describe('enrolling', () => {
  let hub: CheckedHub;
  let clock: ShiftedClock;
  beforeEach(async () => {
    clock = createShiftedClock();
    hub = await startCheckedHub({}, { clock });
  });
  afterEach(() => hub.close());

  const ticket = async (body: object = {}) => {
    const reply = await hub.call('POST', '/v1/users/alice/enrollments', { body });
    return { ...reply.body, token: String(reply.body['enrollmentToken']) } as Record<string, unknown> & {
      token: string;
    };
  };
  const enroll = (token: string, body: unknown) => hub.call('POST', '/v1/devices', { token, body });
  const devices = async () =>
    (await hub.call('GET', '/v1/users/alice/devices')).body['devices'] as { id: string; name: string }[];

  it('hands out a link whose token is in the fragment, good for ten minutes', async () => {
    const { token, uri, expiresAt, serverTime } = await ticket();
    expect(uri).to.equal(`${hub.origin}/enroll#${token}`);
    expect(Date.parse(String(expiresAt)) - Date.parse(String(serverTime))).to.be.within(590_000, 600_000);
  });

  it('answers who enrolled where', async () => {
    const { token } = await ticket();
    const { status, body } = await enroll(token, enrollmentBody(hub.origin, token, makeKeys(), { name: 'Pixel 10' }));
    expect(status).to.equal(201);
    expect(body).to.deep.include({ userId: 'alice' });
    expect(body['application']).to.deep.include({ name: 'Example Bank' });
    expect(await devices()).to.deep.include.members([
      { ...(await devices())[0]!, id: String(body['deviceId']), name: 'Pixel 10' },
    ]);
  });

  it('takes keys as WebCrypto exports them, but never a private one', async () => {
    const { token } = await ticket();
    const keys = makeKeys();
    const body = enrollmentBody(hub.origin, token, keys);
    const exported = { ...body, signingKey: { ...body.signingKey, ext: true, key_ops: ['verify'] } };
    const isPrivate = { ...body, signingKey: { ...body.signingKey, d: 'A'.repeat(43) } };
    expect((await enroll(token, isPrivate)).status).to.equal(422);
    expect((await enroll(token, exported)).status).to.equal(201);
    expect((await enroll(token, body)).status).to.equal(201);
  });

  it('gives the same answer to the same token and key, and makes one device', async () => {
    const { token } = await ticket();
    const keys = makeKeys();
    const first = await enroll(token, enrollmentBody(hub.origin, token, keys));
    const again = await enroll(token, enrollmentBody(hub.origin, token, keys));
    expect([first.status, again.status]).to.deep.equal([201, 201]);
    expect(again.body['deviceId']).to.equal(first.body['deviceId']);
    expect(await devices()).to.have.length(1);
  });

  it('strands nobody when the reply is lost', async () => {
    const { token } = await ticket();
    const keys = makeKeys();
    const body = JSON.stringify(enrollmentBody(hub.origin, token, keys));
    const head = [
      'POST /v1/devices HTTP/1.1',
      'Host: hub',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    await sendAndLeave(hub.localUrl, `${head.join('\r\n')}\r\n\r\n${body}`);
    const again = await enroll(token, enrollmentBody(hub.origin, token, keys));
    expect(again.status).to.equal(201);
    const phone = createPhone(hub, String(again.body['deviceId']), keys);
    expect((await hub.call('GET', '/v1/device/prompts', { token: phone.token() })).status).to.equal(200);
    expect(await devices()).to.have.length(1);
  });

  it('makes one device of ten tries at once', async () => {
    const { token } = await ticket();
    const keys = makeKeys();
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => enroll(token, enrollmentBody(hub.origin, token, keys))),
    );
    expect(new Set(replies.map(({ status, body }) => `${status} ${String(body['deviceId'])}`)).size).to.equal(1);
    expect(await devices()).to.have.length(1);
  });

  it('lets one of two keys win, and refuses the other', async () => {
    const { token } = await ticket();
    const replies = await Promise.all(
      [makeKeys(), makeKeys()].map((keys) => enroll(token, enrollmentBody(hub.origin, token, keys))),
    );
    expect(replies.map(({ status }) => status)).to.have.members([201, 401]);
    expect(await devices()).to.have.length(1);
  });

  it('is over after ten minutes, for a repeat too', async () => {
    const { token } = await ticket();
    const unused = await ticket();
    const keys = makeKeys();
    expect((await enroll(token, enrollmentBody(hub.origin, token, keys))).status).to.equal(201);
    clock.shift(600_001);
    expect((await enroll(token, enrollmentBody(hub.origin, token, keys))).status).to.equal(401);
    expect((await enroll(unused.token, enrollmentBody(hub.origin, unused.token, keys))).status).to.equal(401);
  });

  it('tells a removed device nothing', async () => {
    const { token } = await ticket();
    const keys = makeKeys();
    const { body } = await enroll(token, enrollmentBody(hub.origin, token, keys));
    await hub.call('DELETE', `/v1/users/alice/devices/${String(body['deviceId'])}`);
    expect((await enroll(token, enrollmentBody(hub.origin, token, keys))).status).to.equal(401);
  });

  it('wants proof of the key that it enrolls', async () => {
    const { token } = await ticket();
    const [keys, others] = [makeKeys(), makeKeys()];
    const forged = { ...enrollmentBody(hub.origin, token, others), signingKey: keys.signing.jwk };
    const swapped = { ...enrollmentBody(hub.origin, token, keys), encryptionKey: others.encryption.jwk };
    const elsewhere = enrollmentBody('https://other.test', token, keys);
    const otherTicket = enrollmentBody(hub.origin, (await ticket()).token, keys);
    for (const body of [forged, swapped, elsewhere, otherTicket])
      expect((await enroll(token, body)).status).to.equal(401);
    expect(await devices()).to.be.empty;
    expect(
      (await enroll(token, enrollmentBody(hub.origin, token, keys))).status,
      'the token is not spent by failures',
    ).to.equal(201);
  });

  it('refuses a point that is not on the curve', async () => {
    const { token } = await ticket();
    const keys = makeKeys();
    const body = {
      ...enrollmentBody(hub.origin, token, keys),
      encryptionKey: { ...keys.encryption.jwk, y: 'A'.repeat(43) },
    };
    expect((await enroll(token, body)).status).to.be.oneOf([401, 422]);
    expect(await devices()).to.be.empty;
  });
});
