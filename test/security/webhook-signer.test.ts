// Webhook signatures are those of Standard Webhooks, and each application's key is its own.
import { createPublicKey, verify } from 'node:crypto';
import { expect } from 'chai';
import type { SignedWebhook, WebhookSigner } from '../../server/ports/security.ts';
import { createRandom } from '../../server/security/random.ts';
import { createWebhookSigner } from '../../server/security/webhook-signer.ts';

const seedOf = (fill: number) => ({ seed: Buffer.alloc(32, fill).toString('base64url'), createdAt: 0 });
const secretOf = (fill: number): string => `whsec_${Buffer.alloc(24, fill).toString('base64')}`;
const signer = createWebhookSigner({ webhookSeeds: [seedOf(1)] });
const message: SignedWebhook = {
  id: 'msg_1',
  applicationId: 'app_1',
  secrets: [secretOf(1)],
  timestamp: 1_700_000_000,
  body: '{"name":"Zoë"}',
};

function parts(made: WebhookSigner, over: Partial<SignedWebhook> = {}): string[] {
  return made.sign({ ...message, ...over })?.split(' ') ?? [];
}

/** As anybody would who has the public key and the specification. */
function holds(signature: string | undefined, publicKey: string, { id, timestamp, body }: SignedWebhook): boolean {
  const x = Buffer.from(publicKey.replace('whpk_', ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const bytes = Buffer.from(signature?.replace('v1a,', '') ?? '', 'base64');
  return verify(null, Buffer.from(`${id}.${timestamp}.${body}`), key, bytes);
}

describe('the signature of a webhook', () => {
  it('with a shared secret is the one the specification shows', () => {
    const shown = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };
    const [signature] = parts(signer, { ...shown, secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] });
    expect(signature).to.equal('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is one for each secret, in their order, then the Ed25519 one', () => {
    const both = parts(signer, { secrets: [secretOf(2), secretOf(1)] });
    expect(both).to.have.length(3);
    expect(both[0]).to.equal(parts(signer, { secrets: [secretOf(2)] })[0]);
    expect(both[1]).to.equal(parts(signer)[0]);
    expect(both[2]).to.match(/^v1a,[A-Za-z0-9+/]{86}==$/);
  });

  it('with Ed25519 verifies against the public key, and nothing else does', () => {
    const [publicKey = ''] = signer.publicKeys('app_1');
    expect(publicKey).to.match(/^whpk_[A-Za-z0-9+/]{43}=$/);
    const signature = parts(signer)[1];
    expect(holds(signature, publicKey, message)).to.equal(true);
    for (const change of [{ id: 'msg_2' }, { timestamp: 1_700_000_001 }, { body: '{"name":"Zoe"}' }]) {
      expect(holds(signature, publicKey, { ...message, ...change }), JSON.stringify(change)).to.equal(false);
    }
  });

  it('covers id, time, body and secret', () => {
    const all = [
      parts(signer)[0],
      ...[{ id: 'b' }, { timestamp: 2 }, { body: '{ }' }, { secrets: [secretOf(2)] }].map(
        (over) => parts(signer, over)[0],
      ),
    ];
    expect(new Set(all).size).to.equal(all.length);
  });

  it('of one application does not verify at another: each has a key of its own', () => {
    const [other = ''] = signer.publicKeys('app_2');
    expect(other).not.to.equal(signer.publicKeys('app_1')[0]);
    expect(holds(parts(signer)[1], other, message)).to.equal(false);
  });

  it('comes from the hub-keys record alone: every node signs with the same keys', () => {
    const again = createWebhookSigner({ webhookSeeds: [seedOf(1)] });
    expect(again.publicKeys('app_1')).to.deep.equal(signer.publicKeys('app_1'));
    expect(parts(again)).to.deep.equal(parts(signer));
    expect(signer.publicKeys('app_1'), 'never another in a later version').to.deep.equal([
      'whpk_J3o2n+YNXIa4vieH2T7VGv++An16xy2j//Ftl+gQ+ag=',
    ]);
  });

  it('is made with every seed while they change, so that the old public key still holds', () => {
    const changing = createWebhookSigner({ webhookSeeds: [seedOf(2), seedOf(1)] });
    const [newest = '', before = ''] = changing.publicKeys('app_1');
    expect(before).to.equal(signer.publicKeys('app_1')[0]);
    const [, first, second] = parts(changing);
    expect(holds(first, newest, message)).to.equal(true);
    expect(holds(second, before, message)).to.equal(true);
  });

  for (const secret of ['', 'hunter2', 'whsec_', 'whsec_not base64!', 'whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']) {
    it(`is not made with ${JSON.stringify(secret)}, which is no secret`, () => {
      expect(signer.sign({ ...message, secrets: [secret] })).to.equal(undefined);
      expect(parts(signer, { secrets: [secret, secretOf(1)] })).to.deep.equal(parts(signer));
    });
  }

  it('needs a seed of 32 bytes', () => {
    const short = { seed: createRandom().secret(16), createdAt: 0 };
    for (const webhookSeeds of [[], [short]])
      expect(() => createWebhookSigner({ webhookSeeds })).to.throw(/restore it/);
  });
});
