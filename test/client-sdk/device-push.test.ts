/** Push messages: a sealed hint that is shown, then confirmed over HTTP before anything can be approved. */
import { expect } from 'chai';
import { CompactEncrypt, importJWK } from 'jose';
import type { PromptView, PublicJwk } from '../../client-sdk/protocol.ts';
import { rejectionOf } from './support/conditions.ts';
import { enrolledDevice } from './support/enrolled-device.ts';
import type { EnrolledDevice } from './support/enrolled-device.ts';
import { problem, startFakeHub } from './support/fake-hub.ts';
import type { FakeHub } from './support/fake-hub.ts';
import { payloadOf, prompt } from './support/wire.ts';

const acknowledgement = 'POST /v1/device/prompts/ver_1/acknowledge';

describe('push messages', () => {
  let hub: FakeHub;
  let device: EnrolledDevice;
  let hints: PromptView[];

  beforeEach(async () => {
    hub = await startFakeHub();
    device = await enrolledDevice(hub);
    hints = [];
  });
  afterEach(async () => {
    device.client.close();
    await hub.close();
  });

  async function sealed(content: object, key: PublicJwk = device.encryptionKey, header: object = {}): Promise<string> {
    return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(content)))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', ...header })
      .encrypt(await importJWK({ ...key }, 'ECDH-ES'));
  }
  const handle = (jwe: string, id = 'ver_1'): Promise<PromptView | null> =>
    device.client.handlePush({ v: '1', id, jwe }, { onHint: (hint) => hints.push(hint) });
  const confirms = (confirmed: PromptView): void =>
    hub.route(acknowledgement, () => ({
      status: 200,
      body: { prompt: confirmed, serverTime: new Date().toISOString() },
    }));

  it('show what they carry, and approve only what the hub confirmed', async () => {
    const confirmed = prompt({ action: 'Confirmed by the hub', challenge: 'confirmed' });
    confirms(confirmed);
    hub.route('POST /v1/device/prompts/ver_1/decision', () => ({ status: 200, body: { status: 'approved' } }));
    const shownWhenHinted: number[] = [];
    const jwe = await sealed(prompt({ action: 'As pushed', challenge: 'pushed' }));
    const result = await device.client.handlePush(
      { v: '1', id: 'ver_1', jwe },
      {
        onHint: (hint) => {
          hints.push(hint);
          shownWhenHinted.push(device.client.pending().length);
        },
      },
    );
    expect(hints.map(({ action }) => action)).to.deep.equal(['As pushed']);
    expect(shownWhenHinted).to.deep.equal([0]);
    expect(result).to.deep.equal(confirmed);
    expect(device.shown).to.deep.equal([confirmed]);
    await device.client.approve('ver_1', { number: '42' });
    const [decision] = hub.seen('POST /v1/device/prompts/ver_1/decision');
    expect(payloadOf((decision!.body as { decision: string }).decision)).to.include({ challenge: 'confirmed' });
  });

  it('cannot be approved while the hub has not confirmed', async () => {
    hub.route(acknowledgement, () => problem('forbidden', 403));
    expect(await rejectionOf(handle(await sealed(prompt())))).to.have.property('code', 'forbidden');
    expect(hints).to.have.length(1);
    expect(await rejectionOf(device.client.approve('ver_1', { number: '42' }))).to.have.property('code', 'prompt-gone');
  });

  it('come to nothing when the prompt no longer waits', async () => {
    for (const [code, status] of [
      ['already-decided', 409],
      ['verification-expired', 410],
      ['not-found', 404],
    ] as const) {
      hub.route(acknowledgement, () => problem(code, status));
      expect(await handle(await sealed(prompt())), code).to.equal(null);
    }
    expect(device.shown).to.deep.equal([]);
  });

  it('lead to the hub even when they cannot be opened, without being shown', async () => {
    confirms(prompt());
    const good = await sealed(prompt());
    const other = await enrolledDevice(hub);
    const parts = good.split('.');
    const flipped = parts[3]!.startsWith('A') ? `B${parts[3]!.slice(1)}` : `A${parts[3]!.slice(1)}`;
    const unreadable: Record<string, string> = {
      'altered content': [parts[0], parts[1], parts[2], flipped, parts[4]].join('.'),
      'altered header': [`${parts[0]!.slice(0, -2)}AA`, ...parts.slice(1)].join('.'),
      'for another device': await sealed(prompt(), other.encryptionKey),
      'another id inside': await sealed(prompt({ id: 'ver_2' })),
      'not a prompt': await sealed({ hello: 1 }),
      'not a JWE': 'a.b.c',
      empty: '',
    };
    for (const [name, jwe] of Object.entries(unreadable)) {
      expect(await handle(jwe), name).to.have.property('id', 'ver_1');
      expect(hints, name).to.deep.equal([]);
      device.client.close();
    }
  });

  it('open with party info in the header (RFC 7518 section 4.6.1)', async () => {
    confirms(prompt());
    const jwe = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(prompt())))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .setKeyManagementParameters({ apu: new Uint8Array([1, 2, 3]), apv: new TextEncoder().encode('device') })
      .encrypt(await importJWK({ ...device.encryptionKey }, 'ECDH-ES'));
    await handle(jwe);
    expect(hints).to.have.length(1);
  });

  it('of other services are left alone', async () => {
    for (const data of [{}, { v: '2', id: 'ver_1', jwe: 'x' }, { v: '1', id: 7, jwe: 'x' }, { v: '1', id: 'ver_1' }]) {
      expect(await device.client.handlePush(data)).to.equal(null);
    }
    expect(hub.seen(acknowledgement)).to.deep.equal([]);
  });

  it('keep the push token of the app known to the hub: now and on every start', async () => {
    const route = 'PUT /v1/device/push-token';
    hub.route(route, () => ({ status: 204 }));
    hub.onDevice = (socket) => socket.on('prompts', (reply) => reply({ ok: true, prompts: [] }));
    await device.client.updatePushToken({ provider: 'fcm', token: 'push-2' });
    await device.client.connect();
    await device.client.drain();
    expect(hub.seen(route).map(({ body }) => body)).to.deep.equal([
      { provider: 'fcm', token: 'push-2' },
      { provider: 'fcm', token: 'push-2' },
    ]);
  });
});
