// What may be registered as a webhook, and how one secret takes over from another.
import { expect } from 'chai';
import {
  configureEndpoint,
  rotateSecret,
  secretOverlapMs,
  signingSecrets,
  webhookSecretFault,
  webhookUrlFault,
  type WebhookEndpoint,
} from '../../server/core/webhook-endpoint.ts';

const url = 'https://bank.test/hooks';
const now = 1_000_000;
const hour = 3_600_000;
const first: WebhookEndpoint = { url, secret: 'one' };
const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

describe('a webhook secret', () => {
  for (const bytes of [24, 25, 26, 64]) {
    it(`of ${bytes} bytes is good`, () => expect(webhookSecretFault(secretOf(bytes))).to.equal(undefined));
  }

  const bad = [
    ['of too few bytes', secretOf(23)],
    ['of too many bytes', secretOf(65)],
    ['without its prefix', secretOf(32).slice(6)],
    ['with another prefix', secretOf(32).replace('whsec_', 'whsk_')],
    ['in base64url', `whsec_${'-_'.repeat(16)}`],
    ['without its padding', secretOf(32).replace('=', '')],
    ['with padding in the middle', `${secretOf(25)}${secretOf(25).slice(6)}`],
    ['with a line break', `${secretOf(32)}\n`],
    ['with a blank', ` ${secretOf(32)}`],
    ['that is empty', ''],
  ] as const;
  for (const [what, secret] of bad) {
    it(`${what} is refused, and not repeated`, () => {
      const fault = webhookSecretFault(secret) ?? '';
      expect(fault).to.match(/^give whsec_ and 24 to 64 random bytes in base64$/);
    });
  }
});

describe('a webhook URL', () => {
  it('may be any http or https URL', () => {
    for (const good of [url, 'http://10.0.0.7:8080/a?b=c']) expect(webhookUrlFault(good)).to.equal(undefined);
  });
  for (const bad of ['', 'bank.test/hooks', 'javascript:alert(1)', 'https://a:b@bank.test/', `${url}#x`]) {
    it(`is not ${JSON.stringify(bad)}`, () => expect(webhookUrlFault(bad)).to.be.a('string'));
  }
});

describe('rotating a secret', () => {
  it('lets the new one sign first, and the one before until its time', () => {
    const rotated = rotateSecret(first, 'two', now, hour);
    expect(signingSecrets(rotated, now)).to.deep.equal(['two', 'one']);
    expect(signingSecrets(rotated, now + hour - 1)).to.deep.equal(['two', 'one']);
    expect(signingSecrets(rotated, now + hour)).to.deep.equal(['two']);
  });

  it('lets several overlap, and forgets those whose time is over', () => {
    const twice = rotateSecret(rotateSecret(first, 'two', now, hour), 'three', now + hour / 2, hour);
    expect(signingSecrets(twice, now + hour / 2)).to.deep.equal(['three', 'two', 'one']);
    const later = rotateSecret(twice, 'four', now + hour, hour);
    expect(later.previousSecrets?.map(({ secret }) => secret)).to.deep.equal(['three', 'two']);
  });

  it('without overlap ends the one before at once', () => {
    expect(signingSecrets(rotateSecret(first, 'two', now, 0), now)).to.deep.equal(['two']);
  });

  it('never has more than eight sign', () => {
    let endpoint = first;
    for (let n = 0; n < 20; n += 1) endpoint = rotateSecret(endpoint, `s${n}`, now, hour);
    expect(signingSecrets(endpoint, now)).to.have.length(8);
  });
});

describe('an endpoint from the configuration', () => {
  const configured = (known: WebhookEndpoint | undefined, secret: string, at = now) =>
    configureEndpoint(known, { url, secret }, at);

  it('is taken as it is at first, and given up when it is gone', () => {
    expect(configured(undefined, 'one')).to.deep.equal(first);
    expect(configureEndpoint(first, undefined, now)).to.equal(undefined);
  });

  it('stays as it is when nothing has changed, and follows its URL', () => {
    expect(configured(first, 'one')).to.deep.equal(first);
    expect(configureEndpoint(first, { url: 'https://new.test/', secret: 'one' }, now)).to.deep.equal({
      url: 'https://new.test/',
      secret: 'one',
    });
  });

  it('rotates with an overlap when its secret has changed, there and back', () => {
    const changed = configured(first, 'two');
    expect(changed).to.deep.equal({
      url,
      secret: 'two',
      previousSecrets: [{ secret: 'one', until: now + secretOverlapMs }],
    });
    const back = configured(changed, 'one', now + 1)!;
    expect(signingSecrets(back, now + 1)).to.deep.equal(['one', 'two']);
  });

  it('does not undo a rotation that was made since it was written', () => {
    const rotated = rotateSecret(first, 'two', now, hour);
    const restarted = configured(rotated, 'one', now + 1)!;
    expect(signingSecrets(restarted, now + 1)).to.deep.equal(['two', 'one']);
    const muchLater = configured(restarted, 'one', now + 9 * hour)!;
    expect(signingSecrets(muchLater, now + 9 * hour)).to.deep.equal(['two']);
    const twice = rotateSecret(muchLater, 'three', now + 9 * hour, hour);
    expect(configured(twice, 'one', now + 20 * hour)?.secret).to.equal('three');
  });

  it('counts again once it has been changed after a rotation', () => {
    const rotated = rotateSecret(first, 'two', now, hour);
    expect(signingSecrets(configured(rotated, 'two', now)!, now)).to.deep.equal(['two', 'one']);
    const other = configured(rotated, 'three', now)!;
    expect(signingSecrets(other, now)).to.deep.equal(['three', 'two', 'one']);
    expect(configured(other, 'three', now)).to.deep.equal(other);
  });
});
