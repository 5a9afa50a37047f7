// The client SDK and the hub's cryptography, face to face: what one makes, the other accepts.
import { expect } from 'chai';
import { createMemoryKeyStore } from '../../client-sdk/memory-key-store.ts';
import { promptDigest, signCompact, thumbprint } from '../../client-sdk/device-signature.ts';
import { createDeviceTokens } from '../../client-sdk/device-token.ts';
import { openPrompt } from '../../client-sdk/prompt-encryption.ts';
import type { PromptView } from '../../client-sdk/protocol.ts';
import { createSecrets } from '../../server/security/secrets.ts';
import { approval, deviceId, enrollmentToken, now, origin, proofs } from './device-fixture.ts';

const secrets = createSecrets({ codeKey: Buffer.alloc(32, 7).toString('base64url') });
const keys = createMemoryKeyStore();
const { signing, encryption } = await keys.createKeys();

const prompt: PromptView = {
  id: approval.sub,
  rev: 1,
  application: { name: 'Example Bank' },
  action: 'Überweisung freigeben',
  details: [{ label: 'Betrag', value: '120,00 €' }],
  context: { location: 'Utrecht, NL', ip: '203.0.113.7' },
  matching: { mode: 'enter', digits: 2 },
  challenge: approval.challenge,
  createdAt: '2026-11-21T12:00:00.000Z',
  expiresAt: '2026-11-21T12:05:00.000Z',
  serverTime: '2026-11-21T12:00:00.000Z',
};

describe('the client SDK and the hub', () => {
  it('agree on a device token', async () => {
    const clock = { now: () => now, observe: () => false };
    const token = await createDeviceTokens({ keys, clock, deviceId, hub: origin }).current();
    expect(proofs.deviceIdOf(token)).to.equal(deviceId);
    expect((await proofs.checkDeviceToken(token, deviceId, signing, now)).ok).to.equal(true);
  });

  it('agree on an enrollment proof', async () => {
    const claims = {
      aud: origin,
      enrollment: secrets.hash(enrollmentToken),
      encryptionKey: await thumbprint(encryption),
    };
    const proof = await signCompact(keys, { typ: 'enrollment+jwt' }, claims);
    const expected = { enrollmentToken, signingKey: signing, encryptionKey: encryption };
    expect(await proofs.checkEnrollment(proof, expected)).to.deep.equal({
      ok: true,
      claims: { signingKeyThumbprint: await thumbprint(signing) },
    });
  });

  it('agree on a decision, and on the digest of the prompt it covers', async () => {
    const claims = { ...approval, prompt: await promptDigest(prompt) };
    const jws = await signCompact(keys, { typ: 'decision+jwt', kid: deviceId }, claims);
    const answer = await proofs.checkDecision(jws, deviceId, signing);
    const { context, details, action, application } = prompt;
    expect(answer.ok && answer.claims.promptDigest).to.equal(
      secrets.digestJson({ context, details, action, application }),
    );
  });

  it('agree on an encrypted prompt', async () => {
    expect(await openPrompt(keys, await secrets.encryptFor(encryption, JSON.stringify(prompt)))).to.deep.equal(prompt);
  });
});
