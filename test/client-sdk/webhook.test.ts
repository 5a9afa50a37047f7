/** The check of a webhook call: Standard Webhooks signatures, time, rotation, and nothing that was altered. */
import { expect } from 'chai';
import { createHmac, generateKeyPairSync, sign as signWith, type KeyObject } from 'node:crypto';
import { createRelyingParty, verifyWebhook } from '../../client-sdk/relying-party.ts';
import { rejectionOf } from './support/conditions.ts';
import { verification } from './support/wire.ts';

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const other = `whsec_${Buffer.from('another secret, another secret!!').toString('base64')}`;
const now = Date.UTC(2026, 10, 21);
const stamp = String(now / 1_000);
const body = JSON.stringify({
  type: 'verification.approved',
  timestamp: '2026-11-21T00:00:00Z',
  data: { verification: verification() },
});

/** Standard Webhooks: base64 HMAC-SHA256 over `id.timestamp.body`. */
function sign(text: string, key = secret, id = 'msg_1', timestamp = stamp): string {
  const bytes = Buffer.from(key.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.${text}`).digest('base64')}`;
}
/** `whpk_` and the 32 bytes of an Ed25519 public key. */
function keyText(key: KeyObject): string {
  const { x = '' } = key.export({ format: 'jwk' });
  return `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;
}
const headers = (signature = sign(body), timestamp = stamp) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': timestamp,
  'webhook-signature': signature,
});
const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  ((await rejectionOf(work)) as { code?: unknown }).code;

describe('checking a webhook call', () => {
  it('gives the event', async () => {
    const event = await verifyWebhook(body, headers(), secret, now);
    expect(event).to.include({ id: 'msg_1', type: 'verification.approved', timestamp: '2026-11-21T00:00:00Z' });
    expect(event.data.verification).to.have.property('id', 'ver_1');
  });

  it('takes bytes, Headers, and what Node makes of headers', async () => {
    const shapes = [
      new Headers(headers()),
      { 'Webhook-Id': 'msg_1', 'Webhook-Timestamp': stamp, 'Webhook-Signature': [sign(body)] },
    ];
    for (const shape of shapes) await verifyWebhook(new TextEncoder().encode(body), shape, secret, now);
  });

  it('follows the example of the specification', async () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, and its reference tests.
    const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const given = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330' };
    const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
    const error = await rejectionOf(
      verifyWebhook('{"test": 2432232314}', { ...given, 'webhook-signature': signature }, key, 1_614_265_330_000),
    );
    // The signature holds; the body is only no event of ours.
    expect(error).to.have.property('detail', 'the body is not an event of this version');
  });

  it('accepts any of several secrets and signatures, for rotation', async () => {
    await verifyWebhook(body, headers(sign(body, other)), [secret, other], now);
    await verifyWebhook(body, headers(`${sign(body, other)} ${sign(body)}`), secret, now);
  });

  const refused: [string, string, ReturnType<typeof headers>][] = [
    ['an altered body', body.replace('approved', 'denied'), headers()],
    ['another secret', body, headers(sign(body, other))],
    ['another id', body, headers(sign(body, secret, 'msg_2'))],
    ['another time than signed', body, headers(sign(body), String(now / 1_000 + 1))],
    [
      'a time over five minutes ago',
      body,
      headers(sign(body, secret, 'msg_1', String(now / 1_000 - 301)), String(now / 1_000 - 301)),
    ],
    [
      'a time over five minutes ahead',
      body,
      headers(sign(body, secret, 'msg_1', String(now / 1_000 + 301)), String(now / 1_000 + 301)),
    ],
    ['a time that is none', body, headers(sign(body, secret, 'msg_1', 'soon'), 'soon')],
    ['an unknown signature version', body, headers(sign(body).replace('v1,', 'v1a,'))],
    ['no signature', body, headers('v1,')],
    ['rubbish', body, headers('v1,*** v1 ,v1')],
    ['no header', body, { ...headers(), 'webhook-signature': '' }],
    ['what is signed but no event', 'null', headers(sign('null'))],
    ['what is signed but no JSON', '{', headers(sign('{'))],
    [
      'an unknown type',
      '{"type":"x","timestamp":"t","data":{}}',
      headers(sign('{"type":"x","timestamp":"t","data":{}}')),
    ],
  ];
  for (const [name, text, given] of refused) {
    it(`refuses ${name}`, async () => {
      expect(await codeOf(verifyWebhook(text, given, secret, now))).to.equal('webhook-invalid');
    });
  }

  it('accepts the edge of the five minutes', async () => {
    const edge = String(now / 1_000 - 300);
    await verifyWebhook(body, headers(sign(body, secret, 'msg_1', edge), edge), secret, now);
  });

  it('names a secret that is none as the fault', async () => {
    for (const broken of ['', 'whsec_', 'whsec_***']) {
      expect(await codeOf(verifyWebhook(body, headers(), broken, now)), broken).to.equal('invalid-argument');
    }
  });

  describe('with a public key', () => {
    const pair = generateKeyPairSync('ed25519');
    const publicKey = keyText(pair.publicKey);
    const signed = (text: string, id = 'msg_1') =>
      `v1a,${signWith(null, Buffer.from(`${id}.${stamp}.${text}`), pair.privateKey).toString('base64')}`;

    it('accepts what the hub signed with the private one', async () => {
      const event = await verifyWebhook(body, headers(signed(body)), publicKey, now);
      expect(event).to.include({ id: 'msg_1', type: 'verification.approved' });
    });

    it('accepts either kind of key among several of both', async () => {
      const another = keyText(generateKeyPairSync('ed25519').publicKey);
      for (const keys of [[publicKey], [secret], [other, publicKey], [another, secret], [publicKey, secret]]) {
        await verifyWebhook(body, headers(`${sign(body)} ${signed(body)}`), keys, now);
      }
      for (const keys of [[another], [other], [other, another]]) {
        const call = verifyWebhook(body, headers(`${sign(body)} ${signed(body)}`), keys, now);
        expect(await codeOf(call)).to.equal('webhook-invalid');
      }
    });

    it('refuses an altered body, another id, and the signature under the other name', async () => {
      for (const [text, signature] of [
        [body.replace('approved', 'denied'), signed(body)],
        [body, signed(body, 'msg_2')],
        [body, signed(body).replace('v1a,', 'v1,')],
        [body, 'v1a,'],
        [body, `v1a,${Buffer.alloc(64).toString('base64')}`],
      ] as const) {
        expect(await codeOf(verifyWebhook(text, headers(signature), publicKey, now))).to.equal('webhook-invalid');
      }
    });

    it('is never taken for a shared secret: who knows it could sign with it', async () => {
      const forged = sign(body, publicKey.replace('whpk_', 'whsec_'));
      expect(await codeOf(verifyWebhook(body, headers(forged), publicKey, now))).to.equal('webhook-invalid');
      expect(await codeOf(verifyWebhook(body, headers(forged), [secret, publicKey], now))).to.equal('webhook-invalid');
    });

    it('names a key that is none as the fault, and a private one', async () => {
      for (const broken of ['whpk_', 'whpk_***', publicKey.slice(0, 40), publicKey.replace('whpk_', 'whsk_')]) {
        const call = verifyWebhook(body, headers(signed(body)), broken, now);
        expect(await codeOf(call), broken).to.equal('invalid-argument');
      }
    });

    it('looks at no more signatures than a hub makes', async () => {
      const many = Array.from({ length: 1_000 }, () => `v1a,${Buffer.alloc(64).toString('base64')}`).join(' ');
      const call = verifyWebhook(body, headers(`${many} ${signed(body)}`), publicKey, now);
      expect(await codeOf(call)).to.equal('webhook-invalid');
    });
  });

  it('is offered by the client as well', async () => {
    const party = createRelyingParty({ hub: 'https://verify.example.com', apiKey: 'k', runtime: { now: () => now } });
    expect(await party.verifyWebhook(body, headers(), [secret])).to.have.property('id', 'msg_1');
  });
});
