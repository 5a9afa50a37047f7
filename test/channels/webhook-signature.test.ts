// The signature is that of Standard Webhooks.
import { expect } from 'chai';
import { signWebhook } from '../../server/channels/webhook-signature.ts';

describe('a webhook signature', () => {
  // The example of the Standard Webhooks specification's own libraries.
  it('is the one the specification shows', () => {
    const parts = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };
    const signature = signWebhook(parts, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(signature).to.equal('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('covers id, time, body and secret', () => {
    const parts = { id: 'a', timestamp: 1, body: '{}' };
    const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    const other = `whsec_${Buffer.alloc(24, 2).toString('base64')}`;
    const all = [
      signWebhook(parts, secret),
      signWebhook({ ...parts, id: 'b' }, secret),
      signWebhook({ ...parts, timestamp: 2 }, secret),
      signWebhook({ ...parts, body: '{ }' }, secret),
      signWebhook(parts, other),
    ];
    expect(new Set(all).size).to.equal(all.length);
  });

  for (const secret of ['', 'hunter2', 'whsec_', 'whsec_not base64!']) {
    it(`refuses the secret ${JSON.stringify(secret)} without showing it`, () => {
      expect(() => signWebhook({ id: 'a', timestamp: 1, body: '' }, secret)).to.throw(
        TypeError,
        /^a webhook secret is/,
      );
    });
  }
});
