// Access tokens for FCM: traded for a service account's signature, fetched once for all, renewed ahead, replaced when refused.
import { expect } from 'chai';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelResult } from '../../server/core/events.ts';
import * as answers from '../support/fcm-answers.ts';
import { openFcmScene, push, sceneStart, type FcmScene } from '../support/fcm-scene.ts';
import type { FcmSimulator } from '../support/fcm-simulator.ts';
import { settle } from '../support/settle.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = new AbortController().signal;
const folder = temporaryFolder();
after(() => folder.remove());

const fileOf = (fcm: FcmSimulator): string => join(folder.path, `${fcm.port}.json`);

function keep(fcm: FcmSimulator, account: object = fcm.serviceAccount): string {
  writeFileSync(fileOf(fcm), JSON.stringify(account));
  return fileOf(fcm);
}

/** A channel with a service account, and the token it fetches at its start. */
async function open(prepare: (fcm: FcmSimulator) => void = () => {}): Promise<FcmScene> {
  return openFcmScene((fcm) => {
    prepare(fcm);
    return { credentials: keep(fcm), deadlineMs: 15_000 };
  });
}

async function started(scene: FcmScene): Promise<FcmScene> {
  await scene.channel.send(push(), never);
  scene.fcm.requests.length = 0;
  return scene;
}

const many = (scene: FcmScene): Promise<ChannelResult[]> =>
  Promise.all(Array.from({ length: 50 }, (_, index) => scene.channel.send(push({ token: `phone-${index}` }), never)));

const kindsOf = (results: readonly ChannelResult[]) => [...new Set(results.map(({ kind }) => kind))];
const bearersOf = ({ fcm }: FcmScene) => fcm.requests.map(({ bearer }) => bearer);

describe('an access token', () => {
  it('is traded for an assertion that asks for messaging only, dated back, for an hour', async () => {
    await using scene = await started(await open());
    const [asked] = scene.fcm.tokenRequests;
    expect(asked?.claims).to.deep.equal({
      iss: 'hub@sim.iam.gserviceaccount.com',
      scope: 'https://www.googleapis.com/auth/firebase.messaging',
      aud: `${scene.fcm.origin}/token`,
      iat: sceneStart / 1000 - 600,
      exp: sceneStart / 1000 + 3000,
    });
    expect(Object.fromEntries(asked?.form ?? [])).to.have.keys('grant_type', 'assertion');
  });

  it('is fetched at the start, once for all who wait for it', async () => {
    await using scene = await open();
    expect(kindsOf(await many(scene))).to.deep.equal(['accepted']);
    expect(scene.fcm.tokenRequests).to.have.length(1);
    expect(new Set(bearersOf(scene))).to.deep.equal(new Set(['ya29.issued-1']));
  });

  it('that is over is replaced, once for all (F25)', async () => {
    await using scene = await started(await open());
    scene.clock.advance(3_600_000);
    expect(kindsOf(await many(scene))).to.deep.equal(['accepted']);
    expect(scene.fcm.tokenRequests).to.have.length(2);
    expect(new Set(bearersOf(scene))).to.deep.equal(new Set(['ya29.issued-2']));
  });

  it('that will soon be over is renewed while nobody waits', async () => {
    await using scene = await started(await open());
    scene.clock.advance(3_600_000 - 181_000);
    await scene.channel.send(push(), never);
    expect(scene.fcm.tokenRequests, 'not yet').to.have.length(1);
    scene.clock.advance(2_000);
    const held = Promise.withResolvers<void>();
    scene.fcm.scriptTokens((response, request) => {
      void held.promise.then(() => answers.json(200, '{"access_token": "new", "expires_in": 3600}')(response, request));
    });
    expect(kindsOf(await many(scene))).to.deep.equal(['accepted']);
    expect(new Set(bearersOf(scene))).to.deep.equal(new Set(['ya29.issued-1']));
    expect(scene.fcm.tokenRequests).to.have.length(2);
    held.resolve();
    await settle();
    scene.fcm.requests.length = 0;
    await scene.channel.send(push(), never);
    expect(bearersOf(scene)).to.deep.equal(['new']);
  });

  it('that could not be renewed ahead still serves to its end', async () => {
    await using scene = await started(await open());
    scene.clock.advance(3_600_000 - 60_000);
    scene.fcm.scriptTokens(answers.html(500));
    expect(await scene.channel.send(push(), never)).to.deep.include({ kind: 'accepted' });
    await settle();
    expect(scene.fcm.tokenRequests).to.have.length(2);
    expect(await scene.channel.send(push(), never)).to.deep.include({ kind: 'accepted' });
  });

  it('that FCM refuses before its time is replaced once for all, and each push is sent again (F25)', async () => {
    await using scene = await started(await open());
    scene.fcm.revokeTokens();
    expect(kindsOf(await many(scene))).to.deep.equal(['accepted']);
    expect(scene.fcm.tokenRequests).to.have.length(2);
    const bearers = bearersOf(scene);
    expect(bearers.filter((bearer) => bearer === 'ya29.issued-2')).to.have.length(50);
    expect(bearers.filter((bearer) => bearer === 'ya29.issued-1').length).to.be.within(1, 50);
    expect(scene.faults).to.deep.equal([]);
  });

  it('that is refused late does not cost the one that has replaced it', async () => {
    await using scene = await started(await open());
    const late = Promise.withResolvers<void>();
    const { unauthenticated } = answers.fcmErrors;
    scene.fcm.script([
      (response, request) => void late.promise.then(() => unauthenticated(response, request)),
      unauthenticated,
    ]);
    const slow = scene.channel.send(push(), never);
    await scene.fcm.arrived(1);
    expect(await scene.channel.send(push(), never)).to.deep.include({ kind: 'accepted' });
    late.resolve();
    expect(await slow).to.deep.include({ kind: 'accepted' });
    expect(scene.fcm.tokenRequests).to.have.length(2);
  });

  it('in its last seconds is not sent any more', async () => {
    await using scene = await started(await open());
    scene.clock.advance(3_600_000 - 14_000);
    await scene.channel.send(push(), never);
    expect(bearersOf(scene)).to.deep.equal(['ya29.issued-2']);
  });

  it('that is refused when it is new as well: our credentials are wrong, after two requests', async () => {
    await using scene = await started(await open());
    scene.fcm.script([], answers.fcmErrors.unauthenticated);
    const result = await scene.channel.send(push(), never);
    expect(result).to.deep.equal({ kind: 'rejected', reason: 'credentials-refused', configuration: true });
    expect(bearersOf(scene)).to.deep.equal(['ya29.issued-1', 'ya29.issued-2']);
  });

  it('is not replaced because Apple refuses a key of ours', async () => {
    await using scene = await started(await open());
    scene.fcm.script([], answers.fcmErrors.thirdPartyAuth);
    await scene.channel.send(push(), never);
    expect(scene.fcm.requests).to.have.length(1);
    expect(scene.fcm.tokenRequests).to.have.length(1);
  });

  it('is signed for with the key that the file holds now', async () => {
    await using scene = await started(await open());
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    keep(scene.fcm, { ...scene.fcm.serviceAccount, private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) });
    scene.clock.advance(3_600_000);
    expect(await scene.channel.send(push(), never)).to.deep.include({ reason: 'credentials-refused' });
    keep(scene.fcm);
    expect(await scene.channel.send(push(), never)).to.deep.include({ kind: 'accepted' });
    writeFileSync(fileOf(scene.fcm), '{"type": "service_acc');
    scene.clock.advance(3_600_000);
    expect(await scene.channel.send(push(), never)).to.deep.include({ kind: 'accepted' });
  });
});

describe('a token server', () => {
  const refused = { kind: 'rejected', reason: 'credentials-refused', configuration: true };
  const notSent = (reason: string) => ({ kind: 'unreachable', outcome: 'not-sent', reason });
  const oauth = (status: number, error: string) =>
    answers.json(status, JSON.stringify({ error, error_description: 'Invalid JWT Signature.' }));
  const cases: [name: string, answer: answers.FcmAnswer, result: object][] = [
    ['that refuses the key', oauth(400, 'invalid_grant'), refused],
    ['that refuses the client', oauth(401, 'invalid_client'), refused],
    ['that fails', answers.html(500), notSent('token-http-500')],
    ['that has no time', oauth(429, 'rate_limit_exceeded'), notSent('token-http-429')],
    ['that redirects', answers.redirect, notSent('token-http-302')],
    ['that talks HTML', answers.html(200), notSent('token-http-200')],
    ['that gives no token', answers.json(200, '{"expires_in": 3600}'), notSent('token-http-200')],
    ['that says nothing', answers.empty, notSent('token-http-200')],
    ['that says 10 MB', answers.huge(10_000_000), notSent('token-unreachable')],
    ['that hangs up', answers.hangUp, notSent('token-unreachable')],
    ['that breaks off', answers.brokenOff, notSent('token-unreachable')],
  ];
  for (const [name, answer, result] of cases) {
    it(`${name} → ${JSON.stringify(result)}`, async () => {
      await using scene = await open(({ scriptTokens }) => scriptTokens(answer, answer));
      expect(await scene.channel.send(push(), never)).to.deep.equal(result);
      expect(scene.fcm.requests, 'messages').to.have.length(0);
      expect(await scene.channel.send(push(), never), 'twice').to.deep.equal(result);
      expect(await scene.channel.send(push(), never), 'when it is well again').to.deep.include({ kind: 'accepted' });
    });
  }

  it('that hangs costs an attempt its deadline, and no message leaves after it', async () => {
    await using scene = await open(({ scriptTokens }) => scriptTokens(answers.hang));
    const deadline = new AbortController();
    const result = scene.channel.send(push(), deadline.signal);
    await settle();
    deadline.abort();
    expect(await result).to.deep.equal(notSent('timeout'));
    expect(await scene.channel.send(push(), deadline.signal), 'after it').to.deep.equal(notSent('timeout'));
    const patient = scene.channel.send(push(), never);
    await settle();
    expect(scene.fcm.tokenRequests, 'both wait for the same one').to.have.length(1);
    scene.clock.advance(10_000);
    expect(await patient).to.deep.equal(notSent('token-timeout'));
    expect(scene.fcm.requests).to.have.length(0);
    await scene.fcm.idle();
    expect(await scene.channel.send(push(), never)).to.deep.include({ kind: 'accepted' });
    expect(scene.clock.timers(), 'deadlines left behind').to.equal(0);
  });

  it('that hangs does not hold up the end of the channel', async () => {
    await using scene = await open(({ scriptTokens }) => scriptTokens(answers.hang));
    const result = scene.channel.send(push(), never);
    await settle();
    scene.channel.close();
    expect(await result).to.deep.equal(notSent('token-timeout'));
    await scene.fcm.idle();
  });
});
