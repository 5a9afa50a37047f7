// Webhook secrets: refused at registration when malformed, and rotated without a gap.
import { expect } from 'chai';
import { rotateWebhookSecret } from '../../server/app/webhook-secrets.ts';
import { signingSecrets, webhookSecretFault } from '../../server/core/webhook-endpoint.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { refusalOf } from '../support/refusals.ts';

const hour = 3_600_000;
const url = 'https://bank.test/hooks';
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const spec = { name: 'Example Bank', domain: 'bank.test' };

describe('registering a webhook', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp();
  });
  afterEach(() => app.kill());

  const bad: [what: string, webhook: { url: string; secret: string }, says: RegExp][] = [
    ['a secret that is none', { url, secret: 'hunter2' }, /^The webhook secret is not acceptable: give whsec_/],
    ['a short secret', { url, secret: 'whsec_c2VjcmV0' }, /24 to 64 random bytes/],
    ['a URL that is none', { url: 'bank.test', secret }, /^The webhook URL is not acceptable: give an http/],
    ['a URL with a password', { url: 'https://a:b@bank.test/', secret }, /leave user and password out/],
  ];
  for (const [what, webhook, says] of bad) {
    it(`with ${what} is refused, and leaves nothing`, async () => {
      const before = await app.applications.list();
      for (const call of [
        app.applications.create({ ...spec, webhook }),
        app.applications.ensure(app.apiKey, { ...spec, webhook }),
      ]) {
        const { code, detail } = await refusalOf(call);
        expect(code).to.equal('invalid');
        expect(detail).to.match(says).and.not.include(webhook.secret);
      }
      expect(await app.applications.list()).to.deep.equal(before);
    });
  }

  it('again in the same way writes nothing, after a rotation too', async () => {
    const webhook = { url, secret };
    const first = await app.applications.ensure(app.apiKey, { ...spec, webhook });
    expect(await app.applications.ensure(app.apiKey, { ...spec, webhook })).to.deep.equal(first);
    const { application } = await rotateWebhookSecret(app.context, first.id);
    expect(await app.applications.ensure(app.apiKey, { ...spec, webhook })).to.deep.equal(application);
  });
});

describe('rotating a webhook secret', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp({ webhook: { url, secret } });
  });
  afterEach(() => app.kill());

  const secrets = async (): Promise<string[]> => {
    const [application] = await app.applications.list();
    return application?.webhook === undefined ? [] : signingSecrets(application.webhook, app.clock.now());
  };

  it('makes a good new one, which signs first; the one before signs for a day', async () => {
    const rotated = await rotateWebhookSecret(app.context, app.application.id);
    expect(webhookSecretFault(rotated.secret)).to.equal(undefined);
    expect(rotated.overlapUntil).to.equal(app.clock.now() + 24 * hour);
    expect(await secrets()).to.deep.equal([rotated.secret, secret]);
    app.clock.advance(24 * hour);
    expect(await secrets()).to.deep.equal([rotated.secret]);
  });

  it('is what another secret in the configuration does, at the next start', async () => {
    const next = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
    await app.applications.ensure(app.apiKey, { ...spec, webhook: { url, secret: next } });
    expect(await secrets()).to.deep.equal([next, secret]);
    await app.applications.ensure(app.apiKey, { ...spec, webhook: { url, secret: next } });
    app.clock.advance(24 * hour);
    expect(await secrets()).to.deep.equal([next]);
  });

  it('without overlap ends the one before at once', async () => {
    const rotated = await rotateWebhookSecret(app.context, app.application.id, 0);
    expect(await secrets()).to.deep.equal([rotated.secret]);
  });

  it('many times at once keeps every secret that was shown', async () => {
    const rotated = await Promise.all(
      Array.from({ length: 5 }, () => rotateWebhookSecret(app.context, app.application.id)),
    );
    expect(await secrets()).to.have.members([secret, ...rotated.map((each) => each.secret)]);
  });

  it('is refused for an application that is not there, and for one without a webhook', async () => {
    expect(await refusalOf(rotateWebhookSecret(app.context, 'app_0'))).to.include({ code: 'not-found' });
    const { application } = await app.applications.create(spec);
    expect(await refusalOf(rotateWebhookSecret(app.context, application.id))).to.include({ code: 'invalid' });
  });
});
