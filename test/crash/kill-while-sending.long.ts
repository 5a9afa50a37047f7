// `kill -9` between a provider's taking an SMS and the commit of that: at most one more SMS a kill, with the same code and reference.
import { expect } from 'chai';
import { createHubProcess } from '../support/hub-process.ts';
import { call } from '../support/hub.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { vonage as vonageAnswers, type VonageRequest } from '../support/vonage-answers.ts';
import { startVonageSimulator, vonageEnv } from '../support/vonage-simulator.ts';

const kills = 100;

describe(`kill -9 between "provider accepted" and the commit, ${kills} times`, () => {
  it('repeats an SMS at most once a kill, with the same code and reference', async () => {
    const folder = temporaryFolder();
    await using vonage = await startVonageSimulator();
    const hub = await createHubProcess(`${folder.path}/hub.db`, {
      ...vonageEnv(vonage, folder.path),
      ...{ VERIHUB_SMS_PER_NUMBER: '100', VERIHUB_SMS_PER_PREFIX: '10000', VERIHUB_SMS_MIN_CONVERSION_PERCENT: '0' },
    });
    try {
      await hub.start();
      let repeated = 0;
      for (let round = 0; round < kills; round += 1) {
        const userId = `person-${round}`;
        await call(hub.localUrl, 'PUT', `/v1/users/${userId}`, { body: { phoneNumber: `+316123${40_000 + round}` } });
        const before = vonage.requests.length;
        const taken = Promise.withResolvers<void>();
        // Vonage has it; its answer never gets as far as the commit.
        vonage.respond((response, request) => {
          if (round % 2 === 0) vonageAnswers.accepted(response, request);
          taken.resolve();
        });
        const created = await call(hub.localUrl, 'POST', '/v1/verifications', {
          body: { userId, action: 'Sign in', steps: ['sms'] },
        });
        await taken.promise;
        await hub.kill();
        vonage.respond(undefined);
        await hub.start();
        const { id } = created.body['verification'] as { id: string };
        await untilAccepted(hub.localUrl, id);
        const sent = vonage.requests.slice(before);
        expect(sent.length, 'SMS for one kill').to.be.within(1, 2);
        expect(new Set(sent.map(referenceAndCode)).size, 'another code or reference').to.equal(1);
        repeated += sent.length - 1;
      }
      console.log(`      ${repeated} of ${kills} SMS were sent again`);
      expect(repeated, 'some kill came in between').to.be.greaterThan(0);
    } finally {
      await hub.kill();
      folder.remove();
    }
  });
});

function referenceAndCode({ message }: VonageRequest): string {
  return `${message.client_ref} ${/#(\d{6})$/u.exec(message.text ?? '')?.[1]}`;
}

async function untilAccepted(base: string, id: string): Promise<void> {
  for (let rev = 0; ;) {
    const { body } = await call(base, 'GET', `/v1/verifications/${id}?wait=10&rev=${rev}`);
    const verification = body['verification'] as { rev: number; delivery: { status: string }[] };
    if (verification.delivery[0]?.status === 'accepted') return;
    rev = verification.rev;
  }
}
