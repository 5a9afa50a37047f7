// The claims of a signed decision (contract section 6), each checked on its own.
import { expect } from 'chai';
import {
  approval,
  checkDecision,
  decisionHeader,
  deviceId,
  origin,
  outcome,
  refusal,
  signDecision,
  stranger,
  tokenClaims,
  verificationId,
} from './device-fixture.ts';
import { forge, without } from './forge.ts';

const prompt = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg';

describe('a signed decision', () => {
  it('tells what was decided, and nothing that was not said', async () => {
    expect(await checkDecision(signDecision(without(approval, 'number')))).to.deep.equal({
      ok: true,
      claims: { verificationId, challenge: 'the-challenge', decision: 'approve' },
    });
  });

  it('carries the number and the digest of the prompt', async () => {
    expect(await checkDecision(signDecision({ ...approval, prompt }))).to.deep.equal({
      ok: true,
      claims: { verificationId, challenge: 'the-challenge', decision: 'approve', number: '42', promptDigest: prompt },
    });
  });

  for (const decision of ['deny', 'report']) {
    it(`may ${decision}, without a number`, async () => {
      const answer = await checkDecision(signDecision({ ...without(approval, 'number'), decision }));
      expect(answer).to.deep.equal({ ok: true, claims: { verificationId, challenge: 'the-challenge', decision } });
    });
  }

  it('may have the longest challenge, number and verification id there are', async () => {
    const longest = { challenge: 'c'.repeat(256), number: '4'.repeat(64), sub: `ver_${'a'.repeat(64)}` };
    expect(await outcome(checkDecision(signDecision({ ...approval, ...longest })))).to.equal('ok');
  });

  it('carries a scanned number of 128 bits', async () => {
    const number = 'bcQYt1zOQ0-Rz6wB5k_Ilg';
    expect(await outcome(checkDecision(signDecision({ ...approval, number })))).to.equal('ok');
  });
});

describe('the claims of a decision (D5)', () => {
  const decisions = 'decision must be approve, deny or report';
  const numbers = 'number must be a string as shown or scanned';
  const refused: Record<string, [object, string]> = {
    'iss of another device': [{ iss: 'dev_other' }, 'iss must be the device id'],
    'aud of another hub': [{ aud: 'https://other.example' }, 'aud must be the hub origin'],
    'aud with a slash behind': [{ aud: `${origin}/` }, 'aud must be the hub origin'],
    'aud in a list': [{ aud: [origin] }, 'aud must be the hub origin'],
    'sub that is no verification': [{ sub: deviceId }, 'sub must be a verification id'],
    'sub with a path': [{ sub: 'ver_../x' }, 'sub must be a verification id'],
    'sub of 65 characters after the prefix': [{ sub: `ver_${'a'.repeat(65)}` }, 'sub must be a verification id'],
    'sub of nothing but the prefix': [{ sub: 'ver_' }, 'sub must be a verification id'],
    'sub with something before': [{ sub: `x${verificationId}` }, 'sub must be a verification id'],
    'sub in a list': [{ sub: [verificationId] }, 'sub must be a verification id'],
    'sub with a line break': [{ sub: `${verificationId}\n` }, 'sub must be a verification id'],
    'an empty challenge': [{ challenge: '' }, 'challenge must be the one of the prompt'],
    'a challenge that is an object': [{ challenge: { $ne: '' } }, 'challenge must be the one of the prompt'],
    'a challenge of 257 characters': [{ challenge: 'c'.repeat(257) }, 'challenge must be the one of the prompt'],
    'another decision': [{ decision: 'approved' }, decisions],
    'a decision in capitals': [{ decision: 'APPROVE' }, decisions],
    'decision true': [{ decision: true }, decisions],
    'two decisions': [{ decision: ['approve', 'deny'] }, decisions],
    'a number that is one': [{ number: 42 }, numbers],
    'number null': [{ number: null }, numbers],
    'an empty number': [{ number: '' }, numbers],
    'a number with blanks': [{ number: '4 2' }, numbers],
    'a number in other digits': [{ number: '٤٢' }, numbers],
    'numbers to choose from': [{ number: ['41', '42'] }, numbers],
    'a very long number': [{ number: '4'.repeat(65) }, numbers],
    'deny with a number': [{ decision: 'deny' }, 'number goes only with approve'],
    'report with a number': [{ decision: 'report' }, 'number goes only with approve'],
    'a short prompt digest': [{ prompt: prompt.slice(1) }, 'prompt must be a SHA-256, base64url'],
    'a long prompt digest': [{ prompt: `${prompt}A` }, 'prompt must be a SHA-256, base64url'],
    'a prompt digest in base64': [{ prompt: `${prompt.slice(1)}+` }, 'prompt must be a SHA-256, base64url'],
    'prompt null': [{ prompt: null }, 'prompt must be a SHA-256, base64url'],
    'prompt in a list': [{ prompt: [prompt] }, 'prompt must be a SHA-256, base64url'],
  };
  for (const [what, [change, detail]] of Object.entries(refused)) {
    it(`are refused with ${what}`, async () => {
      expect(await outcome(checkDecision(signDecision({ ...approval, ...change })))).to.equal(
        refusal('claims', detail),
      );
    });
  }

  const missing = {
    iss: 'iss must be the device id',
    aud: 'aud must be the hub origin',
    sub: 'sub must be a verification id',
    challenge: 'challenge must be the one of the prompt',
    decision: decisions,
  } as const;
  for (const name of ['iss', 'aud', 'sub', 'challenge', 'decision'] as const) {
    it(`are refused without ${name}, also when a prototype would have it`, async () => {
      const rest = without(approval, name);
      expect(await outcome(checkDecision(signDecision(rest)))).to.equal(refusal('claims', missing[name]));
      const json = JSON.stringify(rest).replace('{', `{"__proto__":${JSON.stringify(approval)},`);
      expect(await outcome(checkDecision(signDecision(json)))).to.equal(refusal('claims', missing[name]));
    });
  }

  it('are refused when a deny and an approve are both there, in either order and however escaped', async () => {
    const detail = 'the payload is not base64url of one JSON object with unique names';
    const rest = JSON.stringify(without(without(approval, 'decision') as typeof approval, 'number'));
    for (const pair of [
      '"decision":"deny","decision":"approve"',
      '"decision":"approve","decision":"deny"',
      '"decision":"deny","decisio\\u006e":"approve"',
    ]) {
      const jws = signDecision(rest.replace('{', `{${pair},`));
      expect(await outcome(checkDecision(jws))).to.equal(refusal('malformed', detail));
    }
  });

  it('are refused when the header says something twice', async () => {
    const detail = 'the header is not base64url of one JSON object with unique names';
    const header = JSON.stringify(decisionHeader).replace('{', '{"alg":"none",');
    expect(await outcome(checkDecision(signDecision(approval, header)))).to.equal(refusal('malformed', detail));
  });

  it('of a device token decide nothing', async () => {
    expect(await outcome(checkDecision(signDecision(tokenClaims)))).to.equal(
      refusal('claims', 'sub must be a verification id'),
    );
  });

  it('of another device are refused by their signature, whatever they say', async () => {
    const foreign = forge(stranger.privateKey, decisionHeader, approval);
    expect(await outcome(checkDecision(foreign))).to.equal(
      refusal('signature', 'the signature is not of the enrolled key'),
    );
  });
});
