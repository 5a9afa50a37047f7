// Settings that are wrong at Google: the operator hears of each once, and nobody's phone can shut push down for others.
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFcmChannel } from '../../server/channels/fcm.ts';
import * as answers from '../support/fcm-answers.ts';
import { openFcmScene, push, type FcmScene } from '../support/fcm-scene.ts';
import { settle } from '../support/settle.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = new AbortController().signal;
const folder = temporaryFolder();
after(() => folder.remove());

const { senderIdMismatch, thirdPartyAuth, permissionDenied, projectNotFound } = answers.fcmErrors;

async function sendTo(scene: FcmScene, token: string, answer?: answers.FcmAnswer) {
  scene.fcm.script(answer === undefined ? [] : [answer]);
  return scene.channel.send(push({ token }), never);
}

const reasonsOf = ({ faults }: FcmScene) => faults.map(({ reason }) => reason);

function keyFile(name: string, content: string | object): string {
  const file = join(folder.path, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('a configuration fault', () => {
  it('is told once, with what to do, and again when it was mended and is back', async () => {
    await using scene = await openFcmScene();
    for (let number = 0; number < 3; number += 1) await sendTo(scene, 'a', permissionDenied);
    expect(reasonsOf(scene)).to.deep.equal(['permission-denied']);
    expect(scene.faults[0]?.advice).to.include('cloudmessaging.messages.create');
    expect(scene.lines.filter(({ level }) => level === 'error')).to.have.length(1);
    await sendTo(scene, 'a', projectNotFound);
    await sendTo(scene, 'a');
    await sendTo(scene, 'a', permissionDenied);
    expect(reasonsOf(scene)).to.deep.equal(['permission-denied', 'project-not-found', 'permission-denied']);
  });

  it('that may be about one app or platform is told once a day, however many others are reached', async () => {
    await using scene = await openFcmScene();
    for (let number = 0; number < 3; number += 1) {
      expect(await sendTo(scene, 'ios', thirdPartyAuth)).to.deep.equal({
        kind: 'rejected',
        reason: 'third-party-auth',
      });
      await sendTo(scene, 'android');
    }
    expect(reasonsOf(scene)).to.deep.equal(['third-party-auth']);
    scene.clock.advance(86_400_000);
    await sendTo(scene, 'ios', thirdPartyAuth);
    expect(reasonsOf(scene)).to.deep.equal(['third-party-auth', 'third-party-auth']);
  });

  it('is not proved by one phone with a token of another project, however often it is tried', async () => {
    await using scene = await openFcmScene();
    for (let number = 0; number < 10; number += 1) {
      expect(await sendTo(scene, 'foreign', senderIdMismatch)).not.to.have.property('configuration');
    }
    expect(reasonsOf(scene)).to.deep.equal(['sender-id-mismatch']);
  });

  it('is proved by three phones in a row, until one is reached', async () => {
    await using scene = await openFcmScene();
    const mismatch = { kind: 'rejected', reason: 'sender-id-mismatch' };
    const proved = { ...mismatch, configuration: true };
    const tried = async (...tokens: string[]) => {
      const results = [];
      for (const token of tokens) results.push(await sendTo(scene, token, senderIdMismatch));
      return results;
    };
    expect(await tried('a', 'b', 'c', 'd', 'a')).to.deep.equal([mismatch, mismatch, proved, proved, proved]);
    await sendTo(scene, 'e');
    expect(await tried('a', 'b')).to.deep.equal([mismatch, mismatch]);
  });

  it('never quarantines a token: it is our settings that are wrong', async () => {
    await using scene = await openFcmScene();
    for (const answer of [senderIdMismatch, thirdPartyAuth, permissionDenied, projectNotFound]) {
      expect(await sendTo(scene, 'a', answer)).not.to.have.property('recipientGone');
    }
  });

  it('in the credentials is found at the start, before anybody waits', async () => {
    await using scene = await openFcmScene((fcm) => {
      fcm.scriptTokens(answers.json(400, '{"error": "invalid_grant"}'));
      return { credentials: keyFile('revoked.json', fcm.serviceAccount), projectId: 'other-project' };
    });
    await scene.fcm.idle();
    await settle();
    expect(reasonsOf(scene)).to.deep.equal(['credentials-refused']);
    expect(scene.lines.map(({ level, message }) => [level, message])).to.deep.equal([
      ['warn', 'the service account belongs to another project than VERIHUB_FCM_PROJECT_ID'],
      ['error', 'push does not work as configured'],
    ]);
  });

  it('is not suspected when the token server is away at the start; that is said, too', async () => {
    await using scene = await openFcmScene((fcm) => {
      fcm.scriptTokens(answers.html(503));
      return { credentials: keyFile('away.json', fcm.serviceAccount) };
    });
    await scene.fcm.idle();
    await settle();
    expect(scene.faults).to.deep.equal([]);
    expect(scene.lines.map(({ level, message }) => [level, message])).to.deep.equal([
      ['warn', 'no access token for push yet'],
    ]);
  });

  it('shows no token, key or content in the log or to the operator', async () => {
    await using scene = await openFcmScene((fcm) => ({ credentials: keyFile('canary.json', fcm.serviceAccount) }));
    const message = push({ token: 'canary-push-token', jwe: 'canary-jwe' });
    const results = [];
    for (const answer of [...Object.values(answers.fcmErrors), answers.html(200), answers.reset]) {
      scene.fcm.script([answer, answer]);
      results.push(await scene.channel.send(message, never));
    }
    const told = JSON.stringify([results, scene.faults, scene.lines]);
    for (const secret of ['canary', 'ya29', 'PRIVATE KEY', scene.fcm.serviceAccount['private_key'] ?? '']) {
      expect(told).not.to.include(secret);
    }
    expect(scene.lines).not.to.be.empty;
  });
});

describe('a service-account file', () => {
  const whole = { type: 'service_account', project_id: 'p', client_email: 'a@b', private_key: 'nonsense' };
  const faulty: [name: string, content: string | object, says: RegExp][] = [
    ['is no JSON', 'hello', /is no service-account key .* GOOGLE_APPLICATION_CREDENTIALS/],
    ['is a list', '[]', /is no service-account key/],
    ['is of another kind', { type: 'external_account' }, /GOOGLE_APPLICATION_CREDENTIALS/],
    ['lacks a field', { ...whole, client_email: undefined }, /lacks project_id, client_email or private_key/],
    ['has a broken key', whole, /private_key that cannot be read/],
  ];
  const open = (credentials: string) =>
    createFcmChannel({
      projectId: 'p',
      credentials,
      clock: { now: () => 0, monotonic: () => 0, after: () => () => {} },
      logger,
    });
  const silent = () => {};
  const logger = { debug: silent, info: silent, warn: silent, error: silent };
  for (const [name, content, says] of faulty) {
    it(`that ${name} stops the start, and is not shown`, () => {
      expect(() => open(keyFile('faulty.json', content)))
        .to.throw(says)
        .and.not.match(/nonsense|hello/);
    });
  }

  it('that is not there stops the start', () => {
    expect(() => open(join(folder.path, 'absent.json'))).to.throw(
      /^The file of VERIHUB_FCM_CREDENTIALS cannot be read \(ENOENT\)/,
    );
  });

  it('may name a token server, over https or on this machine', async () => {
    await using scene = await openFcmScene();
    for (const tokenUri of ['http://tokens.example/token', 'ftp://127.0.0.1/', 'nonsense']) {
      const file = keyFile('uri.json', { ...scene.fcm.serviceAccount, token_uri: tokenUri });
      expect(() => open(file), tokenUri).to.throw(/token_uri that is not https/);
    }
  });
});
