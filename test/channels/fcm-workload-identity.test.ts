// FCM without a key file: application default credentials, here workload identity federation as clusters use it.
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as answers from '../support/fcm-answers.ts';
import { openFcmScene, push } from '../support/fcm-scene.ts';
import { startFcmSimulator } from '../support/fcm-simulator.ts';
import { selfSigned } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = new AbortController().signal;
/** Without the second one Google's library asks the Resource Manager which project this is. */
const variables = ['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CLOUD_PROJECT'] as const;

describe('application default credentials', () => {
  const folder = temporaryFolder();
  const before = variables.map((name) => [name, process.env[name]] as const);
  after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    folder.remove();
  });

  // firebase-admin keeps them for the life of the process, so this is one test.
  it('may be workload identity: the cluster’s token is traded for Google’s, once for all', async () => {
    await using sts = await startFcmSimulator();
    const token = {
      access_token: 'ya29.federated',
      expires_in: 3600,
      token_type: 'Bearer',
      issued_token_type: 'access',
    };
    sts.scriptTokens(answers.json(200, JSON.stringify(token)));
    const subject = join(folder.path, 'subject-token');
    writeFileSync(subject, 'token-of-the-cluster');
    const file = join(folder.path, 'federation.json');
    Object.assign(process.env, { GOOGLE_APPLICATION_CREDENTIALS: file, GOOGLE_CLOUD_PROJECT: 'sim' });
    writeFileSync(
      file,
      JSON.stringify({
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${sts.origin}/token`,
        credential_source: { file: subject },
      }),
    );
    await using scene = await openFcmScene({ ca: selfSigned.cert }, { tls: selfSigned });
    const results = await Promise.all([1, 2, 3].map(() => scene.channel.send(push(), never)));
    expect(results.map(({ kind }) => kind)).to.deep.equal(['accepted', 'accepted', 'accepted']);
    expect(scene.fcm.requests.map(({ bearer }) => bearer)).to.deep.equal(Array(3).fill('ya29.federated'));
    expect(sts.tokenRequests).to.have.length(1);
    expect(sts.tokenRequests[0]?.form.get('subject_token')).to.equal('token-of-the-cluster');
  });
});
